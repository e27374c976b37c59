"""The operations "retention" and "delete", and what a backup does after its success."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, Trigger
from octeth_backupd.domain.events import StepStarted, Warned
from octeth_backupd.domain.retention.order import DeleteOrder, RetentionOrder
from octeth_backupd.domain.retention.settings import RetentionSettings
from octeth_backupd.errors import CancelledError, InvalidRequestError, NotFoundError, StorageError
from octeth_backupd.pipeline.backup import back_up
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.retention.confirmation import require_confirmation
from octeth_backupd.pipeline.retention.doubts import begin_hold
from octeth_backupd.pipeline.retention.operations import apply_retention, delete_backup, expire_after_backup
from tests.fakes.shelf import DAY

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.domain.restore.order import Order
    from tests.fakes.bench import Bench
    from tests.fakes.shelf import Shelf


def applied(shelf: Shelf, order: Order | None = None) -> RunResult:
    return apply_retention(shelf.context(Operation.RETENTION, order=order), shelf.parts)


def deleted(shelf: Shelf, backup: Backup, *, force: bool = False) -> RunResult:
    context = shelf.context(Operation.DELETE, of=backup, order=DeleteOrder(force=force))
    return delete_backup(context, shelf.parts)


def test_what_expires_is_gone_with_all_its_files_and_the_rest_is_untouched(shelf: Shelf) -> None:
    nights = shelf.nights(5)  # Wednesday to Sunday: two days, the week from Monday the 16th, the month
    kept = [nights[0], nights[3], nights[4]]

    result = applied(shelf)

    assert result.status is RunStatus.SUCCESS
    assert shelf.files() == set().union(*(shelf.files_of(one) for one in kept))
    assert [shelf.state(one) for one in nights] == [
        CopyState.PRESENT,
        CopyState.DELETED,
        CopyState.DELETED,
        CopyState.PRESENT,
        CopyState.PRESENT,
    ]
    assert result.detail["expired_copies"] == 4
    assert result.detail["outcome"] == "4 copies expired, 40 B freed"


def test_history_keeps_its_rows(shelf: Shelf) -> None:
    nights = shelf.nights(5)

    applied(shelf)

    assert len(shelf.bench.catalog.backups(server="oempro")) == len(nights)


def test_nothing_expires_until_the_policy_is_confirmed_and_then_it_goes_on_by_itself(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    require_confirmation(shelf.bench.catalog)

    waits = applied(shelf)
    assert waits.status is RunStatus.SKIPPED
    assert "retention --apply" in waits.detail["reason"]
    assert shelf.state(nights[1]) is CopyState.PRESENT

    assert applied(shelf, RetentionOrder()).detail["expired_copies"] == 4
    assert applied(shelf).status is RunStatus.SUCCESS


def test_a_changed_policy_expires_nothing_by_itself(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    applied(shelf)
    shelf.settings = RetentionSettings(daily=1, weekly=1, monthly=1, keep_manual_days=3)

    result = applied(shelf)

    assert result.status is RunStatus.SKIPPED
    assert "counts changed" in result.detail["reason"]
    assert shelf.state(nights[3]) is CopyState.PRESENT


def test_doubt_without_a_hold_gets_one_before_anything_expires(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    shelf.bench.catalog.set_suspect(nights[4].backup_id, "tiny")

    result = applied(shelf)

    (hold,) = shelf.bench.catalog.holdings.holds("oempro")
    assert (hold.backup_id, hold.reason) == (nights[4].backup_id, "tiny")
    assert set(hold.protected) == {one.backup_id for one in (nights[0], nights[2], nights[3], nights[4])}
    assert result.detail["expired_copies"] == 2


def test_holds_end_when_an_operator_applies_despite_them(shelf: Shelf) -> None:
    shelf.nights(5)
    suspect = shelf.put(shelf.bench.clock.now(), suspect="tiny")
    shelf.bench.clock.go(10 * 86400)
    applied(shelf)

    applied(shelf, RetentionOrder(despite_hold=True))

    assert shelf.bench.catalog.holdings.holds("oempro") == []
    (ended,) = shelf.bench.catalog.holdings.holds("oempro", open_only=False)
    assert (ended.ended_by, ended.detail) == ("uid 0 (root)", "retention applied despite it")
    assert shelf.state(suspect) is CopyState.PRESENT  # newer than every good one


def test_lost_remote_makes_the_run_degraded_and_the_local_copy_waits_for_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = shelf.nights(5)

    def refuse(_key: str) -> None:
        raise StorageError("no network", retryable=True)

    monkeypatch.setattr(shelf.remote, "delete", refuse)
    result = applied(shelf)

    assert result.status is RunStatus.DEGRADED
    assert result.detail["degraded"] == [
        f"s3: {nights[1].backup_id} could not be deleted: no network",
        "s3: 1 more wait for it",
    ]
    assert shelf.state(nights[1]) is CopyState.PRESENT
    assert shelf.copy_detail(nights[1], "s3") == (CopyState.PRESENT, "")

    monkeypatch.undo()
    assert applied(shelf).detail["expired_copies"] == 4


def test_cancelled_run_ends_between_two_copies(shelf: Shelf) -> None:
    shelf.nights(5)
    context = shelf.context(Operation.RETENTION)
    context.cancellation.cancel(CancelledError("enough"))

    with pytest.raises(CancelledError):
        apply_retention(context, shelf.parts)

    assert not any("deleted" in str(shelf.state(one)) for one in shelf.bench.catalog.backups(server="oempro"))


def test_backup_expires_after_its_success(shelf: Shelf, bench: Bench) -> None:
    nights = shelf.nights(5, storages=("local",))
    bench.clock.go(86400)

    result = back_up(bench.context(), shelf.local_parts)

    assert result.status is RunStatus.SUCCESS
    assert result.detail["retention"] == "3 copies expired, 30 B freed"
    assert [shelf.state(one) for one in nights[:4]] == [
        CopyState.PRESENT,
        CopyState.DELETED,
        CopyState.DELETED,
        CopyState.DELETED,
    ]
    assert [event.step for event in bench.events if isinstance(event, StepStarted)][-1] == "expire"


def test_expiry_that_fails_degrades_a_backup_and_no_more(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.nights(5)
    monkeypatch.setattr(shelf.bench.catalog.stock, "of", _broken)

    result = expire_after_backup(shelf.context(Operation.BACKUP), shelf.parts, RunResult(backup_id="b"))

    assert (result.status, result.backup_id) == (RunStatus.DEGRADED, "b")
    assert result.detail["degraded"] == ["retention: broken"]


def test_backup_expires_nothing_under_an_unconfirmed_policy(shelf: Shelf) -> None:
    shelf.nights(5)
    require_confirmation(shelf.bench.catalog)
    before = RunResult(backup_id="b", detail={"x": 1})

    assert expire_after_backup(shelf.context(Operation.BACKUP), shelf.parts, before) == before
    assert len(shelf.files()) == 30


def test_suspect_backup_holds_what_is_kept_before_anything_expires(shelf: Shelf, bench: Bench) -> None:
    nights = shelf.nights(3, storages=("local",))
    bench.clock.go(86400)
    bench.backup_settings |= {"suspect_below_percent": 100, "suspect_above_percent": 100, "suspect_slack": 0}

    result = back_up(bench.context(), shelf.local_parts)

    (hold,) = bench.catalog.holdings.holds("oempro")
    assert hold.backup_id == result.backup_id
    assert set(hold.protected) == {nights[0].backup_id, nights[1].backup_id, nights[2].backup_id, hold.backup_id}
    assert "held until this is answered" in "".join(one.message for one in bench.events if isinstance(one, Warned))


def test_backup_is_deleted_with_every_copy(shelf: Shelf) -> None:
    nights = shelf.nights(3)

    result = deleted(shelf, nights[1])

    assert (result.status, result.backup_id) == (RunStatus.SUCCESS, nights[1].backup_id)
    assert shelf.files() == shelf.files_of(nights[0]) | shelf.files_of(nights[2])
    assert (shelf.state(nights[1]), shelf.state(nights[1], "s3")) == (CopyState.DELETED, CopyState.DELETED)


def test_newest_backup_is_deleted_by_force_only(shelf: Shelf) -> None:
    nights = shelf.nights(3)

    with pytest.raises(InvalidRequestError, match="it is the newest") as raised:
        deleted(shelf, nights[2])
    assert "--force" in raised.value.hint
    assert shelf.state(nights[2]) is CopyState.PRESENT

    assert deleted(shelf, nights[2], force=True).status is RunStatus.SUCCESS


def test_pinned_backup_is_not_even_deleted_by_force(shelf: Shelf) -> None:
    nights = shelf.nights(3)
    shelf.bench.catalog.holdings.pin(nights[0].backup_id, note="", by="me", at=shelf.bench.clock.now())

    with pytest.raises(InvalidRequestError, match="it is pinned") as raised:
        deleted(shelf, nights[0], force=True)

    assert "unpin" in raised.value.hint


def test_deleting_what_a_lock_holds_is_degraded_and_tells_so(shelf: Shelf) -> None:
    nights = shelf.nights(3)
    shelf.remote.retained_until[nights[0].copies[0].key] = shelf.bench.clock.now() + timedelta(days=9)

    result = deleted(shelf, nights[0])

    assert result.status is RunStatus.DEGRADED
    assert result.detail["degraded"] == ["s3: its copy is locked"]
    assert shelf.copy_detail(nights[0], "s3") == (
        CopyState.RETAINED,
        "locked by its storage until 2026-12-01T04:00:00Z",
    )


def test_deleting_the_doubted_backup_ends_its_hold_and_no_other(shelf: Shelf) -> None:
    nights = shelf.nights(3)
    for night in nights[1:]:
        begin_hold(shelf.context(Operation.VERIFY), shelf.parts, night.backup_id, "tiny")

    deleted(shelf, nights[2], force=True)

    holdings = shelf.bench.catalog.holdings
    assert [hold.backup_id for hold in holdings.holds("oempro")] == [nights[1].backup_id]
    [ended] = [hold for hold in holdings.holds("oempro", open_only=False) if hold.ended_at is not None]
    assert (ended.backup_id, ended.detail) == (nights[2].backup_id, "the doubted backup was deleted")


def test_hold_stays_while_a_lock_keeps_a_copy_of_the_doubted_backup(shelf: Shelf) -> None:
    nights = shelf.nights(3)
    begin_hold(shelf.context(Operation.VERIFY), shelf.parts, nights[0].backup_id, "tiny")
    shelf.remote.retained_until[nights[0].copies[0].key] = shelf.bench.clock.now() + timedelta(days=9)

    deleted(shelf, nights[0], force=True)

    assert len(shelf.bench.catalog.holdings.holds("oempro")) == 1


def test_deleted_backup_cannot_be_deleted_again(shelf: Shelf) -> None:
    nights = shelf.nights(3)
    deleted(shelf, nights[1])

    with pytest.raises(NotFoundError):
        deleted(shelf, nights[1])


def test_manual_backup_is_kept_for_its_days(shelf: Shelf) -> None:
    shelf.nights(2)
    manual = shelf.put(shelf.bench.clock.now(), trigger=Trigger.MANUAL)
    shelf.put(shelf.bench.clock.now() + DAY / 24)
    shelf.put(shelf.bench.clock.now() + DAY)
    shelf.put(shelf.bench.clock.now() + 2 * DAY)

    shelf.bench.clock.go(2.9 * 86400)
    applied(shelf)
    assert shelf.state(manual) is CopyState.PRESENT

    shelf.bench.clock.go(0.2 * 86400)
    applied(shelf)
    assert shelf.state(manual) is CopyState.DELETED


def _broken(*_arguments: object, **_named: object) -> None:
    raise StorageError("broken")


def test_what_waits_for_a_storage_that_is_not_configured_any_more_is_deleted_with_its_backup(shelf: Shelf) -> None:
    nights = shelf.nights(3, storages=("local",))
    copy = nights[1].copies[0]
    shelf.bench.catalog.add_copy(replace(copy, storage="s3", state=CopyState.PENDING, verified_at=None))
    context = shelf.context(Operation.DELETE, of=nights[1], order=DeleteOrder(force=False))

    result = delete_backup(context, shelf.local_parts)

    assert (result.status, result.detail.get("degraded")) == (RunStatus.SUCCESS, None)
    assert [shelf.state(nights[1], storage) for storage in ("local", "s3")] == [CopyState.DELETED, CopyState.DELETED]
    assert shelf.copy_detail(nights[1], "s3")[1].endswith("before it was uploaded")


def test_what_lies_in_a_storage_that_is_not_configured_any_more_stays_and_that_is_said(shelf: Shelf) -> None:
    nights = shelf.nights(3)
    context = shelf.context(Operation.DELETE, of=nights[1], order=DeleteOrder(force=False))

    result = delete_backup(context, shelf.local_parts)

    assert result.detail["degraded"] == [f"s3 is not configured: {nights[1].backup_id} stays there"]
    assert shelf.state(nights[1], "s3") is CopyState.PRESENT
