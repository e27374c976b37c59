"""A backup in one word, and as the control interface shows it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from octeth_backupd.domain.backup import CopyState, Tier
from octeth_backupd.domain.summary import BackupStatus, backup_status, backup_summary, sorted_tiers
from tests.fakes.catalog_values import START, make_backup, make_copy

P, U, H, M, C, R, D = (
    CopyState.PENDING,
    CopyState.UPLOADING,
    CopyState.PRESENT,
    CopyState.MISSING,
    CopyState.CORRUPT,
    CopyState.RETAINED,
    CopyState.DELETED,
)


@pytest.mark.parametrize(
    ("suspect", "states", "status"),
    [
        ("", [H], BackupStatus.GOOD),
        ("", [R], BackupStatus.GOOD),
        ("", [D, H], BackupStatus.GOOD),
        ("", [C, M, P, H], BackupStatus.GOOD),
        ("why", [H], BackupStatus.SUSPECT),
        ("why", [M], BackupStatus.SUSPECT),
        ("why", [], BackupStatus.SUSPECT),
        ("", [P], BackupStatus.PENDING),
        ("", [M, U], BackupStatus.PENDING),
        ("", [C, M], BackupStatus.CORRUPT),
        ("", [M], BackupStatus.MISSING),
        ("", [M, D], BackupStatus.MISSING),
        ("", [], BackupStatus.MISSING),
        ("", [D, D], BackupStatus.DELETED),
        ("why", [D], BackupStatus.DELETED),
    ],
)
def test_status_follows_from_doubt_and_copies(suspect: str, states: list[CopyState], status: BackupStatus) -> None:
    assert backup_status(suspect, states) is status


def test_tiers_are_shown_from_the_lowest_to_the_highest() -> None:
    assert sorted_tiers({Tier.MONTHLY, Tier.DAILY, Tier.WEEKLY}) == (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)


def test_summary_is_json_and_holds_no_manifest() -> None:
    backup = make_backup(
        tiers=frozenset({Tier.WEEKLY, Tier.DAILY}),
        copies={},
    )

    summary = backup_summary(backup)

    assert json.loads(json.dumps(summary)) == summary
    assert "manifest" not in summary
    assert summary["id"] == "oempro-2026-11-22_02-00-00"
    assert summary["taken_at"] == "2026-11-22T02:00:00Z"
    assert summary["tiers"] == ["daily", "weekly"]
    assert summary["status"] == "missing"


def test_copies_are_shown_in_the_order_of_their_storages() -> None:
    verified = make_copy("x", "local", verified_at=START + timedelta(seconds=1.5))
    backup = make_backup()
    object.__setattr__(backup, "copies", (make_copy("x", "s3", M), verified))

    copies = backup_summary(backup)["copies"]

    assert [(copy["storage"], copy["state"], copy["verified_at"]) for copy in copies] == [
        ("local", "present", "2026-11-22T02:00:01Z"),
        ("s3", "missing", None),
    ]
