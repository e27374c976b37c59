"""Every run ends with an outcome in the catalog, its slots decided and its lock released."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.coordinator import ActiveRun
from octeth_backupd.daemon.run_worker import RunWorker
from octeth_backupd.domain.backup import Operation, RunStatus, SlotState, Tier, Trigger
from octeth_backupd.domain.events import RunFinished, RunStarted
from octeth_backupd.errors import CancelledError, CatalogError, EngineError, SpaceError
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.scheduling.ledger import SlotLedger
from tests.fakes.runs import a_run
from tests.unit.scheduling.builders import all_three

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from tests.fakes.bench import Bench

GOOD = RunResult(backup_id="oempro-1", detail={"archive_bytes": 7})


class Work:
    """A worker whose operation is a function of the test's; schedules are due since an hour ago."""

    def __init__(self, bench: Bench, execute: Callable[[RunContext], RunResult] = lambda _context: GOOD) -> None:
        self.bench = bench
        self.contexts: list[RunContext] = []
        self.released: list[ActiveRun] = []
        self.ledger = SlotLedger(catalog=bench.catalog, clock=bench.clock, definitions=())
        self.ledger.reconcile(all_three())
        bench.clock.go(timedelta(days=1, hours=1).total_seconds())

        def operation(context: RunContext, parts: Parts) -> RunResult:
            self.contexts.append(context)
            return execute(context)

        self.worker = RunWorker(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            installation_id="i" * 32,
            operations={Operation.BACKUP: operation},
            ledger=lambda: self.ledger,
            released=self.released.append,
        )

    def accept(self, trigger: Trigger = Trigger.SCHEDULE) -> ActiveRun:
        run = a_run(trigger=trigger)
        self.bench.catalog.add_run(run)
        return ActiveRun(run=run, parts=self.bench.parts(), is_running=True)

    def do(self, active: ActiveRun | None = None) -> Run:
        """Do a scheduled run, and return it as it ended."""
        active = active or self.accept()
        self.worker.work(active)
        assert self.released == [active]
        return self.bench.catalog.run(active.run.run_id)

    def slot_states(self) -> set[SlotState]:
        return {slot.state for slot in self.bench.catalog.slots(server="oempro")}

    def told(self) -> Run:
        """Return what the bus was told about the end; it must have been told once."""
        (event,) = [event for event in self.bench.events if isinstance(event, RunFinished)]
        return event.run


def _raising(error: Exception) -> Callable[[RunContext], RunResult]:
    def execute(context: RunContext) -> RunResult:
        raise error

    return execute


@pytest.mark.parametrize("status", [RunStatus.SUCCESS, RunStatus.DEGRADED])
def test_a_good_backup_serves_the_slots_and_is_recorded_with_its_details(bench: Bench, status: RunStatus) -> None:
    result = RunResult(status=status, backup_id="oempro-1", detail={"archive_bytes": 7})
    work = Work(bench, lambda _context: result)

    run = work.do()

    assert (run.status, run.backup_id, run.detail, run.error) == (status, "oempro-1", {"archive_bytes": 7}, "")
    assert run.finished_at == bench.clock.now()
    assert work.slot_states() == {SlotState.SERVED}
    assert work.told() == run


def test_a_degraded_run_says_why_where_errors_are_looked_for(bench: Bench) -> None:
    result = RunResult(status=RunStatus.DEGRADED, backup_id="oempro-1", detail={"degraded": ["one", "two"]})

    assert Work(bench, lambda _context: result).do().error == "one; two"


def test_an_error_of_a_megabyte_is_cut_wherever_it_is_kept(bench: Bench) -> None:
    cause = "engine: " + "x" * 1_000_000
    degraded = RunResult(status=RunStatus.DEGRADED, backup_id="oempro-1", detail={"degraded": [cause, "two"]})

    run = Work(bench, lambda _context: degraded).do()

    assert len(run.error.encode()) <= 2_000
    assert (len(run.detail["degraded"][0].encode()) <= 2_000, run.detail["degraded"][1]) == (True, "two")


