"""The guards around APScheduler's pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import time_machine
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from octeth_backupd.scheduling.entry import REFERENCE
from octeth_backupd.scheduling.guarded import GuardedScheduler
from octeth_backupd.scheduling.trigger import CronRuleTrigger
from tests.unit.scheduling.builders import HOUR, NOON, definition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


class FailingStore(MemoryJobStore):  # type: ignore[misc]  # the library has no types
    """A store that works until it is told to fail at a method."""

    def fail_at(self, method: str) -> None:
        def fail(*_arguments: object) -> None:
            raise OSError("disk I/O error")

        setattr(self, method, fail)


class Bench:
    """A scheduler whose passes are made by the test, with one daily entry."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.store = FailingStore()
        self.scheduler = GuardedScheduler(store=self.store, on_fired=lambda *key: self.told.append(key))
        self.scheduler.start(paused=True)
        self.scheduler.add_job(
            REFERENCE,
            trigger=CronRuleTrigger(definition().rule),
            args=("oempro", "daily"),
            id="entry",
            misfire_grace_time=None,
        )

    def next_at(self) -> datetime:
        at: datetime = self.scheduler.get_job("entry").next_run_time
        return at


@pytest.fixture
def machine() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def bench(machine: time_machine.Traveller) -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.scheduler.shutdown(wait=False)


@pytest.mark.parametrize("method", ["get_due_jobs", "update_job", "get_next_run_time", "get_all_jobs"])
def test_pass_that_fails_in_the_store_is_made_again_soon(
    bench: Bench, machine: time_machine.Traveller, method: str
) -> None:
    bench.scheduler.resume()
    machine.move_to(NOON + 15 * HOUR)
    bench.store.fail_at(method)

    wait_seconds = bench.scheduler.run_pass()

    assert wait_seconds is not None
    assert wait_seconds <= 10
    assert bench.scheduler.thread is not None
    assert bench.scheduler.thread.is_alive()


def test_entry_that_fired_before_the_store_failed_is_told(bench: Bench, machine: time_machine.Traveller) -> None:
    bench.store.fail_at("update_job")
    bench.scheduler.resume()
    machine.move_to(NOON + 15 * HOUR)

    bench.scheduler.run_pass()

    assert set(bench.told) == {("oempro", "daily")}


def test_paused_scheduler_makes_no_pass(bench: Bench, machine: time_machine.Traveller) -> None:
    machine.move_to(NOON + 15 * HOUR)

    assert bench.scheduler.run_pass() is None
    assert bench.told == []
    assert bench.next_at() == NOON + 14 * HOUR


def test_pass_tells_when_the_next_is_needed(bench: Bench) -> None:
    bench.scheduler.resume()

    assert bench.scheduler.run_pass() == 14 * 3600


def test_guarded_pass_is_the_one_that_the_installed_library_calls() -> None:
    assert "_process_jobs" in BackgroundScheduler._main_loop.__code__.co_names
    assert GuardedScheduler._process_jobs is not BackgroundScheduler._process_jobs
    assert GuardedScheduler._main_loop is BackgroundScheduler._main_loop
