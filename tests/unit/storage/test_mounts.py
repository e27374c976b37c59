"""Mounts that fstab names and that are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.storage.mounts import missing_mount

FSTAB = r"""
# /dev/sdz /commented ext4 defaults 0 0
UUID=1 / ext4 defaults 0 1
UUID=2 /mnt/backup ext4 defaults 0 2
UUID=3 /mnt/backup/deep ext4 noauto 0 2
UUID=4 none swap sw 0 0
UUID=5 /mnt/with\040space ext4 defaults 0 2
broken
"""


@pytest.mark.parametrize(
    ("directory", "mounted", "missing"),
    [
        ("/mnt/backup/octeth", {"/"}, "/mnt/backup"),
        ("/mnt/backup", {"/"}, "/mnt/backup"),
        ("/mnt/backup/octeth", {"/", "/mnt/backup"}, None),
        ("/mnt/backup/deep/octeth", {"/", "/mnt/backup"}, "/mnt/backup/deep"),
        ("/mnt/backup2/octeth", {"/"}, None),
        ("/mnt/with space/octeth", {"/"}, "/mnt/with space"),
        ("/commented/octeth", {"/"}, None),
        ("/var/backups/octeth", {"/"}, None),
    ],
)
def test_missing_mount_is_the_one_above_the_directory(directory: str, mounted: set[str], missing: str | None) -> None:
    found = missing_mount(Path(directory), FSTAB, is_mount=lambda path: str(path) in mounted)

    assert found == (None if missing is None else Path(missing))