def test_a_run_gets_the_tiers_of_its_slots_before_it_begins(bench: Bench) -> None:
    work = Work(bench)
    active = work.accept()

    work.do(active)

    (context,) = work.contexts
    assert context.run.tiers == {Tier.DAILY}
    assert [slot.schedule for slot in context.slots] == ["daily"]
    assert active.has_claimed
    (started,) = [event for event in bench.events if isinstance(event, RunStarted)]
    assert (started.run.status, started.run.started_at) == (RunStatus.RUNNING, bench.clock.now())


@pytest.mark.parametrize("trigger", [Trigger.MANUAL, Trigger.DAEMON])
def test_a_run_that_no_schedule_began_leaves_the_slots_to_it(bench: Bench, trigger: Trigger) -> None:
    work = Work(bench)

    run = work.do(work.accept(trigger))

    assert run.status is RunStatus.SUCCESS
    assert work.contexts[0].slots == ()
    assert [slot.state for slot in work.ledger.due("oempro")] == [SlotState.DUE]


def test_a_failed_run_says_why_and_its_slots_are_tried_again_later(bench: Bench) -> None:
    work = Work(bench, _raising(EngineError("exit code 1", hint="Look at the log.")))

    run = work.do()

    assert (run.status, run.error_code, run.error, run.hint) == (
        RunStatus.FAILED,
        "engine",
        "exit code 1",
        "Look at the log.",
    )
    assert work.ledger.next_attempt_at("oempro") == bench.clock.now() + timedelta(minutes=5)


def test_a_guards_reason_is_a_failure_no_cancellation(bench: Bench) -> None:
    work = Work(bench, _raising(SpaceError("stopped before the disk was full")))

    assert work.do().status is RunStatus.FAILED
    assert work.slot_states() == {SlotState.DUE}


def test_a_run_cancelled_by_an_operator_closes_its_slots(bench: Bench) -> None:
    work = Work(bench, _raising(CancelledError("cancelled by anna")))

    run = work.do()

    assert (run.status, run.error_code, run.error) == (RunStatus.CANCELLED, "cancelled", "cancelled by anna")
    assert work.slot_states() == {SlotState.CANCELLED}


def test_a_run_ended_by_the_daemons_stop_leaves_its_slots_due(bench: Bench) -> None:
    def stop(context: RunContext) -> RunResult:
        active.cancellation.cancel(active.stop_reason)
        context.cancellation.raise_if_cancelled()
        return GOOD

    work = Work(bench, stop)
    active = work.accept()

    run = work.do(active)

    assert (run.status, run.error) == (RunStatus.INTERRUPTED, "the daemon was stopped")
    assert [slot.state for slot in work.ledger.due("oempro")] == [SlotState.DUE]


def test_a_run_cancelled_while_it_waited_closes_the_slots_that_it_waited_for(bench: Bench) -> None:
    work = Work(bench)
    active = work.accept()
    active.cancellation.cancel(CancelledError("cancelled by anna"))

    run = work.do(active)

    assert run.status is RunStatus.CANCELLED
    assert work.contexts == []
    assert work.slot_states() == {SlotState.CANCELLED}


def test_a_run_that_waited_when_the_daemon_stopped_leaves_its_slots_due(bench: Bench) -> None:
    work = Work(bench)
    active = work.accept()
    active.cancellation.cancel(active.stop_reason)

    run = work.do(active)

    assert run.status is RunStatus.INTERRUPTED
    assert [slot.run_id for slot in work.ledger.due("oempro")] == [None]


def test_a_scheduled_run_without_a_slot_is_skipped(bench: Bench) -> None:
    work = Work(bench)
    bench.catalog.add_run(a_run("another"))
    work.ledger.claim("oempro", "another")

    run = work.do()

    assert (run.status, run.detail) == (RunStatus.SKIPPED, {"reason": "no slot was due any more"})
    assert work.contexts == []


