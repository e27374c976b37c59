"""What becomes of due times: states, tiers, retries, clock jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from octeth_backupd.domain.backup import Slot, SlotState, Tier, Trigger
from octeth_backupd.domain.cron import CronRule
from octeth_backupd.domain.slots import (
    LISTED_SLOTS,
    ClockDoubt,
    Pause,
    attempt_at,
    enumerate_due,
    enumeration_start,
    overdue,
    retry_delay_seconds,
    tier_of,
    tiers_of,
    trigger_for,
)

NOW = datetime(2026, 11, 22, 2, 0, 1, tzinfo=UTC)
DUE = NOW.replace(second=0)
DAY = timedelta(days=1)
WEEK_SECONDS = 7 * 86400


def slot(due_at: datetime, *, tier: Tier = Tier.DAILY, attempts: int = 0) -> Slot:
    return Slot(server="oempro", schedule=tier.value, tier=tier, due_at=due_at, attempts=attempts)


def enumerated(
    *,
    after: datetime,
    now: datetime = NOW,
    expression: str = "0 2 * * *",
    catch_up_seconds: int = WEEK_SECONDS,
    pause: Pause | None = None,
) -> list[Slot]:
    return enumerate_due(
        server="oempro",
        schedule="daily",
        tier=Tier.DAILY,
        rule=CronRule(expression=expression, timezone="UTC"),
        after=after,
        now=now,
        catch_up_seconds=catch_up_seconds,
        pause=pause,
    )


def test_slots_begin_after_the_last_entry_and_end_with_now() -> None:
    slots = enumerated(after=DUE - 3 * DAY)

    assert [(slot.due_at, slot.state) for slot in slots] == [
        (DUE - 2 * DAY, SlotState.DUE),
        (DUE - DAY, SlotState.DUE),
        (DUE, SlotState.DUE),
    ]
    assert all(slot.decided_at is None for slot in slots)


def test_nothing_is_due_between_two_times() -> None:
    assert enumerated(after=DUE, now=NOW + timedelta(hours=20)) == []


def test_slot_too_late_to_catch_up_is_missed() -> None:
    slots = enumerated(after=DUE - 10 * DAY)

    assert [slot.state for slot in slots] == [SlotState.MISSED] * 3 + [SlotState.DUE] * 7
    assert slots[0].decided_at == NOW
    assert "too late" in slots[0].detail


def test_slot_in_time_is_due_even_without_catch_up() -> None:
    slots = enumerated(after=DUE - 2 * DAY, catch_up_seconds=0)

    assert [slot.state for slot in slots] == [SlotState.MISSED, SlotState.DUE]


def test_slot_that_comes_during_a_pause_is_skipped_and_names_who_paused() -> None:
    pause = Pause(by="uid 0 (root)", since=DUE - DAY + timedelta(hours=1))

    slots = enumerated(after=DUE - 2 * DAY, pause=pause)

    assert [slot.state for slot in slots] == [SlotState.DUE, SlotState.SKIPPED]
    assert slots[1].detail == "paused by uid 0 (root)"


def test_year_ahead_gives_an_outcome_to_every_day_and_few_due_slots() -> None:
    slots = enumerated(after=DUE, now=NOW + 365 * DAY)

    assert len(slots) == 365
    assert sum(slot.state is SlotState.DUE for slot in slots) == 7
    assert sum(slot.state is SlotState.MISSED for slot in slots) == 358


def test_minutely_rule_a_year_ahead_is_listed_up_to_a_limit_and_says_so() -> None:
    slots = enumerated(after=DUE, now=NOW + 365 * DAY, expression="* * * * *")

    assert len(slots) == LISTED_SLOTS
    assert slots[-1].due_at == DUE + 365 * DAY
    assert slots[0].detail == "earlier ones are not listed"
    assert slots[1].detail == ""


def test_open_slot_is_overdue_after_the_catch_up_time() -> None:
    late, fresh = slot(DUE - 8 * DAY), slot(DUE - 6 * DAY)

    assert overdue([late, fresh], now=NOW, catch_up_seconds=WEEK_SECONDS) == [late]


def test_open_slot_may_wait_in_a_queue_for_a_day_without_catch_up() -> None:
    late, fresh = slot(NOW - timedelta(hours=25)), slot(NOW - timedelta(hours=23))

    assert overdue([late, fresh], now=NOW, catch_up_seconds=0) == [late]


def test_tiers_of_slots_are_their_union() -> None:
    slots = [slot(DUE), slot(DUE, tier=Tier.WEEKLY), slot(DUE - DAY)]

    assert tiers_of(slots) == {Tier.DAILY, Tier.WEEKLY}


@pytest.mark.parametrize(
    ("schedule", "tier"), [("daily", Tier.DAILY), ("monthly", Tier.MONTHLY), ("retention", Tier.MANUAL)]
)
def test_tier_is_that_which_the_schedule_is_named_after(schedule: str, tier: Tier) -> None:
    assert tier_of(schedule) is tier


@pytest.mark.parametrize(
    ("late_by", "trigger"),
    [
        (timedelta(0), Trigger.SCHEDULE),
        (timedelta(minutes=10), Trigger.SCHEDULE),
        (timedelta(minutes=11), Trigger.CATCH_UP),
        (timedelta(days=3), Trigger.CATCH_UP),
    ],
)
def test_run_catches_up_when_its_newest_slot_is_late(late_by: timedelta, trigger: Trigger) -> None:
    assert trigger_for([slot(NOW - late_by), slot(NOW - late_by - DAY)], NOW) is trigger


def test_failed_run_is_tried_again_after_five_and_thirty_minutes_and_then_not() -> None:
    assert [retry_delay_seconds(attempts) for attempts in range(1, 5)] == [300, 1800, None, None]


def test_untried_slot_wants_a_run_at_once() -> None:
    assert attempt_at(slot(DUE), failed_at=None, now=NOW) == NOW


def test_failed_slot_wants_a_run_when_its_back_off_is_over() -> None:
    failed_at = NOW - timedelta(minutes=2)

    assert attempt_at(slot(DUE, attempts=1), failed_at=failed_at, now=NOW) == NOW + timedelta(minutes=3)
    assert attempt_at(slot(DUE, attempts=2), failed_at=failed_at, now=NOW) == NOW + timedelta(minutes=28)


def test_slot_that_failed_three_times_waits_for_the_next_run() -> None:
    assert attempt_at(slot(DUE, attempts=3), failed_at=NOW - DAY, now=NOW) is None


def test_back_off_that_began_in_the_future_is_no_longer_than_its_length() -> None:
    assert attempt_at(slot(DUE, attempts=1), failed_at=NOW + 365 * DAY, now=NOW) == NOW + timedelta(minutes=5)


def test_enumeration_starts_at_the_last_entry() -> None:
    start = enumeration_start(known_since=DUE - 9 * DAY, last_entry=DUE - DAY, now=NOW, doubt=None)

    assert start == (DUE - DAY, None)


def test_enumeration_starts_where_the_definition_began_when_that_is_later() -> None:
    assert enumeration_start(known_since=DUE, last_entry=DUE - DAY, now=NOW, doubt=None) == (DUE, None)
    assert enumeration_start(known_since=DUE, last_entry=None, now=NOW, doubt=None) == (DUE, None)


def test_clock_set_back_by_hours_enters_nothing_twice() -> None:
    last_entry = DUE + timedelta(hours=3)

    start, doubt = enumeration_start(known_since=DUE - DAY, last_entry=last_entry, now=NOW, doubt=None)

    assert (start, doubt) == (last_entry, None)
    assert enumerated(after=start) == []


def test_entry_a_year_ahead_does_not_keep_slots_from_being_entered() -> None:
    until = DUE + 365 * DAY

    first, doubt = enumeration_start(known_since=DUE - DAY, last_entry=until, now=NOW, doubt=None)
    second, kept = enumeration_start(known_since=DUE - DAY, last_entry=until, now=NOW + DAY, doubt=doubt)

    assert first == NOW
    assert doubt == kept == ClockDoubt(until=until, seen=NOW)
    assert second == NOW
    assert len(enumerated(after=second, now=NOW + DAY)) == 1


def test_definition_made_by_a_clock_a_year_ahead_does_not_block() -> None:
    start, doubt = enumeration_start(known_since=NOW + 365 * DAY, last_entry=None, now=NOW, doubt=None)

    assert start == NOW
    assert doubt is not None


@pytest.mark.parametrize(
    "doubt",
    [
        ClockDoubt(until=DUE - timedelta(hours=1), seen=DUE - timedelta(hours=1)),
        ClockDoubt(until=DUE - timedelta(hours=25), seen=DUE - 9 * DAY),
    ],
)
def test_doubt_ends_when_the_last_wrong_entry_is_past(doubt: ClockDoubt) -> None:
    start = enumeration_start(known_since=DUE - 99 * DAY, last_entry=doubt.until, now=NOW, doubt=doubt)

    assert start == (doubt.until, None)


def test_last_wrong_entry_itself_is_entered_again() -> None:
    doubt = ClockDoubt(until=DUE, seen=DUE - DAY)

    start = enumeration_start(known_since=DUE - 99 * DAY, last_entry=doubt.until, now=NOW, doubt=doubt)

    assert start == (DUE - DAY, doubt)


def test_clock_that_was_far_behind_does_not_have_the_years_between_entered() -> None:
    doubt = ClockDoubt(until=DUE - timedelta(hours=1), seen=DUE - 9000 * DAY)

    start, _ = enumeration_start(known_since=DUE - 99 * DAY, last_entry=doubt.until, now=NOW, doubt=doubt)

    assert start == doubt.until - DAY


def test_doubt_holds_through_the_last_day_before_the_wrong_entry() -> None:
    doubt = ClockDoubt(until=DUE + timedelta(hours=3), seen=DUE - DAY)

    start = enumeration_start(known_since=DUE - 99 * DAY, last_entry=doubt.until, now=NOW, doubt=doubt)

    assert start == (DUE - DAY, doubt)


def test_clock_that_is_wrong_twice_starts_again_from_now() -> None:
    doubt = ClockDoubt(until=DUE + 365 * DAY, seen=DUE + 100 * DAY)

    start = enumeration_start(known_since=DUE - DAY, last_entry=doubt.until, now=NOW, doubt=doubt)

    assert start == (NOW, ClockDoubt(until=doubt.until, seen=NOW))
