"""The slot ledger on a real catalog: every slot ends with an outcome, and only what is wanted runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import RunStatus, SlotState, Tier, Trigger, highest_tier
from octeth_backupd.domain.slots import tiers_of, trigger_for
from octeth_backupd.errors import NotFoundError
from tests.unit.scheduling.builders import DAY, HOUR, MINUTE, NOON, LedgerBench, all_three, definition

if TYPE_CHECKING:
    from pathlib import Path

FIRST = datetime(2026, 10, 26, 2, tzinfo=UTC)


def test_nothing_is_due_before_the_first_time(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST - MINUTE

    assert daily_only.ledger.due("oempro") == []
    assert daily_only.ledger.next_attempt_at("oempro") is None


def test_slot_is_due_at_its_time(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST

    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [FIRST]
    assert daily_only.ledger.next_attempt_at("oempro") == FIRST


def test_three_days_down_give_one_run_that_serves_all_due_slots(daily_only: LedgerBench) -> None:
    daily_only.restart(after=3 * DAY)

    slots = daily_only.serve("run-1")

    assert [slot.due_at for slot in slots] == [FIRST, FIRST + DAY, FIRST + 2 * DAY]
    assert trigger_for(slots, daily_only.clock.now()) is Trigger.CATCH_UP
    assert daily_only.ledger.due("oempro") == []
    assert {state for _, state in daily_only.states()} == {SlotState.SERVED}
    assert {slot.run_id for slot in daily_only.catalog.slots()} == {"run-1"}


def test_catch_up_happens_once_over_restarts(daily_only: LedgerBench) -> None:
    daily_only.restart(after=3 * DAY)
    daily_only.serve("run-1")

    daily_only.restart(after=HOUR)

    assert daily_only.ledger.next_attempt_at("oempro") is None


def test_restart_does_not_lose_what_was_due(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    assert daily_only.ledger.next_attempt_at("oempro") == FIRST

    daily_only.restart(after=HOUR)
    daily_only.restart(after=HOUR)

    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [FIRST]
    assert daily_only.ledger.next_attempt_at("oempro") == FIRST + 2 * HOUR


def test_edited_rule_gives_no_run_for_the_past_and_an_outcome_to_every_slot(daily_only: LedgerBench) -> None:
    daily_only.restart(after=3 * DAY, definitions=[definition(expression="0 1 * * *")])

    assert daily_only.ledger.next_attempt_at("oempro") is None
    assert [state for _, state in daily_only.states()] == [SlotState.SKIPPED] * 3
    assert "changed" in daily_only.catalog.slots()[0].detail


def test_edited_rule_fires_at_its_next_time(daily_only: LedgerBench) -> None:
    daily_only.restart(after=3 * DAY, definitions=[definition(expression="0 13 * * *")])
    daily_only.clock.at += HOUR

    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [NOON + 3 * DAY + HOUR]


def test_changed_catch_up_time_is_no_change_of_the_rule(daily_only: LedgerBench) -> None:
    daily_only.restart(after=3 * DAY, definitions=[definition(catch_up_seconds=86400)])

    assert [state for _, state in daily_only.states()] == [SlotState.MISSED, SlotState.MISSED, SlotState.DUE]


def test_removed_schedule_leaves_nothing_due(three_schedules: LedgerBench) -> None:
    three_schedules.clock.at = FIRST + HOUR
    assert three_schedules.ledger.due("oempro")

    three_schedules.restart(after=HOUR, definitions=[definition(Tier.WEEKLY)])

    assert three_schedules.ledger.due("oempro") == []
    assert three_schedules.states() == [(FIRST, SlotState.SKIPPED)]


def test_schedule_that_comes_back_begins_anew(daily_only: LedgerBench) -> None:
    daily_only.restart(definitions=[definition(Tier.WEEKLY)])

    daily_only.restart(after=3 * DAY, definitions=[definition()])

    assert daily_only.ledger.due("oempro") == []
    daily_only.clock.at += DAY
    assert len(daily_only.ledger.due("oempro")) == 1


def test_removed_server_leaves_nothing_due_and_begins_anew_when_it_comes_back(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.ledger.update("oempro")

    daily_only.restart(definitions=[definition(server="other")])
    gone = daily_only.states()
    daily_only.restart(after=3 * DAY, definitions=[definition()])

    assert gone == [(FIRST, SlotState.SKIPPED)]
    assert daily_only.ledger.due("oempro") == []


def test_one_run_serves_daily_weekly_and_monthly_of_one_moment_and_is_stored_as_monthly(
    three_schedules: LedgerBench,
) -> None:
    moment = datetime(2026, 11, 1, 2, tzinfo=UTC)
    three_schedules.clock.at = moment - HOUR
    three_schedules.serve("before")

    three_schedules.restart(after=5 * HOUR)
    slots = three_schedules.serve("run-1")

    assert {(slot.schedule, slot.due_at) for slot in slots} == {
        ("daily", moment),
        ("weekly", moment),
        ("monthly", moment),
    }
    assert tiers_of(slots) == {Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY}
    assert highest_tier(tiers_of(slots)) is Tier.MONTHLY
    assert three_schedules.ledger.next_attempt_at("oempro") is None


def test_tier_of_a_caught_up_run_is_that_of_the_slot_not_of_the_day(three_schedules: LedgerBench) -> None:
    three_schedules.clock.at = datetime(2026, 11, 1, 1, tzinfo=UTC)
    three_schedules.serve("before")

    three_schedules.restart(after=30 * HOUR)  # a Monday, the 2nd

    assert Tier.MONTHLY in tiers_of(three_schedules.ledger.due("oempro"))


def test_run_takes_slots_that_came_while_it_was_queued(three_schedules: LedgerBench) -> None:
    three_schedules.clock.at = datetime(2026, 10, 31, 23, tzinfo=UTC)
    three_schedules.ledger.update("oempro")
    three_schedules.clock.at = datetime(2026, 11, 1, 3, tzinfo=UTC)

    slots = three_schedules.begin_run("run-1")

    assert {slot.schedule for slot in slots} == {"daily", "weekly", "monthly"}


def test_slots_of_a_live_run_are_not_due_again(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.begin_run("run-1")

    assert daily_only.ledger.due("oempro") == []
    assert daily_only.ledger.next_attempt_at("oempro") is None


def test_slot_that_comes_during_a_run_waits_for_the_next(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    first = daily_only.begin_run("run-1")
    daily_only.clock.at = FIRST + DAY + HOUR

    waiting = daily_only.ledger.due("oempro")
    daily_only.ledger.served(first, "run-1")
    daily_only.end_run("run-1")

    assert [slot.due_at for slot in waiting] == [FIRST + DAY]
    assert daily_only.states() == [(FIRST, SlotState.SERVED), (FIRST + DAY, SlotState.DUE)]


def test_claim_of_a_run_that_died_with_the_daemon_is_over(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.begin_run("run-1")

    daily_only.restart(after=MINUTE)
    daily_only.end_run("run-1", RunStatus.INTERRUPTED)

    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [FIRST]
    assert daily_only.ledger.next_attempt_at("oempro") == FIRST + MINUTE


def test_interrupted_run_leaves_its_slots_due_without_counting_a_failure(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    slots = daily_only.begin_run("run-1")

    daily_only.ledger.interrupted(slots)

    assert [(slot.state, slot.attempts) for slot in daily_only.ledger.due("oempro")] == [(SlotState.DUE, 0)]
    assert daily_only.ledger.next_attempt_at("oempro") == FIRST


def test_failed_run_is_retried_twice_and_then_left_to_the_next(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    delays = [daily_only.fail(f"run-{attempt}") for attempt in range(3)]
    assert delays == [300, 1800, None]
    assert daily_only.ledger.next_attempt_at("oempro") is None

    daily_only.clock.at = FIRST + DAY
    assert daily_only.ledger.next_attempt_at("oempro") == FIRST + DAY
    slots = daily_only.serve("run-4")

    assert [(slot.due_at, slot.attempts) for slot in slots] == [(FIRST, 3), (FIRST + DAY, 0)]
    assert [state for _, state in daily_only.states()] == [SlotState.SERVED, SlotState.SERVED]


def test_run_with_a_fresh_slot_gets_its_own_retries(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    for attempt in range(3):
        daily_only.fail(f"run-{attempt}")
    daily_only.clock.at = FIRST + DAY

    assert daily_only.fail("run-4") == 300


def test_back_off_is_kept_over_a_restart(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.fail("run-1")

    daily_only.restart(after=MINUTE)
    assert daily_only.ledger.next_attempt_at("oempro") == FIRST + 5 * MINUTE

    daily_only.restart(after=4 * MINUTE)
    assert daily_only.ledger.next_attempt_at("oempro") == FIRST + 5 * MINUTE


def test_failure_says_why(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.fail("run-1")

    assert daily_only.ledger.due("oempro")[0].detail == "run run-1 failed: no space"


def test_failure_of_a_run_without_slots_wants_no_retry(daily_only: LedgerBench) -> None:
    assert daily_only.ledger.failed([], "run-1", "no space") is None


def test_slot_that_always_failed_is_missed_in_the_end(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    for attempt in range(3):
        daily_only.fail(f"run-{attempt}")

    daily_only.clock.at = FIRST + 8 * DAY

    daily_only.ledger.update("oempro")
    first = daily_only.catalog.slots()[0]
    assert first.state is SlotState.MISSED
    assert "no space" in first.detail


def test_cancelled_run_closes_its_slots(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    slots = daily_only.begin_run("run-1")

    daily_only.ledger.cancelled(slots, "run-1")
    daily_only.end_run("run-1", RunStatus.CANCELLED)

    assert daily_only.states() == [(FIRST, SlotState.CANCELLED)]
    assert daily_only.ledger.due("oempro") == []


def test_skipped_slots_keep_the_reason(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST

    daily_only.ledger.skipped(daily_only.ledger.due("oempro"), "a restore is going on")

    assert daily_only.catalog.slots()[0].detail == "a restore is going on"
    assert daily_only.states() == [(FIRST, SlotState.SKIPPED)]


def test_slots_that_come_during_a_pause_are_skipped_and_not_run_after_it(daily_only: LedgerBench) -> None:
    daily_only.ledger.pause("oempro", "daily", "uid 0 (root)")
    daily_only.clock.at = FIRST + DAY + HOUR

    daily_only.ledger.resume("oempro", "daily", "uid 0 (root)")

    assert daily_only.ledger.due("oempro") == []
    assert daily_only.states() == [(FIRST, SlotState.SKIPPED), (FIRST + DAY, SlotState.SKIPPED)]
    assert daily_only.catalog.slots()[0].detail == "paused by uid 0 (root)"
    daily_only.clock.at = FIRST + 2 * DAY
    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [FIRST + 2 * DAY]


def test_pause_survives_a_restart_and_a_changed_rule(daily_only: LedgerBench) -> None:
    daily_only.ledger.pause("oempro", "daily", "uid 0 (root)")

    daily_only.restart(after=3 * DAY, definitions=[definition(expression="0 3 * * *")])
    daily_only.clock.at += 3 * DAY

    assert daily_only.ledger.paused() == {("oempro", "daily")}
    assert daily_only.ledger.due("oempro") == []
    assert {state for _, state in daily_only.states()} == {SlotState.SKIPPED}


def test_pause_closes_what_was_due_before_it(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.fail("run-1")

    daily_only.ledger.pause("oempro", None, "uid 0 (root)")

    assert daily_only.states() == [(FIRST, SlotState.SKIPPED)]


def test_run_going_on_when_its_schedule_is_paused_still_serves_its_slot(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    slots = daily_only.begin_run("run-1")
    daily_only.ledger.pause("oempro", "daily", "uid 0 (root)")

    daily_only.ledger.served(slots, "run-1")

    assert daily_only.states() == [(FIRST, SlotState.SERVED)]


def test_run_that_fails_after_its_schedule_was_paused_is_not_retried(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    slots = daily_only.begin_run("run-1")
    daily_only.ledger.pause("oempro", "daily", "uid 0 (root)")

    assert daily_only.ledger.failed(slots, "run-1", "no space") is None
    assert daily_only.states() == [(FIRST, SlotState.SKIPPED)]


def test_pause_of_one_schedule_leaves_the_others(three_schedules: LedgerBench) -> None:
    three_schedules.ledger.pause("oempro", "daily", "uid 0 (root)")
    three_schedules.clock.at = datetime(2026, 11, 1, 2, tzinfo=UTC)

    assert {slot.schedule for slot in three_schedules.ledger.due("oempro")} == {"weekly", "monthly"}


def test_pause_names_the_schedules_it_holds_for(three_schedules: LedgerBench) -> None:
    assert three_schedules.ledger.pause("oempro", None, "uid 0 (root)") == ["daily", "weekly", "monthly"]
    assert three_schedules.ledger.resume("oempro", "weekly", "uid 0 (root)") == ["weekly"]
    assert three_schedules.ledger.paused() == {("oempro", "daily"), ("oempro", "monthly")}


def test_second_pause_keeps_who_paused_first(daily_only: LedgerBench) -> None:
    daily_only.ledger.pause("oempro", "daily", "uid 0 (root)")
    daily_only.ledger.pause("oempro", "daily", "uid 1000 (ann)")

    assert daily_only.ledger.schedule_views()[0].paused_by == "uid 0 (root)"


@pytest.mark.parametrize(("server", "schedule"), [("oempro", "weekly"), ("other", None), ("other", "daily")])
def test_pause_of_an_unknown_schedule_is_refused(daily_only: LedgerBench, server: str, schedule: str | None) -> None:
    with pytest.raises(NotFoundError, match=server) as caught:
        daily_only.ledger.pause(server, schedule, "uid 0 (root)")

    assert "oempro/daily" in caught.value.hint


def test_schedules_of_servers_are_apart(tmp_path: Path) -> None:
    bench = LedgerBench(tmp_path, [definition(server="one"), definition(server="two")])
    bench.clock.at = FIRST

    bench.serve("run-1", "one")

    assert bench.ledger.due("one") == []
    assert len(bench.ledger.due("two")) == 1
    bench.close()


def test_clock_a_year_ahead_gives_one_run_and_an_outcome_to_every_slot(daily_only: LedgerBench) -> None:
    daily_only.clock.at += 365 * DAY

    slots = daily_only.serve("run-1")

    assert len(slots) == 7
    assert len(daily_only.states()) == 365
    assert daily_only.ledger.next_attempt_at("oempro") is None


def test_clock_set_back_by_hours_serves_nothing_twice_and_loses_nothing(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.serve("run-1")

    daily_only.clock.at = FIRST - 3 * HOUR
    assert daily_only.ledger.due("oempro") == []
    daily_only.clock.at = FIRST
    assert daily_only.ledger.due("oempro") == []
    daily_only.clock.at = FIRST + DAY

    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [FIRST + DAY]


def test_due_slot_waits_for_its_time_when_the_clock_is_set_back(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.ledger.update("oempro")

    daily_only.clock.at = FIRST - HOUR
    early = daily_only.ledger.due("oempro")
    daily_only.clock.at = FIRST

    assert early == []
    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [FIRST]


@pytest.mark.parametrize("seconds_late", [0, 1])
def test_ledger_written_by_a_wrong_clock_does_not_keep_backups_from_being_made(
    daily_only: LedgerBench, seconds_late: int
) -> None:
    daily_only.clock.at += 20 * DAY
    daily_only.serve("wrong-clock")

    daily_only.clock.at = NOON + HOUR
    at_once = daily_only.ledger.next_attempt_at("oempro")
    served = []
    for day in range(23):
        daily_only.clock.at = FIRST + day * DAY + timedelta(seconds=seconds_late)
        served += [slot.due_at for slot in daily_only.serve(f"run-{day}")]

    assert at_once is None
    assert served == [FIRST + day * DAY for day in range(23)]


def test_ledger_written_by_a_clock_a_year_ahead_keeps_the_next_slot(daily_only: LedgerBench) -> None:
    daily_only.clock.at += 365 * DAY
    daily_only.serve("wrong-clock")
    daily_only.clock.at = NOON + HOUR
    daily_only.ledger.update("oempro")

    daily_only.clock.at = FIRST

    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [FIRST]


def test_clock_corrected_during_a_run_does_not_serve_the_slots_of_the_wrong_year(daily_only: LedgerBench) -> None:
    daily_only.clock.at += 365 * DAY
    slots = daily_only.begin_run("run-1")
    daily_only.clock.at = NOON + HOUR

    daily_only.ledger.served(slots, "run-1")
    daily_only.end_run("run-1")

    assert daily_only.ledger.next_attempt_at("oempro") is None
    daily_only.clock.at = FIRST
    assert [slot.due_at for slot in daily_only.ledger.due("oempro")] == [FIRST]


def test_start_with_a_clock_in_the_distant_past_changes_no_outcome(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.serve("run-1")
    before = daily_only.states()

    daily_only.clock.at = datetime(2000, 1, 1, tzinfo=UTC)
    wrong = daily_only.ledger.next_attempt_at("oempro")
    daily_only.clock.at = FIRST + HOUR

    assert wrong is None
    assert daily_only.ledger.next_attempt_at("oempro") is None
    assert daily_only.states() == before


def test_views_show_a_schedule_as_it_stands(three_schedules: LedgerBench) -> None:
    three_schedules.clock.at = FIRST
    three_schedules.serve("run-1")
    three_schedules.ledger.pause("oempro", "weekly", "uid 0 (root)")
    three_schedules.clock.at = FIRST + DAY

    daily, weekly, monthly = three_schedules.ledger.schedule_views()

    assert (daily.server, daily.schedule, daily.expression) == ("oempro", "daily", "0 2 * * *")
    assert (daily.explain, daily.timezone) == ("At 02:00 every day", "UTC")
    assert (daily.next_at, daily.due_count) == (FIRST + 2 * DAY, 1)
    assert (daily.last_slot_state, daily.last_slot_at) == (SlotState.DUE, FIRST + DAY)
    assert (weekly.next_at, weekly.paused, weekly.paused_by) == (None, True, "uid 0 (root)")
    assert (monthly.last_slot_state, monthly.last_slot_at, monthly.paused) == (None, None, False)


def test_view_after_a_wrong_clock_shows_the_last_slot_that_has_come(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.serve("run-1")
    daily_only.clock.at = FIRST + 100 * DAY
    daily_only.serve("wrong-clock")
    daily_only.clock.at = FIRST + HOUR

    view = daily_only.ledger.schedule_views()[0]

    assert (view.last_slot_state, view.last_slot_at) == (SlotState.SERVED, FIRST)


def test_ledger_without_schedules_wants_nothing(tmp_path: Path) -> None:
    bench = LedgerBench(tmp_path, [])
    bench.clock.at += 3 * DAY

    assert bench.begin_run("run-1") == []
    assert bench.ledger.schedule_views() == []
    bench.close()


def test_reload_keeps_the_claim_of_a_running_run(daily_only: LedgerBench) -> None:
    daily_only.clock.at = FIRST
    daily_only.begin_run("run-1")

    daily_only.ledger.reconcile(all_three())

    assert daily_only.ledger.due("oempro") == []
