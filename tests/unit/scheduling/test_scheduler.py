"""The scheduler over restarts, edits, damage and clock jumps; the machine's clock is moved, nothing sleeps."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import time_machine

from octeth_backupd.domain.backup import Tier
from octeth_backupd.errors import CatalogError, NotFoundError
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.scheduling import store as store_module
from octeth_backupd.scheduling.scheduler import RETRY, Scheduler
from tests.unit.scheduling.builders import DAY, HOUR, MINUTE, NOON, all_three, definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from octeth_backupd.scheduling.definition import ScheduleDefinition

FIRST = datetime(2026, 10, 26, 2, tzinfo=UTC)
WAIT_SECONDS = 10


@dataclass
class Calls:
    """What the scheduler told; ``told`` is set with each call."""

    made: list[tuple[str, str]] = field(default_factory=list)
    told: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    def __call__(self, server: str, schedule: str) -> None:
        self.made.append((server, schedule))
        self.told.set()
        if self.error is not None:
            raise self.error

    def taken(self) -> list[tuple[str, str]]:
        made, self.made = self.made, []
        return made


@pytest.fixture
def machine() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def calls() -> Calls:
    return Calls()


@contextmanager
def running(
    directory: Path, calls: Calls, definitions: Sequence[ScheduleDefinition] | None = None
) -> Iterator[Scheduler]:
    """Start a scheduler as the daemon does, and make one pass."""
    scheduler = Scheduler(path=directory / "scheduler.sqlite", clock=SystemClock(), on_due=calls)
    scheduler.start_paused()
    try:
        scheduler.reconcile([definition()] if definitions is None else definitions)
        scheduler.resume()
        scheduler.run_pass()
        yield scheduler
    finally:
        scheduler.stop()


def test_schedule_fires_once_at_each_time(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls) as scheduler:
        for hour in range(1, 73):
            machine.move_to(NOON + hour * HOUR)
            scheduler.run_pass()

    assert calls.made == [("oempro", "daily")] * 3


def test_nothing_fires_before_resume(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls):
        pass
    machine.move_to(NOON + 3 * DAY)
    scheduler = Scheduler(path=tmp_path / "scheduler.sqlite", clock=SystemClock(), on_due=calls)

    scheduler.start_paused()
    scheduler.reconcile([definition()])
    scheduler.run_pass()

    assert calls.made == []
    scheduler.resume()
    scheduler.run_pass()
    assert calls.made == [("oempro", "daily")]
    scheduler.stop()


def test_three_days_down_fire_once(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls):
        pass
    machine.move_to(NOON + 3 * DAY)

    with running(tmp_path, calls) as scheduler:
        scheduler.run_pass()
        next_times = dict(scheduler.next_run_times())

    assert calls.made == [("oempro", "daily")]
    assert next_times == {("oempro", "daily"): FIRST + 3 * DAY}


def test_edited_rule_does_not_fire_for_the_past(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls):
        pass
    machine.move_to(NOON + 3 * DAY)

    with running(tmp_path, calls, [definition(expression="0 1 * * *")]) as scheduler:
        next_times = dict(scheduler.next_run_times())

    assert calls.made == []
    assert next_times == {("oempro", "daily"): datetime(2026, 10, 29, 1, tzinfo=UTC)}


def test_removed_schedules_and_retries_of_removed_servers_are_gone(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    with running(tmp_path, calls, [*all_three(), definition(server="other")]) as scheduler:
        scheduler.retry_later("other", NOON + HOUR)
        scheduler.retry_later("oempro", NOON + HOUR)
    machine.move_to(NOON + 30 * MINUTE)

    with running(tmp_path, calls, [definition(Tier.WEEKLY)]) as scheduler:
        assert set(scheduler.next_run_times()) == {("oempro", "weekly")}
        assert dict(scheduler.retry_times()) == {"oempro": NOON + HOUR}


def test_reconcile_while_running_keeps_the_times_of_unchanged_schedules(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    with running(tmp_path, calls) as scheduler:
        machine.move_to(FIRST + HOUR)
        scheduler.reconcile([definition(), definition(Tier.WEEKLY)])
        scheduler.run_pass()

    assert calls.made == [("oempro", "daily")]


def test_paused_schedule_does_not_fire_and_stays_paused_over_restart_and_edit(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    with running(tmp_path, calls) as scheduler:
        scheduler.pause("oempro", "daily")
    machine.move_to(NOON + 3 * DAY)

    with running(tmp_path, calls) as scheduler:
        assert scheduler.next_run_times() == {}
    with running(tmp_path, calls, [definition(expression="0 3 * * *")]) as scheduler:
        assert scheduler.next_run_times() == {}
        scheduler.unpause("oempro", "daily")
        assert dict(scheduler.next_run_times()) == {("oempro", "daily"): datetime(2026, 10, 29, 3, tzinfo=UTC)}
        scheduler.run_pass()

    assert calls.made == []


def test_pauses_that_the_ledger_knows_are_taken_over(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    with running(tmp_path, calls, all_three()) as scheduler:
        scheduler.pause("oempro", "weekly")
        scheduler.reconcile(all_three(), paused={("oempro", "daily")})

        assert set(scheduler.next_run_times()) == {("oempro", "weekly"), ("oempro", "monthly")}


def test_unpause_of_a_schedule_that_is_not_paused_does_not_lose_its_time(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    with running(tmp_path, calls):
        pass
    machine.move_to(FIRST + HOUR)
    scheduler = Scheduler(path=tmp_path / "scheduler.sqlite", clock=SystemClock(), on_due=calls)
    scheduler.start_paused()

    scheduler.unpause("oempro", "daily")

    assert dict(scheduler.next_run_times()) == {("oempro", "daily"): FIRST}
    scheduler.stop()


def test_pause_of_an_unknown_schedule_is_refused(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls) as scheduler:
        with pytest.raises(NotFoundError, match="weekly"):
            scheduler.pause("oempro", "weekly")
        with pytest.raises(NotFoundError, match="weekly"):
            scheduler.unpause("oempro", "weekly")


def test_retry_fires_once_and_survives_a_restart(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls) as scheduler:
        scheduler.retry_later("oempro", NOON + 5 * MINUTE)
    machine.move_to(NOON + 10 * MINUTE)

    with running(tmp_path, calls) as scheduler:
        scheduler.run_pass()
        retries = dict(scheduler.retry_times())

    assert calls.made == [("oempro", RETRY)]
    assert retries == {}


def test_later_retry_takes_the_place_of_an_earlier_one(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    with running(tmp_path, calls) as scheduler:
        scheduler.retry_later("oempro", NOON + 5 * MINUTE)
        scheduler.retry_later("oempro", NOON + 30 * MINUTE)

        assert dict(scheduler.retry_times()) == {"oempro": NOON + 30 * MINUTE}


def test_retry_asked_for_while_stopping_does_nothing(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    with running(tmp_path, calls) as scheduler:
        pass

    scheduler.retry_later("oempro", NOON + 5 * MINUTE)

    with running(tmp_path, calls) as again:
        assert dict(again.retry_times()) == {}


def test_clock_set_back_a_year_does_not_stop_the_schedule(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    machine.move_to(NOON + 365 * DAY)
    with running(tmp_path, calls) as scheduler:
        scheduler.retry_later("oempro", NOON + 365 * DAY + 30 * MINUTE)
        machine.move_to(NOON)
        scheduler.run_pass()
        corrected = dict(scheduler.next_run_times())
        machine.move_to(FIRST + DAY)
        scheduler.run_pass()

    assert corrected == {("oempro", "daily"): FIRST}
    assert sorted(calls.made) == [("oempro", "daily"), ("oempro", RETRY)]


def test_clock_set_forward_a_year_fires_once(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls, [definition(expression="* * * * *")]) as scheduler:
        calls.taken()
        machine.move_to(NOON + 365 * DAY)
        scheduler.run_pass()

    assert calls.made == [("oempro", "daily")]


def test_failing_callback_is_told_again_for_other_servers_and_next_time(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    calls.error = RuntimeError("the catalog is locked")
    with running(tmp_path, calls, [definition(server="one"), definition(server="two")]) as scheduler:
        machine.move_to(FIRST)
        scheduler.run_pass()
        machine.move_to(FIRST + DAY)
        scheduler.run_pass()

        assert scheduler.is_alive()

    assert sorted(calls.made) == [("one", "daily")] * 2 + [("two", "daily")] * 2


def test_callback_may_use_the_scheduler_from_another_thread(tmp_path: Path, machine: time_machine.Traveller) -> None:
    planned: list[int] = []

    def on_due(server: str, schedule: str) -> None:
        worker = threading.Thread(target=scheduler.retry_later, args=(server, FIRST + 5 * MINUTE))
        worker.start()
        worker.join(WAIT_SECONDS)
        planned.append(len(scheduler.retry_times()) if not worker.is_alive() else -1)

    scheduler = Scheduler(path=tmp_path / "scheduler.sqlite", clock=SystemClock(), on_due=on_due)
    scheduler.start_paused()
    scheduler.reconcile([definition()])
    scheduler.resume()
    machine.move_to(FIRST)
    scheduler.run_pass()
    scheduler.stop()

    assert planned == [1]


def test_locked_store_neither_kills_the_thread_nor_loses_the_call(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_TIMEOUT_SECONDS", 0)
    with running(tmp_path, calls) as scheduler:
        machine.move_to(FIRST)
        with closing(sqlite3.connect(tmp_path / "scheduler.sqlite", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            scheduler.run_pass()
            while_locked = calls.taken()
            connection.execute("ROLLBACK")
        scheduler.run_pass()
        machine.move_to(FIRST + DAY)
        calls.taken()
        scheduler.run_pass()

        assert scheduler.is_alive()

    assert set(while_locked) == {("oempro", "daily")}
    assert calls.made == [("oempro", "daily")]


def test_locked_store_is_told_to_who_changes_it(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_TIMEOUT_SECONDS", 0)
    with (
        running(tmp_path, calls) as scheduler,
        closing(sqlite3.connect(tmp_path / "scheduler.sqlite", isolation_level=None)) as connection,
    ):
        connection.execute("BEGIN IMMEDIATE")

        with pytest.raises(CatalogError) as caught:
            scheduler.retry_later("oempro", FIRST)

        connection.execute("ROLLBACK")
    assert caught.value.retryable


def test_entry_that_cannot_be_read_is_made_anew(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls):
        pass
    with closing(sqlite3.connect(tmp_path / "scheduler.sqlite")) as connection:
        connection.execute("UPDATE apscheduler_jobs SET job_state = ?", (b"not a pickle",))
        connection.commit()

    with running(tmp_path, calls) as scheduler:
        assert dict(scheduler.next_run_times()) == {("oempro", "daily"): FIRST}


def test_damaged_file_is_made_anew_from_the_configuration(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    (tmp_path / "scheduler.sqlite").write_bytes(b"damaged" * 1000)

    with running(tmp_path, calls, all_three()) as scheduler:
        assert len(scheduler.next_run_times()) == 3

    assert len(list(tmp_path.glob("scheduler.sqlite.damaged-*"))) == 1


def test_nothing_but_names_is_stored(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls) as scheduler:
        (job,) = scheduler._scheduler.get_jobs()  # type: ignore[union-attr]

        assert job.func_ref == "octeth_backupd.scheduling.entry:look_at_slots"
        assert list(job.args) == ["oempro", "daily"]
        assert job.kwargs == {"definition": definition().fingerprint}
        assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (None, True, 1)


def test_due_entry_is_left_alone_while_stopping(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls) as scheduler:
        inner = scheduler._scheduler
        assert inner is not None
        scheduler.stop()
        machine.move_to(FIRST)
        inner.run_pass()
    assert calls.made == []

    with running(tmp_path, calls):
        pass
    assert calls.made == [("oempro", "daily")]


def test_thread_itself_fires_when_woken_after_a_clock_jump(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls
) -> None:
    with running(tmp_path, calls) as scheduler:
        machine.move_to(FIRST)
        scheduler.wakeup()

        assert calls.told.wait(WAIT_SECONDS)

    assert calls.made == [("oempro", "daily")]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_thread_that_is_gone_is_seen(
    tmp_path: Path, machine: time_machine.Traveller, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise SystemExit

    with running(tmp_path, calls) as scheduler:
        alive_before = scheduler.is_alive()
        inner = scheduler._scheduler
        assert inner is not None
        monkeypatch.setattr(inner, "_process_jobs", die)
        scheduler.wakeup()
        thread = inner.thread
        assert thread is not None
        thread.join(WAIT_SECONDS)

        assert alive_before
        assert inner.running
        assert not scheduler.is_alive()


def test_scheduler_that_was_not_started_is_not_alive_and_stops_quietly(tmp_path: Path, calls: Calls) -> None:
    scheduler = Scheduler(path=tmp_path / "scheduler.sqlite", clock=SystemClock(), on_due=calls)

    scheduler.wakeup()
    scheduler.stop()

    assert not scheduler.is_alive()
    with pytest.raises(CatalogError, match="not running"):
        scheduler.next_run_times()


def test_stop_twice_is_one_stop(tmp_path: Path, machine: time_machine.Traveller, calls: Calls) -> None:
    with running(tmp_path, calls) as scheduler:
        scheduler.stop()
        scheduler.stop()

        assert not scheduler.is_alive()


def test_stop_from_the_schedulers_own_thread_is_refused(tmp_path: Path, machine: time_machine.Traveller) -> None:
    refused = threading.Event()

    def on_due(server: str, schedule: str) -> None:
        try:
            scheduler.stop()
        except RuntimeError:
            refused.set()

    scheduler = Scheduler(path=tmp_path / "scheduler.sqlite", clock=SystemClock(), on_due=on_due)
    scheduler.start_paused()
    scheduler.reconcile([definition()])
    scheduler.resume()
    machine.move_to(FIRST)
    scheduler.wakeup()

    assert refused.wait(WAIT_SECONDS)
    assert scheduler.is_alive()
    scheduler.stop()
