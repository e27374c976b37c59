"""What restores still need is submitted, and keeps backups off meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.restore_watch import FIRST_DELAY, RestoreWatch
from octeth_backupd.domain.backup import Operation, RunStatus, Trigger
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.order import JournalOrder
from tests.unit.domain.restore.test_journal import JOURNAL

if TYPE_CHECKING:
    from octeth_backupd.domain.restore.journal import Journal
    from tests.fakes.bench import Bench


class Watched:
    """A watch over real journals; runs begin, and end when told."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.begun: list[ActiveRun] = []
        self.parts = bench.parts()
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=self.begun.append,
            parts=lambda: self.parts,
            max_parallel_runs=1,
        )
        self.watch = RestoreWatch(coordinator=self.coordinator, clock=bench.clock, parts=lambda: self.parts)

    def write(self, journal: Journal) -> None:
        self.parts.journals.write(replace(journal, created_at=self.bench.clock.now()))

    def end_all(self) -> None:
        for active in self.coordinator.active():
            assert active.thread is not None
            active.thread.join()
            self.bench.catalog.update_run(active.run.run_id, status=RunStatus.SUCCESS)
            self.coordinator.finished(active)

    def operations(self) -> list[Operation]:
        return [run.operation for run in self.bench.catalog.runs()]


@pytest.fixture
def watched(bench: Bench) -> Watched:
    """No restore yet."""
    return Watched(bench)


def test_an_open_restore_is_resolved(watched: Watched) -> None:
    watched.write(replace(JOURNAL, state=State.STARTING))

    watched.watch.look()

    [active] = watched.coordinator.active()
    assert (active.run.operation, active.run.server) == (Operation.RESOLVE, "oempro")
    assert active.order == JournalOrder(restore_id=JOURNAL.restore_id)


def test_it_is_tried_again_less_and_less_often(watched: Watched) -> None:
    watched.write(replace(JOURNAL, state=State.STARTING))
    tries = []
    for minute in range(8):
        watched.watch.look()
        if watched.coordinator.active():
            tries.append(minute)
        watched.end_all()
        watched.bench.clock.go(FIRST_DELAY.total_seconds())

    assert tries == [0, 1, 3, 7]


def test_nothing_is_submitted_while_a_run_holds_the_server(watched: Watched) -> None:
    watched.write(replace(JOURNAL, state=State.STAGING))
    watched.coordinator.submit(
        Operation.RESTORE, server="oempro", trigger=Trigger.MANUAL, requested_by="uid 0 (root)", wait=False
    )

    watched.watch.look()

    assert watched.operations() == [Operation.RESTORE]


def test_an_expired_safety_copy_is_removed_by_a_run(watched: Watched) -> None:
    past = watched.bench.clock.now() - timedelta(hours=1)
    watched.write(replace(JOURNAL, state=State.COMMITTED, has_swapped=True, expires_at=past))

    watched.watch.look()

    assert watched.operations() == [Operation.EXPIRE]


def test_finished_restores_ask_for_nothing(watched: Watched) -> None:
    future = watched.bench.clock.now() + timedelta(hours=1)
    watched.write(replace(JOURNAL, state=State.COMMITTED, has_swapped=True, expires_at=future))

    watched.watch.look()

    assert watched.operations() == []
    assert watched.watch.blocks("oempro") == ""


def test_an_open_restore_keeps_backups_of_its_server_off(watched: Watched) -> None:
    watched.write(replace(JOURNAL, state=State.UNFENCING))

    assert "unfencing" in watched.watch.blocks("oempro")
    assert watched.watch.blocks("shop") == ""


def test_a_running_restore_keeps_backups_off(watched: Watched) -> None:
    run = watched.coordinator.submit(
        Operation.RESTORE, server="oempro", trigger=Trigger.MANUAL, requested_by="uid 0 (root)", wait=False
    )

    assert watched.watch.blocks("oempro") == f"restore {run.run_id} holds the server"


def test_a_journal_that_cannot_be_read_keeps_backups_of_its_server_off(watched: Watched) -> None:
    run = watched.coordinator.submit(
        Operation.RESTORE, server="oempro", trigger=Trigger.MANUAL, requested_by="uid 0 (root)", wait=False
    )
    watched.parts.journals.directory.mkdir()
    watched.parts.journals.path(run.run_id).write_text("{")
    for active in watched.coordinator.active():
        assert active.thread is not None
        active.thread.join()
        watched.bench.catalog.update_run(run.run_id, status=RunStatus.INTERRUPTED)
        watched.coordinator.finished(active)

    assert "may not be over" in watched.watch.blocks("oempro")
    assert watched.watch.blocks("shop") == ""
