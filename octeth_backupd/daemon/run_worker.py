"""One run from its turn to its end: claims slots, executes, decides the outcome, records it, tells everybody.

Whatever happens inside, a run ends with an outcome in the catalog, its slots decided and its lock released.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import Operation, Run, RunStatus, Slot
from octeth_backupd.domain.events import RunFinished, RunStarted
from octeth_backupd.domain.shortening import shortened
from octeth_backupd.errors import BackupdError, CancelledError
from octeth_backupd.pipeline.context import RunContext
from octeth_backupd.pipeline.result import RunResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.pipeline.result import Execute
    from octeth_backupd.scheduling.ledger import SlotLedger
    from octeth_backupd.telemetry.bus import EventBus

_log = structlog.get_logger("worker")

RUN_NICENESS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended."""

    status: RunStatus
    result: RunResult
    error: BackupdError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnwrittenEnd:
    """What the catalog has yet to take of a run's end, in order."""

    server: str
    writes: deque[Callable[[], None]]

    def write(self) -> None:
        """Write it down; what was written before an error is not written again."""
        while self.writes:
            self.writes[0]()
            self.writes.popleft()


class RunWorker:
    """Do runs.

    Args:
        operations: What each operation executes.
        ledger: Returns the slot ledger of the configuration in force.
        released: Called last, when the run's lock may go to the next.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        bus: EventBus,
        clock: Clock,
        installation_id: str,
        operations: Mapping[Operation, Execute],
        ledger: Callable[[], SlotLedger],
        released: Callable[[ActiveRun], None],
    ) -> None:
        self._catalog = catalog
        self._bus = bus
        self._clock = clock
        self._installation_id = installation_id
        self._operations = operations
        self._ledger = ledger
        self._released = released
        self._unwritten: deque[UnwrittenEnd] = deque()

    def work(self, active: ActiveRun) -> None:
        """Do a whole run; never raises."""
        _take_low_priority()
        slots: tuple[Slot, ...] = ()
        try:
            slots = self._claim(active)
            self._begin(active, slots)
            ending = self._execute(active, slots)
        except BackupdError as exc:
            ending = Ending(status=RunStatus.FAILED, result=RunResult(), error=exc)
        except Exception as exc:  # noqa: BLE001 - the outcome must be recorded whatever happened
            ending = _unexpected(active.run, exc)
        try:
            self._finish(active, ending, slots)
        finally:
            self._released(active)

    def record_late(self) -> set[str]:
        """Write down what the catalog did not take when a run ended; called about every minute.

        Until then the run counts as running and keeps its slots, so that none of them is served twice.

        Returns:
            The servers whose runs are recorded now: their slots may be due again.
        """
        servers = set()
        for _ in range(len(self._unwritten)):
            end = self._unwritten.popleft()
            try:
                end.write()
            except Exception:  # noqa: BLE001 - logged when the run ended; nothing of it may be lost
                self._unwritten.append(end)
            else:
                servers.add(end.server)
        return servers

    def _claim(self, active: ActiveRun) -> tuple[Slot, ...]:
        """Take the slots that the run serves; a cancelled one closes them, a stopped one leaves them due."""
        run = active.run
        if not run.trigger.serves_slots or active.ended_by_stop:
            return ()
        slots = tuple(self._ledger().claim(run.server, run.run_id))
        active.has_claimed = True
        return slots

    def _begin(self, active: ActiveRun, slots: tuple[Slot, ...]) -> None:
        run = active.run
        tiers = run.tiers | {slot.tier for slot in slots}
        active.run = self._catalog.update_run(
            run.run_id, status=RunStatus.RUNNING, started_at=self._clock.now(), tiers=frozenset(tiers)
        )
        self._bus.publish(RunStarted(run_id=run.run_id, server=run.server, at=self._clock.now(), run=active.run))

    def _execute(self, active: ActiveRun, slots: tuple[Slot, ...]) -> Ending:
        run = active.run
        if run.trigger.serves_slots and not slots and not active.cancellation.is_cancelled:
            return Ending(status=RunStatus.SKIPPED, result=RunResult(detail={"reason": "no slot was due any more"}))
        context = RunContext(
            run=run,
            installation_id=self._installation_id,
            bus=self._bus,
            clock=self._clock,
            cancellation=active.cancellation,
            slots=slots,
            order=active.order,
        )
        try:
            active.cancellation.raise_if_cancelled()
            result = self._operations[run.operation](context, active.parts)
        except CancelledError as exc:
            status = RunStatus.INTERRUPTED if active.ended_by_stop else RunStatus.CANCELLED
            return Ending(status=status, result=RunResult(), error=exc)
        except BackupdError as exc:
            return Ending(status=RunStatus.FAILED, result=RunResult(), error=exc)
        return Ending(status=result.status, result=result)

    def _finish(self, active: ActiveRun, ending: Ending, slots: tuple[Slot, ...]) -> None:
        error = ending.error
        degraded = [shortened(str(cause)) for cause in ending.result.detail.get("degraded", ())]
        finished = replace(
            active.run,
            status=ending.status,
            finished_at=self._clock.now(),
            step="",
            backup_id=ending.result.backup_id or active.run.backup_id,
            error_code=error.code if error else "",
            error=shortened(error.message if error else "; ".join(degraded)),
            hint=error.hint if error else "",
            detail=dict(ending.result.detail) | ({"degraded": degraded} if degraded else {}),
        )
        # In this order: a claim is over once its run's row is final, and slots left undecided would be served again.
        end = UnwrittenEnd(
            server=finished.server,
            writes=deque([partial(self._decide_slots, finished, slots), partial(self._record, finished)]),
        )
        try:
            end.write()
        except Exception:  # noqa: BLE001 - the rest must be done whatever becomes of this, the lock released
            _log.exception("run.finish_failed", run_id=finished.run_id)
            self._unwritten.append(end)
        self._bus.publish(
            RunFinished(run_id=finished.run_id, server=finished.server, at=self._clock.now(), run=finished)
        )

    def _record(self, finished: Run) -> None:
        self._catalog.update_run(
            finished.run_id,
            status=finished.status,
            finished_at=finished.finished_at,
            step="",
            backup_id=finished.backup_id,
            error_code=finished.error_code,
            error=finished.error,
            hint=finished.hint,
            detail=finished.detail,
        )

    def _decide_slots(self, run: Run, slots: tuple[Slot, ...]) -> None:
        if not slots:
            return
        ledger = self._ledger()
        match run.status:
            case RunStatus.SUCCESS | RunStatus.DEGRADED:
                ledger.served(slots, run_id=run.run_id)
            case RunStatus.CANCELLED:
                ledger.cancelled(slots, run_id=run.run_id)
            case RunStatus.FAILED:
                ledger.failed(slots, run_id=run.run_id, error=run.error)
            case _:
                ledger.interrupted(slots)


def _take_low_priority() -> None:
    """Give the run's own thread, which compresses and hashes, the low priority of the run's programs."""
    thread_id = threading.get_native_id()
    with contextlib.suppress(OSError):  # a sandbox may forbid it; no reason to fail a backup
        os.setpriority(os.PRIO_PROCESS, thread_id, max(RUN_NICENESS, os.getpriority(os.PRIO_PROCESS, thread_id)))


def _unexpected(run: Run, exc: Exception) -> Ending:
    _log.exception("run.internal_error", run_id=run.run_id)
    return Ending(
        status=RunStatus.FAILED,
        result=RunResult(),
        error=BackupdError(
            f"internal error: {type(exc).__name__}: {exc}",
            hint="This is a defect of octeth-backupd. The log holds the details: journalctl -u octeth-backupd.",
        ),
    )
