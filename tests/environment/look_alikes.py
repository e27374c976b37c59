"""What people put beside backups: names like ours, other people's archives, directories, links."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from octeth_backupd.domain.backup import Tier

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = (
    "octeth-backup-2026-01-01_02-00-00.tar.gz",
    "octeth-backup-2026-01-01_02-00-00.tar.gz.sha256",
    "octeth-backup-2020-01-01_02-00-00.tar.zst",
    "octeth-backup-2020-01-01_02-00-00.tar.zst.json",
    "octeth-backup-2020-01-01_02-00-00.tar.zst.sha256",
    "site-2026-11-01.tar.gz",
    "empty.tar.gz",
    "mysql.log",
    "-rf.tar.gz",
    "* .tar.gz",
    "new\nline.tar.gz",
    ".octeth-backup-2020-01-01_02-00-00.tar.zst.partial",
)
PLACES: Final = ("", "oempro", *(f"oempro/{tier}" for tier in Tier), *Tier, "shop/daily", "oempro/daily/deeper")


def content_of(name: str) -> str:
    """Return what a file of this name holds in a tree or a bucket."""
    return f"theirs: {name}"


def bucket_keys() -> list[str]:
    """Return the key of every look-alike in a bucket."""
    return [f"{place}/{name}".lstrip("/") for place in PLACES for name in NAMES if not name.startswith(".")]


def fill_tree(tree: Path, outside: Path) -> None:
    """Fill a tree with look-alikes, directories of such names, and links to a directory outside, which is made."""
    outside.mkdir()
    for name in NAMES:
        (outside / name).write_text(f"at home: {name}")
    for place in PLACES:
        directory = tree / place
        directory.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (directory / name).write_text(content_of(name))
        (directory / "octeth-backup-2025-01-01_02-00-00.tar.zst").mkdir()
        (directory / "octeth-backup-2025-01-01_02-00-00.tar.zst" / "inside.tar.gz").write_text("theirs")
        (directory / "link.tar.gz").symlink_to(outside / NAMES[0])
        (directory / "dangling.tar.gz").symlink_to(outside / "nothing")
        (directory / "directory-link").symlink_to(outside)


def snapshot(*roots: Path) -> dict[str, bytes]:
    """Return all that lies beneath directories, with what it holds or where it leads."""
    found = {}
    for root in roots:
        for path in root.rglob("*"):
            if path.is_symlink():
                found[f"link:{path}"] = os.fsencode(path.readlink())
            elif path.is_dir():
                found[f"directory:{path}"] = b""
            else:
                found[f"file:{path}"] = path.read_bytes()
    return found
