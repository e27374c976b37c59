"""A tree that is gone is told from single losses by what a copy's detail says."""

from __future__ import annotations

from octeth_backupd.domain.sync.vanished import is_vanished, vanished_detail


def test_copy_that_went_with_everything_is_told_from_one_that_went_alone() -> None:
    assert is_vanished(vanished_detail("nothing is in /backups"))
    assert not is_vanished("the archive is not there any more")
