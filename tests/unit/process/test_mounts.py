"""What a path lies on, as a process sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.process.mounts import mount_of

UNDER_THE_UNIT = r"""600 500 8:1 / / ro,relatime master:1 - ext4 /dev/sda1 rw
601 600 8:1 /tmp/systemd-private-0a1b-octeth-backupd.service-x1/tmp /tmp rw,nosuid - ext4 /dev/sda1 rw
602 600 8:1 /var/tmp/systemd-private-0a1b-octeth-backupd.service-x2/tmp /var/tmp rw - ext4 /dev/sda1 rw
603 600 0:24 /systemd/inaccessible/dir /home ro,nosuid - tmpfs tmpfs rw,mode=755
604 600 0:50 / /mnt/in\040memory rw - tmpfs tmpfs rw
605 601 8:1 /srv/seen /tmp/seen rw - ext4 /dev/sda1 rw
"""


@pytest.mark.parametrize(
    ("path", "private", "shut", "in_memory"),
    [
        ("/tmp/b", True, False, False),
        ("/var/tmp/b/c", True, False, False),
        ("/tmp/seen/b", False, False, False),
        ("/tmpx", False, False, False),
        ("/var/backups", False, False, False),
        ("/home/joe", False, True, True),
        ("/mnt/in memory/b", False, False, True),
    ],
)
def test_a_unit_has_a_temporary_directory_of_its_own(path: str, private: bool, shut: bool, in_memory: bool) -> None:
    mount = mount_of(Path(path), UNDER_THE_UNIT)

    assert mount is not None
    assert (mount.is_private, mount.is_shut, mount.is_in_memory) == (private, shut, in_memory)


def test_a_plain_temporary_directory_is_nobodys_own() -> None:
    mount = mount_of(Path("/tmp/b"), "28 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 28 0:40 / /tmp rw - tmpfs tmpfs rw\n")

    assert mount is not None
    assert not mount.is_private


def test_the_present_mounts_are_read() -> None:
    assert mount_of(Path("/")) is not None
    assert mount_of(Path("/x"), "") is None
