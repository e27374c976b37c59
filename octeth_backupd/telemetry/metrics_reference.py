"""The page of metrics, written from their declarations.

``python -m octeth_backupd.telemetry.metrics_reference --write`` brings it up to date; without ``--write`` it says
whether it is not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.telemetry.families.registry import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE_PATH = Path("docs/reference/metrics.md")
_HEAD = """\
# Metrics

<!-- Written from the declarations by `python -m octeth_backupd.telemetry.metrics_reference --write`. -->

Where they are to be had, alert rules and a dashboard: [monitoring](../how-to/monitoring.md). Every scrape takes all of
them anew, from the catalog and from the daemon. Times are seconds since 1970, sizes bytes. Servers that are not
configured any more are told of only as far as what they left takes up room.

| label | values |
|---|---|
| `server` | names of `[servers.NAME]` |
| `storage` | `local`, `s3`, names of `[storages.NAME]` |
| `tier` | daily, weekly, monthly, manual |
| `operation` | backup, verify, restore, undo, resolve, expire, upload, retention, delete, sync |
| `result` | success, degraded, failed, cancelled, interrupted, skipped |
| `step` | the steps of a backup; one for each storage that it is uploaded to, and for each hook |
| `state` of copies | pending, uploading, present, missing, corrupt, retained |
| `state` of slots | served, cancelled, skipped, missed |
| `level` | L3, L4 |
| `place` | backups, workspace, state |
| `version` | of the daemon |

| metric | kind | labels | meaning |
|---|---|---|---|
"""


def reference_page() -> str:
    """Return the text of ``docs/reference/metrics.md``."""
    return _HEAD + "\n".join(_rows()) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page, or say that it is out of date (exit code 1)."""
    parser = argparse.ArgumentParser(description="Write the page of metrics.")
    parser.add_argument("--write", action="store_true", help="write it if it is out of date")
    parser.add_argument("--root", type=Path, default=Path(), help="the source tree (default: here)")
    arguments = parser.parse_args(argv)
    page = arguments.root / PAGE_PATH
    if page.is_file() and page.read_text("utf-8") == reference_page():
        return 0
    sys.stdout.write(f"{'written' if arguments.write else 'out of date'}: {PAGE_PATH}\n")
    if arguments.write:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(reference_page(), "utf-8")
    return 0 if arguments.write else 1


def _rows() -> Iterator[str]:
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels) or "none"
        yield f"| `{family.name}` | {family.kind} | {labels} | {family.text} |"


if __name__ == "__main__":
    sys.exit(main())
