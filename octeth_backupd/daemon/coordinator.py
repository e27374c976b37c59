"""Who may run now: one operation at a time per server, a limit over all, a queue in order of arrival.

What touches nothing of a server (uploads, a sync) takes no turn of it: one of each kind goes on beside everything else.

Every run has a thread of its own from its start to its end. All state is under one lock, which is never held while a
run works, while a program runs or while the bus is told something.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import Operation, Run, RunStatus, Tier, Trigger
from octeth_backupd.domain.events import RunFinished, RunQueued
from octeth_backupd.errors import BusyError, CancelledError, InvalidRequestError, NotFoundError
from octeth_backupd.process.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.restore.order import Order
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.telemetry.bus import EventBus

_log = structlog.get_logger("coordinator")


@dataclass(slots=True, kw_only=True, eq=False)
class ActiveRun:
    """A run that is queued or running, with the configuration it was accepted under.

    Attributes:
        order: What the operator wished.
        stop_reason: What the daemon's own stop cancels it with.
        is_announced: The bus has been told of it, so that it may start.
        has_claimed: It has taken the slots it serves; what comes due later is for another run.
    """

    run: Run
    parts: Parts
    order: Order | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)
    stop_reason: CancelledError = field(default_factory=lambda: CancelledError("the daemon was stopped"))
    is_announced: bool = False
    is_running: bool = False
    has_claimed: bool = False
    thread: threading.Thread | None = None

    @property
    def ended_by_stop(self) -> bool:
        """Return whether the daemon's stop ended it, rather than an operator or a guard just before."""
        return self.cancellation.reason is self.stop_reason


