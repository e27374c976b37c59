"""What copies take up."""

from __future__ import annotations

from octeth_backupd.domain.backup import CopyState, Tier
from octeth_backupd.domain.retention.statistics import Share, shares
from tests.unit.domain.retention.builder import NOW, backup, local_copy, remote_copy


def test_copies_are_added_up_by_storage_and_tier() -> None:
    backups = [
        backup(NOW, local_copy(), remote_copy(), tier=Tier.MONTHLY),
        backup(NOW, local_copy(size_bytes=50), remote_copy(CopyState.RETAINED), tier=Tier.DAILY),
        backup(NOW, local_copy(CopyState.CORRUPT), tier=Tier.DAILY),
    ]

    assert shares(backups) == (
        Share(storage="local", tier=Tier.DAILY, copies=2, size_bytes=150),
        Share(storage="local", tier=Tier.MONTHLY, copies=1, size_bytes=100),
        Share(storage="s3", tier=Tier.DAILY, copies=1, size_bytes=100),
        Share(storage="s3", tier=Tier.MONTHLY, copies=1, size_bytes=100),
    )


def test_what_is_not_there_takes_up_nothing() -> None:
    absent = (local_copy(CopyState.MISSING), remote_copy(CopyState.PENDING), remote_copy(CopyState.DELETED))

    assert shares([backup(NOW, *absent)]) == ()
