"""Which safety copies may go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.safety import expired_safety_copies

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def copy_of(hours_old: float, *, expires_in: float = 24, **changes: object) -> Journal:
    """Return the journal of a finished restore."""
    journal = Journal(
        restore_id=f"run-{hours_old}",
        installation_id="i",
        server="oempro",
        state=State.COMMITTED,
        has_swapped=True,
        created_at=NOW - timedelta(hours=hours_old),
        expires_at=NOW + timedelta(hours=expires_in),
    )
    return replace(journal, **changes)  # type: ignore[arg-type]


def test_a_copy_goes_when_its_time_is_over() -> None:
    over, young = copy_of(80, expires_in=-1), copy_of(1)

    assert expired_safety_copies([young, over], now=NOW, maximum=5) == (over,)


def test_a_copy_whose_time_ends_now_goes() -> None:
    assert len(expired_safety_copies([copy_of(80, expires_in=0)], now=NOW, maximum=5)) == 1


def test_the_oldest_of_too_many_goes_first() -> None:
    copies = [copy_of(1), copy_of(3), copy_of(2)]

    assert expired_safety_copies(copies, now=NOW, maximum=1) == (copies[1], copies[2])


def test_nothing_goes_while_a_restore_is_open() -> None:
    is_open = copy_of(0.5, state=State.STARTING, expires_at=None)

    assert expired_safety_copies([copy_of(80, expires_in=-1), is_open], now=NOW, maximum=1) == ()


def test_what_is_gone_or_never_was_does_not_count() -> None:
    gone = copy_of(90, expires_in=-10, removed_at=NOW)
    aborted = copy_of(90, expires_in=-10, state=State.ABORTED, has_swapped=False)

    assert expired_safety_copies([gone, aborted, copy_of(1)], now=NOW, maximum=1) == ()


def test_a_copy_without_a_time_stays() -> None:
    assert expired_safety_copies([copy_of(500, expires_at=None)], now=NOW, maximum=2) == ()


def test_failed_restores_do_not_push_out_the_copy_that_an_undo_needs() -> None:
    original = copy_of(3)
    failed = [copy_of(1, state=State.ROLLED_BACK), copy_of(2, state=State.ROLLED_BACK)]

    assert expired_safety_copies([original, *failed], now=NOW, maximum=2) == (failed[1],)


def test_what_was_just_taken_back_is_kept_its_time_beside_the_one_copy_that_is_wanted() -> None:
    original, failed = copy_of(3), copy_of(1, state=State.ROLLED_BACK)
    over = replace(failed, expires_at=NOW)

    assert expired_safety_copies([original, failed], now=NOW, maximum=1) == ()
    assert expired_safety_copies([original, over], now=NOW, maximum=1) == (over,)
    assert expired_safety_copies([original, failed, copy_of(0.5)], now=NOW, maximum=1) == (original, failed)