class Coordinator:
    """Accept runs, queue them, start them, cancel them.

    Args:
        work: Does a whole run and never raises (``daemon.run_worker.RunWorker.work``).
        parts: Returns the parts of the configuration in force.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        bus: EventBus,
        clock: Clock,
        work: Callable[[ActiveRun], None],
        parts: Callable[[], Parts],
        max_parallel_runs: int,
    ) -> None:
        self._catalog = catalog
        self._bus = bus
        self._clock = clock
        self._work = work
        self._parts = parts
        self._max_parallel_runs = max_parallel_runs
        self._lock = threading.Condition()
        self._active: list[ActiveRun] = []
        self._stopping = False

    @property
    def is_stopping(self) -> bool:
        """Return whether the daemon accepts nothing new."""
        return self._stopping

    def active(self) -> list[ActiveRun]:
        """Return queued and running runs, oldest first."""
        with self._lock:
            return list(self._active)

    def __contains__(self, run_id: object) -> bool:
        return any(active.run.run_id == run_id for active in self.active())

    def submit(
        self,
        operation: Operation,
        *,
        server: str,
        trigger: Trigger,
        requested_by: str,
        wait: bool,
        tiers: frozenset[Tier] = frozenset(),
        backup_id: str | None = None,
        order: Order | None = None,
    ) -> Run:
        """Accept a run; it starts at once or waits for its turn.

        Args:
            operation: What to do.
            server: Whose turn it takes.
            trigger: Why.
            requested_by: Who, for the log and the run.
            wait: Queue it when its turn is not now; otherwise that is an error.
            tiers: Known already; the slots that the run serves add theirs.
            backup_id: What the operation is about, where it is about a backup.
            order: What the operator wished, where the operation leaves a choice.

        Raises:
            BusyError: The daemon stops, or ``wait`` is not set and somebody is before it; the message names the holder.
        """
        run = self._new_run(operation, server, trigger, requested_by, tiers, backup_id)
        with self._lock:
            active = self._accept(run, wait=wait, order=order)
        self._announce(active)
        return run

    def submit_scheduled(self, server: str, trigger: Trigger) -> Run | None:
        """Queue a backup for the due slots of a server, unless one that will serve them waits already.

        Nor for one that a reload has just taken out: the ledger gives its slots their outcome.
        """
        run = self._new_run(Operation.BACKUP, server, trigger, "schedule", frozenset(), None)
        with self._lock:
            if self._stopping or server not in self._parts().servers or self._will_claim(server):
                return None
            active = self._accept(run, wait=True)
        self._announce(active)
        return run

    def record_skipped(self, server: str, reason: str) -> None:
        """Write down that a scheduled backup was not even tried."""
        run = self._new_run(Operation.BACKUP, server, Trigger.SCHEDULE, "schedule", frozenset(), None)
        now = self._clock.now()
        skipped = replace(
            run, status=RunStatus.SKIPPED, started_at=now, finished_at=now, error=reason, detail={"reason": reason}
        )
        self._catalog.add_run(skipped)
        self._bus.publish(RunFinished(run_id=run.run_id, server=server, at=now, run=skipped))

    def running_of(self, server: str) -> Run | None:
        """Return the run that holds a server now; None while there is none."""
        with self._lock:
            holders = (a for a in self._active if a.is_running and a.run.operation.holds_server)
            return next((a.run for a in holders if a.run.server == server), None)

    def will_claim(self, server: str) -> bool:
        """Return whether there is a run that has yet to claim the due slots of a server."""
        with self._lock:
            return self._will_claim(server)

    def _new_run(
        self,
        operation: Operation,
        server: str,
        trigger: Trigger,
        requested_by: str,
        tiers: frozenset[Tier],
        backup_id: str | None,
    ) -> Run:
        now = self._clock.now()
        return Run(
            run_id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
            operation=operation,
            server=server,
            trigger=trigger,
            tiers=tiers,
            status=RunStatus.QUEUED,
            created_at=now,
            requested_by=requested_by,
            backup_id=backup_id,
        )

    def _accept(self, run: Run, *, wait: bool, order: Order | None = None) -> ActiveRun:
        if self._stopping:
            raise BusyError("the daemon is stopping", retryable=True)
        if not wait:
            self._refuse_if_busy(run.server)
        active = ActiveRun(run=run, parts=self._parts(), order=order)
        self._catalog.add_run(run)
        self._active.append(active)
        return active

    def _announce(self, active: ActiveRun) -> None:
        run = active.run
        self._bus.publish(RunQueued(run_id=run.run_id, server=run.server, at=run.created_at, run=run))
        with self._lock:
            active.is_announced = True
        self._dispatch()

    def _will_claim(self, server: str) -> bool:
        return any(a.run.server == server and a.run.trigger.serves_slots and not a.has_claimed for a in self._active)

    def cancel(self, run_id: str, *, requested_by: str) -> None:
        """Ask a queued or running run to end.

        Raises:
            NotFoundError: It is neither queued nor running.
        """
        with self._lock:
            active = next((a for a in self._active if a.run.run_id == run_id), None)
        if active is None:
            run = self._catalog.run(run_id)
            hint = "Only queued and running runs can be cancelled."
            raise NotFoundError(f"run {run_id} is over: {run.status}", hint=hint)
        active.cancellation.cancel(CancelledError(f"cancelled by {requested_by}"))
        _log.info("run.cancel_requested", run_id=run_id, requested_by=requested_by)
        self._dispatch()

    def finished(self, active: ActiveRun) -> None:
        """Take a run out, and start who waited for it. Called by the run's own thread, last of all."""
        with self._lock:
            self._active.remove(active)
            self._lock.notify_all()
        self._dispatch()

    def stop(self, *, timeout_seconds: float) -> bool:
        """Accept nothing new, cancel everything and wait until all have ended.

        Returns:
            Whether all had ended in time.
        """
        with self._lock:
            self._stopping = True
            active_runs = list(self._active)
        with ExitStack() as stack:  # one that cannot be cancelled does not keep the others from being
            for active in reversed(active_runs):
                stack.callback(active.cancellation.cancel, active.stop_reason)
        self._dispatch()
        deadline = self._clock.monotonic_seconds() + timeout_seconds
        with self._lock:
            while self._active:
                remaining = deadline - self._clock.monotonic_seconds()
                if remaining <= 0:
                    return False
                self._lock.wait(remaining)
        return True

    def set_max_parallel_runs(self, count: int) -> None:
        """Change how many runs may go on at the same time; those that do, go on."""
        with self._lock:
            self._max_parallel_runs = count
        self._dispatch()

    def threads_alive(self) -> bool:
        """Return whether every run that counts as running still has a living thread."""
        with self._lock:
            return all(a.thread is None or a.thread.is_alive() for a in self._active if a.is_running)

    def _refuse_if_busy(self, server: str) -> None:
        # Nobody ordered what the daemon does by itself: it is waited for.
        ordered = [a for a in self._active if not a.run.operation.is_background]
        holders = [a for a in ordered if a.run.server == server]
        servers_with_a_turn = {a.run.server for a in ordered}
        if not holders and len(servers_with_a_turn) >= self._max_parallel_runs:
            holders = ordered
        if not holders:
            return
        holder = holders[0].run
        state = "is running" if holders[0].is_running else "is queued"
        raise BusyError(
            f"run {holder.run_id} ({holder.operation} of {holder.server}, for {holder.requested_by}) {state}",
            hint=f"Wait for it (--wait), watch it (octeth-backupctl watch {holder.run_id}) or cancel it "
            f"(octeth-backupctl cancel {holder.run_id}).",
            retryable=True,
        )

    def _dispatch(self) -> None:
        """Start every run whose turn it is; a cancelled one has its turn at once, to end."""
        with self._lock:
            for active in self._active:
                if active.is_running or not active.is_announced:
                    continue
                if active.cancellation.is_cancelled or self._may_start(active):
                    active.is_running = True
                    active.thread = threading.Thread(
                        target=self._work, args=(active,), name=f"run-{active.run.run_id}", daemon=True
                    )
                    active.thread.start()

    def _may_start(self, candidate: ActiveRun) -> bool:
        running = [a.run for a in self._active if a.is_running]
        if not candidate.run.operation.holds_server:
            return all(run.operation is not candidate.run.operation for run in running)
        holders = [run for run in running if run.operation.holds_server]
        return len(holders) < self._max_parallel_runs and all(run.server != candidate.run.server for run in holders)


def chosen_server(name: str | None, known: tuple[str, ...]) -> str:
    """Return the server a request means; None is allowed where there is only one.

    Raises:
        NotFoundError: There is no such server.
        InvalidRequestError: There are several and none was named.
    """
    if not known:
        raise NotFoundError("no server is configured", hint="Add a [servers.NAME] table and reload the configuration.")
    if name is None:
        if len(known) == 1:
            return known[0]
        raise InvalidRequestError("several servers are configured", hint=f"Name one: --server {' | '.join(known)}.")
    if name not in known:
        raise NotFoundError(f"no server {name!r} is configured", hint=f"Configured: {', '.join(known)}.")
    return name
