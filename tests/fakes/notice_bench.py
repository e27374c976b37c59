"""A daemon's runs, slots and notices in simulated time: all real but for what a backup does and where notices go."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.due_watch import DueWatch
from octeth_backupd.daemon.notice_watch import NoticeWatch
from octeth_backupd.daemon.run_recorder import RunRecorder
from octeth_backupd.daemon.run_traces import RunTraces
from octeth_backupd.daemon.run_worker import RunWorker
from octeth_backupd.daemon.standing_facts import StandingFacts
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, Tier, Trigger, highest_tier
from octeth_backupd.domain.notices.decisions import NotifierRules
from octeth_backupd.domain.notices.delivery import DeliveryState
from octeth_backupd.domain.notices.notice import Notice, NoticeKind
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.scheduling.ledger import SlotLedger
from octeth_backupd.telemetry.bus import EventBus
from tests.fakes.catalog_values import make_backup
from tests.fakes.installation import INSTALLATION
from tests.fakes.uploads import Remote
from tests.unit.scheduling.builders import definition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.notices.standing import BrokenFile
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.scheduling.definition import ScheduleDefinition
    from tests.fakes.bench import Bench

LOOKED_AT = (
    *(timedelta(hours=hour) for hour in range(0, 24, 3)),
    *(timedelta(minutes=m) for m in (120, 125, 155, 245)),
)
"""Times of day: when a backup is due, when a failed one is tried again, when one is overdue, and some between."""
PROBLEM_KINDS = frozenset(NoticeKind) - {NoticeKind.START, NoticeKind.SUCCESS, NoticeKind.TEST}
PING_KINDS = frozenset({NoticeKind.START, NoticeKind.SUCCESS, NoticeKind.DEGRADED, NoticeKind.FAILURE})
MAIL = NotifierRules(name="mail", on=PROBLEM_KINDS)
CHAT = NotifierRules(name="chat", on=PROBLEM_KINDS | {NoticeKind.SUCCESS})
PING = NotifierRules(name="ping", on=PING_KINDS, is_ping=True)


@dataclass(slots=True)
class FakeNotifier:
    """What a notifier was sent, in order; while it is away, nothing gets through."""

    rules: NotifierRules
    is_away: bool = False
    sent: list[tuple[datetime, Notice]] = field(default_factory=list)


class NoticeBench:
    """A daemon in simulated time.

    Attributes:
        failures: What every backup of a server fails with, and in which step.
        holder: What holds every server, so that no backup can be made; empty: nothing.
        upload_error: Why copies do not reach the bucket; empty: they do.
        broken_file: The configuration file, where its mistakes are to be told.
        suspicion: What is doubted about every backup.
        definitions: Schedules of the configuration in force.
    """

    def __init__(
        self,
        bench: Bench,
        *,
        servers: Sequence[str] = ("oempro",),
        rules: Iterable[NotifierRules] = (MAIL, PING),
        settings: NoticesSettings | None = None,
        definitions: Sequence[ScheduleDefinition] | None = None,
    ) -> None:
        self.bench, self.catalog, self.clock = bench, bench.catalog, bench.clock
        self.servers = list(servers)
        self.notifiers = {one.name: FakeNotifier(one) for one in rules}
        self.settings = settings or NoticesSettings()
        self.definitions = list(
            [definition(Tier.DAILY, server=name) for name in servers] if definitions is None else definitions
        )
        self.failures: dict[str, tuple[str, BackupdError]] = {}
        self.upload_error = ""
        self.broken_file: BrokenFile | None = None
        self.suspicion = ""
        self.holder = ""
        self.data_bytes = 2 << 30
        self.degraded: list[str] = []
        self.output: tuple[str, ...] = ()
        self.secrets: tuple[str, ...] = ()
        self.remote = Remote("s3")
        self.execute: dict[Operation, Callable[[RunContext], RunResult]] = {}
        self.is_running = False
        self.is_stopping = False
        self._parts: Parts | None = None

    def start(self) -> None:
        """Start the daemon: look once, as at its start."""
        bus = EventBus()
        self.ledger = SlotLedger(catalog=self.catalog, clock=self.clock, definitions=())
        self.worker = RunWorker(
            catalog=self.catalog,
            bus=bus,
            clock=self.clock,
            installation_id=INSTALLATION,
            operations=dict.fromkeys(Operation, self._operate),
            ledger=lambda: self.ledger,
            released=self._released,
        )
        self.coordinator = Coordinator(
            catalog=self.catalog,
            bus=bus,
            clock=self.clock,
            work=self.worker.work,
            parts=self.parts,
            max_parallel_runs=1,
        )
        self.due = DueWatch(
            ledger=self.ledger,
            coordinator=self.coordinator,
            clock=self.clock,
            retry_later=lambda _server, _at: None,
            blocked=self.blocked,
        )
        self.traces = RunTraces()
        self.watch = notice_watch(self)
        for subscriber in (RunRecorder(self.catalog).follow, self.traces.follow, self.watch.follow):
            bus.subscribe(subscriber)
        self.is_running = True
        self.is_stopping = False
        self.watch.look()
        self.reconcile()
        self.look()

    def stop(self) -> None:
        """End the daemon; time goes on without it."""
        self.is_running = False

    def another_watch(self) -> NoticeWatch:
        """Return a watch that knows only what the catalog does, as after a start."""
        return notice_watch(self)

    def parts(self) -> Parts:
        """Return the parts of the configuration in force."""
        if self._parts is None or list(self._parts.servers) != self.servers:
            self._parts = self.bench.parts(
                servers=dict.fromkeys(self.servers, self.bench.server), storages=(self.bench.storage, self.remote)
            )
        return self._parts

    def reconcile(self) -> None:
        """Take over the schedules of the configuration."""
        self.ledger.reconcile(self.definitions)

    def blocked(self, server: str) -> str:
        """Return why no backup of a server can be taken now."""
        if self.holder:
            return self.holder
        journal = self.parts().journals.open_of(server)
        return "" if journal is None else f"restore {journal.restore_id} is not over, it waits in state {journal.state}"

    def look(self) -> None:
        """Do what the daemon does each minute, until nothing is left to do."""
        self._retry_uploads()
        for server in self.servers:
            self.due.look(server)
        self._settle()
        self.watch.look()
        self.deliver()

    def go(self, *, until: datetime) -> None:
        """Let time pass; while the daemon runs it looks around every three hours, and when something is due."""
        while self.clock.now() < until:
            self.clock.go((min(_next_look(self.clock.now()), until) - self.clock.now()).total_seconds())
            if self.is_running:
                self.look()

    def order(self, operation: Operation = Operation.BACKUP, server: str = "oempro", **fields: Any) -> Run:
        """Let an operator order a run, and wait for its end."""
        tiers = frozenset({Tier.MANUAL}) if operation is Operation.BACKUP else frozenset[Tier]()
        run = self.coordinator.submit(
            operation,
            server=server,
            trigger=Trigger.MANUAL,
            requested_by="uid 0 (root)",
            wait=True,
            tiers=tiers,
            **fields,
        )
        self._settle()
        self.watch.look()
        self.deliver()
        return self.catalog.run(run.run_id)

    def deliver(self) -> None:
        """Send what waits, as far as it gets through."""
        for name, notifier in self.notifiers.items():
            for delivery in self.catalog.notices.waiting(name):
                now = self.clock.now()
                if notifier.is_away:
                    self.catalog.notices.note_failure(
                        delivery.delivery_id, error="no answer from mail.example.org", at=now, next_try_at=now
                    )
                    break
                self.catalog.notices.end_delivery(delivery.delivery_id, DeliveryState.SENT, at=now)
                notifier.sent.append((now, delivery.notice))

    def told(self, name: str = "mail") -> list[Notice]:
        """Return what a notifier was sent, and forget it."""
        sent = [notice for _, notice in self.notifiers[name].sent]
        self.notifiers[name].sent.clear()
        return sent

    def said(self, name: str = "mail") -> list[str]:
        """Return the same as kind and title."""
        return [f"{notice.kind}: {notice.title}" for notice in self.told(name)]

    def _settle(self) -> None:
        while active := self.coordinator.active():
            for one in active:
                if one.thread is not None:
                    one.thread.join()

    def _released(self, active: ActiveRun) -> None:
        self.coordinator.finished(active)
        if not self.is_stopping:
            self.due.look(active.run.server)

    def _retry_uploads(self) -> None:
        for one in self.catalog.uploads.waiting():
            if not self.upload_error:
                self.catalog.uploads.end_copy(*one.name, CopyState.PRESENT, at=self.clock.now())

    def _operate(self, context: RunContext, parts: Parts) -> RunResult:
        steps = StepRunner(context)
        if context.run.operation in self.execute:
            return self.execute[context.run.operation](context)
        if context.run.server in self.failures:
            step, error = self.failures[context.run.server]
            with steps.step(step):
                for line in self.output:
                    context.output_of("xtrabackup")(line)
                raise error
        with steps.step("backup"):
            pass
        return self._good(context)

    def _good(self, context: RunContext) -> RunResult:
        run = self.catalog.run(context.run.run_id)
        state = CopyState.PENDING if self.upload_error else CopyState.PRESENT
        backup = make_backup(
            run.server,
            self.clock.now(),
            copies={"local": CopyState.PRESENT, "s3": state},
            tiers=run.tiers,
            tier=highest_tier(run.tiers),
            run_id=run.run_id,
            installation_id=INSTALLATION,
            suspect=self.suspicion,
            data_bytes=self.data_bytes,
        )
        self.catalog.add_backup(backup)
        if self.suspicion:
            self.catalog.holdings.begin_hold(
                run.server,
                reason=self.suspicion,
                backup_id=backup.backup_id,
                protected=(backup.backup_id,),
                at=self.clock.now(),
            )
        degraded = list(self.degraded)
        if self.upload_error:
            degraded.append(f"s3: {self.upload_error}")
            self.catalog.uploads.end_copy(
                backup.backup_id, "s3", CopyState.PENDING, at=self.clock.now(), detail=self.upload_error
            )
        detail: dict[str, Any] = {"archive_bytes": backup.archive_bytes}
        if not degraded:
            return RunResult(backup_id=backup.backup_id, detail=detail)
        return RunResult(status=RunStatus.DEGRADED, backup_id=backup.backup_id, detail={**detail, "degraded": degraded})


def standing_facts(bench: NoticeBench) -> StandingFacts:
    """Return what gathers how a bench's daemon stands."""
    return StandingFacts(
        catalog=bench.catalog,
        clock=bench.clock,
        active=bench.coordinator.active,
        parts=bench.parts,
        definitions=lambda: bench.definitions,
        broken_file=lambda: bench.broken_file,
    )


def notice_watch(bench: NoticeBench) -> NoticeWatch:
    """Return a watch over a bench's daemon."""
    return NoticeWatch(
        catalog=bench.catalog,
        facts=standing_facts(bench),
        settings=lambda: bench.settings,
        rules=lambda: tuple(one.rules for one in bench.notifiers.values()),
        traces=bench.traces,
        redact=lambda text: Redactor(bench.secrets).redact(text),
    )


def _next_look(now: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    times = (midnight + timedelta(days=day) + offset for day in (0, 1) for offset in LOOKED_AT)
    return min(time for time in times if time > now)
