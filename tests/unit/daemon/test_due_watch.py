"""From due slots to runs."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.due_watch import LOOK_AGAIN_AFTER, DueWatch
from octeth_backupd.domain.backup import Operation, RunStatus, Trigger
from octeth_backupd.errors import CatalogError
from octeth_backupd.scheduling.ledger import SlotLedger
from tests.unit.scheduling.builders import all_three

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.backup import Run
    from tests.fakes.bench import Bench


class Watched:
    """A watch over real slots; runs begin, and go on until the test ends them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.begun: list[ActiveRun] = []
        self.retries: list[tuple[str, datetime]] = []
        self.ledger = SlotLedger(catalog=bench.catalog, clock=bench.clock, definitions=())
        self.ledger.reconcile(all_three())
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=self.begun.append,
            parts=bench.parts,
            max_parallel_runs=1,
        )
        self.watch = DueWatch(
            ledger=self.ledger,
            coordinator=self.coordinator,
            clock=bench.clock,
            retry_later=lambda server, at: self.retries.append((server, at)),
        )

    def look(self) -> list[Run]:
        """Look, and return every run there is now."""
        self.watch.look("oempro")
        return self.bench.catalog.runs()

    def go_to_next_due(self) -> None:
        self.bench.clock.go(timedelta(days=1).total_seconds())


@pytest.fixture
def watched(bench: Bench) -> Watched:
    """A watch over three schedules, none due yet."""
    return Watched(bench)


def test_nothing_due_is_nothing_to_do(watched: Watched) -> None:
    assert watched.look() == []
    assert watched.retries == []


def test_a_due_slot_becomes_a_scheduled_run(watched: Watched) -> None:
    watched.go_to_next_due()

    (run,) = watched.look()

    assert (run.operation, run.server, run.trigger) == (Operation.BACKUP, "oempro", Trigger.SCHEDULE)
    assert run.requested_by == "schedule"


def test_a_late_slot_is_caught_up(watched: Watched) -> None:
    watched.go_to_next_due()
    watched.bench.clock.go(3600)

    (run,) = watched.look()

    assert run.trigger is Trigger.CATCH_UP


def test_three_schedules_that_fire_together_make_one_run(watched: Watched) -> None:
    watched.bench.clock.go(timedelta(days=9).total_seconds())

    watched.look()
    watched.look()

    assert len(watched.look()) == 1


def test_what_came_due_after_the_claim_gets_a_run_of_its_own(watched: Watched) -> None:
    watched.go_to_next_due()
    (first,) = watched.look()
    watched.ledger.claim("oempro", first.run_id)
    watched.coordinator.active()[0].has_claimed = True

    assert len(watched.look()) == 1
    watched.go_to_next_due()
    assert len(watched.look()) == 2


def test_back_off_after_a_failure_is_waited_for(watched: Watched) -> None:
    watched.go_to_next_due()
    (run,) = watched.look()
    slots = watched.ledger.claim("oempro", run.run_id)
    watched.ledger.failed(slots, run.run_id, "no space")
    watched.bench.catalog.update_run(run.run_id, status=RunStatus.FAILED)
    watched.coordinator.finished(watched.coordinator.active()[0])

    watched.look()

    assert watched.retries == [("oempro", watched.bench.clock.now() + timedelta(minutes=5))]
    watched.bench.clock.go(300)
    assert len(watched.look()) == 2


def test_a_stopping_daemon_leaves_the_slots_to_the_next_start(watched: Watched) -> None:
    watched.go_to_next_due()
    watched.coordinator.stop(timeout_seconds=0)

    assert watched.look() == []
    assert len(watched.ledger.due("oempro")) == 1


def test_a_catalog_that_fails_is_logged_and_asked_again_a_little_later(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(server: str) -> None:
        raise CatalogError("the catalog is locked", hint="Close the shell.")

    monkeypatch.setattr(watched.ledger, "next_attempt_at", locked)

    with capture_logs() as lines:
        watched.look()

    assert watched.retries == [("oempro", watched.bench.clock.now() + LOOK_AGAIN_AFTER)]
    assert [(line["event"], line["hint"]) for line in lines] == [("schedule.look_failed", "Close the shell.")]


def test_a_scheduler_that_fails_as_well_is_logged_and_kills_nobody(watched: Watched) -> None:
    def broken(server: str, at: datetime) -> None:
        raise CatalogError("scheduler.sqlite is read-only")

    watch = DueWatch(
        ledger=watched.ledger, coordinator=watched.coordinator, clock=watched.bench.clock, retry_later=broken
    )
    watched.go_to_next_due()
    (run,) = watched.look()
    slots = watched.ledger.claim("oempro", run.run_id)
    watched.coordinator.active()[0].has_claimed = True
    watched.ledger.failed(slots, run.run_id, "no space")

    with capture_logs() as lines:
        watch.look("oempro")

    assert [line["event"] for line in lines] == ["schedule.look_failed", "schedule.retry_failed"]


def test_many_looks_at_once_make_one_run(watched: Watched) -> None:
    watched.go_to_next_due()
    together = threading.Barrier(6)

    def look() -> None:
        together.wait(20)
        watched.watch.look("oempro")

    looks = [threading.Thread(target=look) for _ in range(6)]
    for thread in looks:
        thread.start()
    for thread in looks:
        thread.join(20)

    assert len(watched.bench.catalog.runs()) == 1


def test_what_comes_due_during_a_restore_is_recorded_as_skipped_once_and_caught_up(bench: Bench) -> None:
    reasons = ["restore x holds the server"]
    watched = Watched(bench)
    watched.watch = DueWatch(
        ledger=watched.ledger,
        coordinator=watched.coordinator,
        clock=bench.clock,
        retry_later=lambda server, at: watched.retries.append((server, at)),
        blocked=lambda _server: reasons[0],
    )
    watched.go_to_next_due()

    watched.look()
    runs = watched.look()

    assert [(run.status, run.error) for run in runs] == [(RunStatus.SKIPPED, "restore x holds the server")]
    reasons[0] = ""
    bench.clock.go(3600)
    newest, _ = watched.look()
    assert newest.trigger is Trigger.CATCH_UP
