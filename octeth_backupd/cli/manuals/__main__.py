"""``python -m octeth_backupd.cli.manuals ROOT``: write them, and the blank configuration, where a package has them."""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.cli.manuals.completion import completions
from octeth_backupd.cli.manuals.pages import CONFIGURATION, manual_pages
from octeth_backupd.settings.example import blank_file

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Write all of them."""
    parser = argparse.ArgumentParser(description="Write manual pages, shell completion and a blank configuration.")
    parser.add_argument("root", type=Path, metavar="ROOT", help="what becomes /")
    root = parser.parse_args(argv).root
    share = root / "usr" / "share"
    for name, text in manual_pages().items():
        # No time in it: the same source gives the same package.
        _write(share / "man" / f"man{name[-1]}" / f"{name}.gz", gzip.compress(text.encode(), mtime=0))
    for name, text in completions().items():
        _write(share / name, text.encode())
    _write(root / CONFIGURATION.lstrip("/"), blank_file().encode(), mode=0o640)
    return 0


def _write(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


if __name__ == "__main__":
    sys.exit(main())
