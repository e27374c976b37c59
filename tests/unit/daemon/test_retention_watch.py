"""The daily retention is submitted when it is due, and made up for when it was missed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.retention_watch import RetentionWatch
from octeth_backupd.domain.backup import Operation, RunStatus, Trigger
from octeth_backupd.domain.cron import CronRule
from octeth_backupd.errors import CatalogError
from octeth_backupd.pipeline.retention.confirmation import why_unconfirmed
from tests.fakes.catalog_values import make_backup

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run
    from tests.fakes.bench import Bench

DAY_SECONDS = 86400


class Watched:
    """A watch over a real catalog at 02:00; retention is due at 04:30; runs begin, and end when told."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.begun: list[ActiveRun] = []
        self.parts = replace(bench.parts(), retention_rule=CronRule(expression="30 4 * * *", timezone="UTC"))
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=self.begun.append,
            parts=lambda: self.parts,
            max_parallel_runs=1,
        )
        self.watch = RetentionWatch(coordinator=self.coordinator, clock=bench.clock, parts=lambda: self.parts)

    def look(self, status: RunStatus = RunStatus.SUCCESS) -> int:
        """Look, let what was submitted end, and return how many runs there were."""
        self.watch.look()
        active_runs = self.coordinator.active()
        for active in active_runs:
            assert active.thread is not None
            active.thread.join()
            self.bench.catalog.update_run(active.run.run_id, status=status)
            self.coordinator.finished(active)
        return len(active_runs)

    def runs(self) -> list[Run]:
        return self.bench.catalog.runs()


@pytest.fixture
def watched(bench: Bench) -> Watched:
    """One backup is there, and it is 02:00."""
    bench.catalog.add_backup(make_backup())
    watched = Watched(bench)
    assert watched.look() == 0  # a new server begins now: nothing is made up for
    return watched


def test_it_runs_once_a_day_at_its_time(watched: Watched) -> None:
    hours = []
    for hour in range(72):
        if watched.look():
            hours.append(hour)
        watched.bench.clock.go(3600)

    assert hours == [3, 27, 51]  # 05:00, the first look after 04:30


def test_its_run_is_one_of_the_daemon_that_claims_no_slot(watched: Watched) -> None:
    watched.bench.clock.go(DAY_SECONDS)
    watched.look()

    (run,) = watched.runs()
    assert (run.operation, run.server, run.trigger, run.requested_by) == (
        Operation.RETENTION,
        "oempro",
        Trigger.DAEMON,
        "schedule",
    )


def test_time_that_was_missed_is_made_up_for_once(watched: Watched) -> None:
    watched.bench.clock.go(9 * DAY_SECONDS)

    assert [watched.look(), watched.look()] == [1, 0]


def test_failed_run_is_left_to_the_next_day_and_an_interrupted_one_is_done_again(watched: Watched) -> None:
    watched.bench.clock.go(DAY_SECONDS)
    assert [watched.look(RunStatus.INTERRUPTED), watched.look(RunStatus.FAILED), watched.look()] == [1, 1, 0]


def test_nothing_is_submitted_twice_while_one_waits(watched: Watched) -> None:
    watched.bench.clock.go(DAY_SECONDS)

    watched.watch.look()
    watched.watch.look()

    assert len(watched.coordinator.active()) == 1


def test_operators_run_counts(watched: Watched) -> None:
    watched.bench.clock.go(DAY_SECONDS)
    watched.coordinator.submit(
        Operation.RETENTION, server="oempro", trigger=Trigger.MANUAL, requested_by="uid 0 (root)", wait=False
    )

    assert watched.look() == 1
    assert watched.look() == 0


def test_run_dated_in_the_future_does_not_keep_it_from_running(watched: Watched) -> None:
    watched.bench.clock.jump(400 * DAY_SECONDS)
    assert watched.look() == 1
    watched.bench.clock.jump(-399 * DAY_SECONDS)

    assert [watched.look(), watched.look()] == [1, 0]


def test_server_that_was_first_seen_in_the_future_is_known_from_now_on(watched: Watched) -> None:
    watched.bench.clock.jump(-400 * DAY_SECONDS)
    assert watched.look() == 0

    watched.bench.clock.go(DAY_SECONDS)
    assert watched.look() == 1


def test_without_a_rule_or_a_backup_nothing_runs(bench: Bench) -> None:
    watched = Watched(bench)
    assert watched.look() == 0

    watched.look()
    bench.clock.go(2 * DAY_SECONDS)
    assert watched.look() == 0

    bench.catalog.add_backup(make_backup())
    watched.parts = replace(watched.parts, retention_rule=None)
    assert watched.look() == 0


def test_policy_of_a_new_installation_is_confirmed_at_the_first_look(bench: Bench) -> None:
    watched = Watched(bench)

    watched.look()

    assert why_unconfirmed(bench.catalog, watched.parts.retention) == ""


def test_broken_catalog_is_left_to_the_next_look(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.bench.clock.go(DAY_SECONDS)

    def fail(*_arguments: object, **_named: object) -> None:
        raise CatalogError("locked")

    monkeypatch.setattr(watched.bench.catalog, "backups", fail)
    assert watched.look() == 0

    monkeypatch.undo()
    assert watched.look() == 1


def test_stopping_daemon_submits_nothing(watched: Watched) -> None:
    watched.bench.clock.go(DAY_SECONDS)
    watched.coordinator.stop(timeout_seconds=1)

    assert watched.look() == 0
