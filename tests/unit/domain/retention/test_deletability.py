"""What an operator may delete, and what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.retention.deletability import why_not_deletable
from octeth_backupd.domain.retention.facts import HoldFacts
from octeth_backupd.domain.retention.plan import plan
from tests.unit.domain.retention.builder import DAY, NOW, backup, local_copy, nightly, policy, remote_copy

OLD = backup(NOW - 20 * DAY, backup_id="old")


def why(one: Any, *others: Any, force: bool = False, holds: tuple[HoldFacts, ...] = ()) -> str:
    return why_not_deletable(one, plan([one, *others], policy=policy(), now=NOW, holds=holds), force=force)


def test_what_merely_stands_for_a_period_may_be_deleted() -> None:
    assert why(nightly(3)[0], *nightly(3)[1:]) == ""


def test_newest_backup_needs_force() -> None:
    assert why(backup(NOW), OLD) == "it is the newest"
    assert why(backup(NOW), OLD, force=True) == ""


def test_held_backup_and_parent_need_force() -> None:
    hold = HoldFacts(reason="x", begun_at=NOW, protected=frozenset({"old"}))
    child = backup(NOW - DAY, backup_id="child", parent_ids=("old",))

    assert why(OLD, backup(NOW), holds=(hold,)) == "a hold protects it"
    assert why(OLD, child, backup(NOW)) == "another backup cannot be restored without it"
    assert why(OLD, child, backup(NOW), force=True, holds=(hold,)) == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"is_pinned": True}, "it is pinned"), ({"is_ours": False}, "it belongs to another installation")],
)
def test_no_force_deletes_what_is_pinned_or_not_ours(changes: dict[str, bool], reason: str) -> None:
    assert why(backup(NOW - DAY, **changes), backup(NOW), force=True) == reason


def test_deleted_one_is_told() -> None:
    assert why(backup(NOW, local_copy(CopyState.DELETED))) == "it is deleted already"


def test_pinned_backup_stays_though_its_only_storage_is_not_configured() -> None:
    elsewhere = backup(NOW - DAY, remote_copy(), is_pinned=True)

    assert why(elsewhere, backup(NOW), force=True) == "it is pinned"
