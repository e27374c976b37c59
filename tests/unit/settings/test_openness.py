"""Who else may read or write a file."""

from __future__ import annotations

import os
import stat

import pytest

from octeth_backupd.settings.openness import other_readers, other_writers

NOBODY = 65534
UNKNOWN = 4_000_000


def status(mode: int, *, uid: int = 0, gid: int = 0) -> os.stat_result:
    return os.stat_result((stat.S_IFREG | mode, 1, 1, 1, uid, gid, 0, 0, 0, 0))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660, 0o400])
def test_file_of_root_alone_is_open_to_nobody(mode: int) -> None:
    assert (other_readers(status(mode)), other_writers(status(mode))) == ("", "")


def test_file_of_the_user_who_asks_is_his_own() -> None:
    assert other_writers(status(0o600, uid=os.geteuid(), gid=os.getegid())) == ""


def test_every_user_may_read_or_write() -> None:
    assert other_readers(status(0o604)) == "every user"
    assert other_writers(status(0o602)) == "every user"


@pytest.mark.parametrize(("gid", "name"), [(UNKNOWN, str(UNKNOWN))])
def test_group_that_may_write_is_named(gid: int, name: str) -> None:
    assert other_writers(status(0o660, gid=gid)) == f"the group {name}"
    assert other_writers(status(0o640, gid=gid)) == ""


def test_owner_that_is_not_root_is_named() -> None:
    assert other_writers(status(0o600, uid=UNKNOWN)) == f"the user {UNKNOWN}, to whom it belongs,"
