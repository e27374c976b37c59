"""Which copies and backups are good."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.retention.facts import HoldFacts
from tests.unit.domain.retention.builder import NOW, backup, local_copy, remote_copy

THERE = {CopyState.PRESENT, CopyState.RETAINED}


@pytest.mark.parametrize("state", CopyState)
def test_only_a_readable_copy_makes_a_backup_good(state: CopyState) -> None:
    assert backup(NOW, local_copy(state)).is_good == (state in THERE)
    assert local_copy(state).is_verified == (state in THERE)


def test_copy_whose_deletion_was_begun_is_no_copy() -> None:
    assert not local_copy(is_expiring=True).is_there
    assert not backup(NOW, local_copy(is_expiring=True)).is_good


def test_suspect_backup_is_not_good() -> None:
    assert not backup(NOW, suspect="much smaller than before").is_good


def test_adopted_archive_is_good_only_when_it_was_verified() -> None:
    assert backup(NOW, local_copy(verified=False)).is_good
    assert not backup(NOW, local_copy(verified=False), is_adopted=True).is_good
    assert backup(NOW, local_copy(), is_adopted=True).is_good


def test_pending_or_uploading_copy_is_on_the_way_until_its_deletion_is_begun() -> None:
    assert remote_copy(CopyState.PENDING).is_on_the_way
    assert remote_copy(CopyState.UPLOADING).is_on_the_way
    assert not remote_copy().is_on_the_way
    assert not remote_copy(CopyState.PENDING, is_expiring=True).is_on_the_way


def test_hold_protects_its_frozen_set_and_what_it_is_about() -> None:
    doubted, held, other = (backup(datetime(2026, 11, day, 2, tzinfo=UTC)) for day in (1, 2, 3))
    hold = HoldFacts(reason="x", begun_at=NOW, protected=frozenset({held.backup_id}), backup_id=doubted.backup_id)

    assert [hold.protects(one) for one in (doubted, held, other)] == [True, True, False]