def test_a_defect_is_an_internal_error_that_says_where_to_look(bench: Bench) -> None:
    work = Work(bench, _raising(ZeroDivisionError("division by zero")))

    with capture_logs() as lines:
        run = work.do()

    assert (run.status, run.error_code) == (RunStatus.FAILED, "internal_error")
    assert run.error == "internal error: ZeroDivisionError: division by zero"
    assert "journalctl -u octeth-backupd" in run.hint
    assert [line["event"] for line in lines] == ["run.internal_error"]
    assert work.ledger.next_attempt_at("oempro") == bench.clock.now() + timedelta(minutes=5)


def test_an_operation_that_is_not_known_ends_as_a_defect_not_as_a_hanging_lock(bench: Bench) -> None:
    work = Work(bench)
    run = a_run(operation=Operation.VERIFY)
    bench.catalog.add_run(run)

    with capture_logs():
        ended = work.do(ActiveRun(run=run, parts=bench.parts(), is_running=True))

    assert (ended.status, ended.error_code) == (RunStatus.FAILED, "internal_error")


def test_a_catalog_that_fails_at_the_begin_is_told_by_its_own_name(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(bench)
    _fail_once(bench, monkeypatch, "update_run", CatalogError("no space", hint="Free space."))

    run = work.do()

    assert (run.status, run.error_code, run.error, run.hint) == (RunStatus.FAILED, "catalog", "no space", "Free space.")
    assert work.contexts == []
    assert work.ledger.next_attempt_at("oempro") == bench.clock.now() + timedelta(minutes=5)


def test_the_end_is_told_and_the_lock_released_although_the_catalog_fails(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(bench, lambda _context: _break(bench, monkeypatch, "update_run"))

    with capture_logs() as lines:
        work.do()

    assert work.told().status is RunStatus.SUCCESS
    assert "run.finish_failed" in [line["event"] for line in lines]
    assert work.slot_states() == {SlotState.SERVED}


def test_slots_that_could_not_be_decided_are_not_served_a_second_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(bench, lambda _context: _break(bench, monkeypatch, "decide_slots"))
    with capture_logs():
        run = work.do()
    assert work.told().status is RunStatus.SUCCESS
    assert (run.status, work.ledger.due("oempro")) == (RunStatus.RUNNING, [])
    monkeypatch.undo()

    assert work.worker.record_late() == {"oempro"}

    assert bench.catalog.run(run.run_id).status is RunStatus.SUCCESS
    assert work.slot_states() == {SlotState.SERVED}


def test_an_end_is_not_lost_to_a_defect_while_it_is_written_late(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(bench, lambda _context: _break(bench, monkeypatch, "update_run", error=ValueError("a defect")))
    with capture_logs():
        run = work.do()

    still_broken = work.worker.record_late()
    monkeypatch.undo()

    assert (still_broken, work.worker.record_late()) == (set(), {"oempro"})
    assert bench.catalog.run(run.run_id).status is RunStatus.SUCCESS


def test_what_the_catalog_did_not_take_is_written_once_it_takes_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work(bench, lambda _context: _break(bench, monkeypatch, "update_run", "decide_slots"))
    with capture_logs():
        run = work.do()
    assert run.status is RunStatus.RUNNING
    assert work.ledger.due("oempro") == []

    still_broken = work.worker.record_late()
    monkeypatch.undo()
    repaired = work.worker.record_late()

    assert (still_broken, repaired) == (set(), {"oempro"})
    assert bench.catalog.run(run.run_id).status is RunStatus.SUCCESS
    assert work.slot_states() == {SlotState.SERVED}
    assert work.worker.record_late() == set()


def _break(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    *methods: str,
    error: Exception = CatalogError("database disk image is malformed"),
) -> RunResult:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise error

    for method in methods:
        monkeypatch.setattr(bench.catalog, method, broken)
    return GOOD


def _fail_once(bench: Bench, monkeypatch: pytest.MonkeyPatch, method: str, error: CatalogError) -> None:
    original = getattr(bench.catalog, method)

    def fails_once(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(bench.catalog, method, original)
        raise error

    monkeypatch.setattr(bench.catalog, method, fails_once)
