"""A daemon in memory: real values, real events, no servers. Stands in for control.services.Services."""

from __future__ import annotations

import json
import queue
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd.control.confirmation import check_confirmation
from octeth_backupd.control.notifier_services import NotifierStatus, NotifierTest
from octeth_backupd.control.retention_services import BackupHoldings, RetentionStatus
from octeth_backupd.control.server_status import BackupSummary, ServerStatus
from octeth_backupd.control.services import ScheduleView, StatusView
from octeth_backupd.domain.backup import (
    Backup,
    Copy,
    CopyState,
    Mode,
    Operation,
    Run,
    RunStatus,
    SlotState,
    StepRecord,
    Tier,
    Trigger,
)
from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.events import (
    Event,
    ProgramOutput,
    RunFinished,
    RunStarted,
    StepFinished,
    StepProgress,
    StepStarted,
    Warned,
)
from octeth_backupd.domain.freshness import Freshness, Verdict, Verified
from octeth_backupd.domain.holdings import Pin, ProofLevel
from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.summary import backup_summary
from octeth_backupd.errors import AmbiguousIdError, BusyError, InvalidRequestError, NotFoundError
from tests.fakes.restores import make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octeth_backupd.control.services import RestoreRequest
    from octeth_backupd.domain.figures import StoredCopies
    from octeth_backupd.domain.freshness import Requirements
    from octeth_backupd.domain.notices.current import CurrentProblem
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.restore.order import SyncOrder
    from octeth_backupd.domain.restore.plan import RestorePlan
    from octeth_backupd.domain.upload_status import StorageUploads

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
GIB = 1024**3


def make_run(run_id: str = "run-1", **changes: Any) -> Run:
    """Build a run that succeeded."""
    run = Run(
        run_id=run_id,
        operation=Operation.BACKUP,
        server="oempro",
        trigger=Trigger.MANUAL,
        tiers=frozenset({Tier.MANUAL}),
        status=RunStatus.SUCCESS,
        created_at=NOW,
        requested_by="uid 0 (root)",
        started_at=NOW,
        finished_at=NOW + timedelta(minutes=4),
    )
    return replace(run, **changes)


def make_backup(taken_at: datetime = NOW, **changes: Any) -> Backup:
    """Build a good backup."""
    backup_id = changes.pop("backup_id", f"oempro-{taken_at:%Y-%m-%d_%H-%M-%S}")
    archive = f"octeth-backup-{taken_at:%Y-%m-%d_%H-%M-%S}.tar.zst"
    backup = Backup(
        backup_id=backup_id,
        server="oempro",
        taken_at=taken_at,
        finished_at=taken_at + timedelta(minutes=4),
        tier=Tier.WEEKLY,
        tiers=frozenset({Tier.WEEKLY, Tier.DAILY}),
        trigger=Trigger.SCHEDULE,
        mode=Mode.PREPARED,
        run_id="run-1",
        installation_id="installation-1",
        archive_name=archive,
        sha256="ab" * 32,
        data_bytes=5 * GIB,
        archive_bytes=GIB,
        vendor="mysql",
        server_version="9.4.0",
        engine="xtrabackup",
        engine_version="9.4.0-1",
        to_lsn=123456789,
        last_lsn=123456999,
        manifest={
            "format_version": 1,
            "position": {"binlog_file": "binlog.000042", "binlog_position": 157, "gtid": "3e11fa47:1-77"},
            "postconditions": {"completed-ok": "passed", "size": "warning"},
            "archive": {"file_count": 812, "compression": {"algorithm": "zstd", "level": 3}},
            "server": {
                "identity": {"server_uuid": "3e11fa47-71ca-11e1-9e33-c80aa9429562"},
                "placement": {"container": "oempro_mysql", "image": "mysql:9"},
                "host_paths": {"data": "/srv/oempro/mysql", "binlog": "/srv/oempro/binlog"},
            },
        },
        copies=(
            Copy(
                backup_id=backup_id,
                storage="local",
                key=f"oempro/weekly/{archive}",
                state=CopyState.PRESENT,
                size_bytes=GIB,
                updated_at=taken_at,
                verified_at=taken_at,
            ),
        ),
    )
    return replace(backup, **changes)


def make_freshness(**changes: Any) -> Freshness:
    """Build the judgement of a server whose newest backup is five hours old."""
    backup = Verified(
        backup_id="oempro-2026-11-22_02-00-00",
        taken_at=NOW,
        size_bytes=GIB,
        proof=ProofLevel.PREPARED,
        storages=("local", "s3"),
    )
    judged = Freshness(server="oempro", verdict=Verdict.OK, backup=backup, age_seconds=5 * 3600.0)
    return replace(judged, **changes)


def make_retention(**changes: Any) -> dict[str, Any]:
    """Build the retention plan of a server as the interface tells it: one copy is kept, one expires."""
    document: dict[str, Any] = {
        "server": "oempro",
        "waits_for": "",
        "policy": {
            "counts": {"local": {"daily": 7, "weekly": 4, "monthly": 6}},
            "keep_manual_days": 7,
            "timezone": "UTC",
            "week_begins_on": 6,
            "month_begins_on": 1,
        },
        "holds": [],
        "shares": [{"storage": "local", "tier": "daily", "copies": 2, "size_bytes": 2 * GIB}],
        "expiring_copies": 1,
        "expiring_bytes": GIB,
        "copies": [
            {
                "backup_id": "oempro-2026-11-22_02-00-00",
                "taken_at": "2026-11-22T02:00:00Z",
                "storage": "local",
                "size_bytes": GIB,
                "expires": False,
                "after": [],
                "reasons": [
                    {"code": "newest", "words": "the newest good backup"},
                    {"code": "daily", "words": "stands for 2026-11-22"},
                ],
            },
            {
                "backup_id": "oempro-2026-11-02_02-00-00",
                "taken_at": "2026-11-02T02:00:00Z",
                "storage": "local",
                "size_bytes": GIB,
                "expires": True,
                "after": [],
                "reasons": [{"code": "unneeded", "words": "stands for none of the 7 days, 4 weeks, 6 months"}],
            },
        ],
    }
    return document | changes


@dataclass
class FakeSubscription:
    """See control.services.Subscription."""

    events: queue.SimpleQueue[Event] = field(default_factory=queue.SimpleQueue)

    def get(self, timeout: float) -> Event | None:
        try:
            return self.events.get(timeout=timeout)
        except queue.Empty:
            return None


class FakeServices:
    """See control.services.Services.

    A run that was accepted stays running until ``finish`` (or the script given as ``perform``) ends it.
    """

    def __init__(self, *, backups: list[Backup] | None = None, runs: list[Run] | None = None) -> None:
        self.all_backups = [make_backup()] if backups is None else backups
        self.all_runs = [make_run()] if runs is None else runs
        self.all_steps: dict[str, list[StepRecord]] = {}
        self.checks = [
            CheckResult(name="tools", status=CheckStatus.PASSED, summary="tar and zstd are installed"),
            CheckResult(
                name="grants",
                status=CheckStatus.FAILED,
                server="oempro",
                summary="BACKUP_ADMIN is missing",
                cause="The login may not lock instances for backup.",
                fix="Grant it.",
                command="GRANT BACKUP_ADMIN ON *.* TO 'backup'@'%';",
            ),
            CheckResult(name="space", status=CheckStatus.WARNING, server="oempro", summary="80 % used"),
            CheckResult(name="paths", status=CheckStatus.UNKNOWN, server="oempro", summary="needs a login"),
        ]
        self.schedule = ScheduleView(
            server="oempro",
            schedule="daily",
            tier=Tier.DAILY,
            cron="0 2 * * *",
            timezone="Europe/Istanbul",
            next_due=NOW + timedelta(days=1),
            paused=False,
            last_due_at=NOW,
            last_state=SlotState.SERVED,
            last_run_id="run-1",
        )
        self.settings: Mapping[str, Any] = {
            "servers": {"oempro": {"container": "oempro_mysql", "password": "**********"}},
            "compression": {"level": 3},
            "local": {"directory": "/var/backups/octeth"},
        }
        self.plan = make_plan()
        self.retention = make_retention()
        self.retention_status = RetentionStatus()
        self.said = BackupHoldings()
        self.journals: list[Journal] = []
        self.judged: list[Freshness] = [make_freshness()]
        self.report: Mapping[str, Any] | None = None
        self.configuration_error = ""
        self.uploads: list[StorageUploads] = []
        self.notifier_states: tuple[NotifierStatus, ...] = ()
        self.notifier_tests: list[NotifierTest] = []
        self.warnings: tuple[str, ...] = ()
        self.problems: tuple[CurrentProblem, ...] = ()
        self.stored: list[StoredCopies] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.subscribers: list[tuple[str, FakeSubscription]] = []
        self.subscribed = threading.Event()
        self.doctor_may_answer = threading.Event()
        self.doctor_may_answer.set()
        self.doctor_asked = threading.Event()
        self.fail_with: Exception | None = None
        self.current_progress: StepProgress | None = None
        self.outcome = RunStatus.SUCCESS
        self.performs = False
        self.pace_seconds = 0.0
        self._lock = threading.Lock()

    # What tests do to it.

    def publish(self, event: Event) -> None:
        """Tell everybody who follows the event's run."""
        with self._lock:
            interested = [one for run_id, one in self.subscribers if run_id == event.run_id]
        for subscription in interested:
            subscription.events.put(event)

    def finish(self, run_id: str, status: RunStatus, **changes: Any) -> Run:
        """End a run and tell."""
        run = self._change(run_id, status=status, finished_at=datetime.now(UTC), **changes)
        self.publish(RunFinished(run_id=run_id, server=run.server, at=datetime.now(UTC), run=run))
        return run

    def perform(self, run_id: str) -> None:
        """Play a whole backup: events, steps, outcome."""
        run = self.find_run(run_id)
        about: dict[str, Any] = {"run_id": run_id, "server": run.server, "at": NOW}
        self.publish(RunStarted(**about, run=run))
        for step in ("preflight", "backup", "archive"):
            self.publish(StepStarted(**about, step=step))
            for part in (1, 2, 3, 4):
                self.publish(
                    StepProgress(
                        **about,
                        step=step,
                        done_bytes=part * GIB,
                        total_bytes=4 * GIB,
                        rate_bytes_per_second=200e6,
                    )
                )
                time.sleep(self.pace_seconds)
            self.publish(ProgramOutput(**about, program="xtrabackup", line="completed OK!"))
            self.publish(StepFinished(**about, step=step, status=RunStatus.SUCCESS, duration_seconds=2.5))
        self.publish(Warned(**about, message="a long transaction is open"))
        failed = self.outcome is RunStatus.FAILED
        self.finish(
            run_id,
            self.outcome,
            backup_id=None if failed else self.all_backups[0].backup_id,
            error_code="no_space" if failed else "",
            error="the disk is full" if failed else "",
            hint="Free some space." if failed else "",
        )

    # What the daemon offers.

    def request_backup(self, *, server: str | None, wait: bool, requested_by: str) -> Run:
        self._note("request_backup", server=server, wait=wait, requested_by=requested_by)
        name = server or "oempro"
        if name != "oempro":
            raise NotFoundError(f"no server {name}", hint="Configured: oempro.")
        active = next((run for run in self.all_runs if run.status is RunStatus.RUNNING), None)
        if active is not None and not wait:
            raise BusyError(f"run {active.run_id} holds the server oempro", hint="Wait for it, or use --wait.")
        return self._accept(Operation.BACKUP, requested_by, queued=active is not None)

    def request_verify(self, *, backup_id: str, deep: bool, storage: str, requested_by: str) -> Run:
        self._note("request_verify", backup_id=backup_id, deep=deep, storage=storage, requested_by=requested_by)
        self.find_backup(backup_id, None)
        return self._accept(Operation.VERIFY, requested_by, queued=False)

    def plan_restore(self, order: RestoreRequest, *, requested_by: str) -> RestorePlan:
        self._note("plan_restore", order=order, requested_by=requested_by)
        if order.backup:
            self.find_backup(order.backup, order.server)
        return self.plan

    def request_restore(self, order: RestoreRequest, *, confirm: str, requested_by: str) -> Run:
        self._note("request_restore", order=order, confirm=confirm, requested_by=requested_by)
        if order.to is None:
            check_confirmation(confirm, server=self.plan.server)
        return self._accept(Operation.RESTORE, requested_by, queued=False)

    def request_undo(self, *, server: str, confirm: str, requested_by: str) -> Run:
        self._note("request_undo", server=server, confirm=confirm, requested_by=requested_by)
        check_confirmation(confirm, server=server)
        if not any(journal.server == server and journal.holds_safety_copy for journal in self.journals):
            raise InvalidRequestError(f"there is no safety copy of {server}: nothing can be undone")
        return self._accept(Operation.UNDO, requested_by, queued=False)

    def notifiers(self) -> tuple[NotifierStatus, ...]:
        return self.notifier_states

    def test_notifiers(self, *, name: str | None, requested_by: str) -> list[NotifierTest]:
        self._note("test_notifiers", name=name, requested_by=requested_by)
        found = [one for one in self.notifier_tests if name in (None, one.name)]
        if not found:
            raise NotFoundError(f"no notifier {name!r}")
        return found

    def request_sync(self, order: SyncOrder, *, requested_by: str) -> Run:
        self._note("request_sync", order=order, requested_by=requested_by)
        return self._accept(Operation.SYNC, requested_by, queued=False, server="")

    def sync_report(self) -> Mapping[str, Any] | None:
        self._note("sync_report")
        return self.report

    def ours(self) -> frozenset[str]:
        return frozenset({"installation-1"})

    def restores(self, *, server: str | None) -> list[Journal]:
        self._note("restores", server=server)
        return [journal for journal in self.journals if server in {None, journal.server}]

    def retention_json(self, *, server: str | None) -> bytes:
        self._note("retention_json", server=server)
        return json.dumps([self.retention]).encode()

    def request_retention(self, *, server: str | None, despite_hold: bool, requested_by: str) -> list[Run]:
        self._note("request_retention", server=server, despite_hold=despite_hold, requested_by=requested_by)
        return [self._accept(Operation.RETENTION, requested_by, queued=False)]

    def request_delete(self, *, backup_id: str, confirm: str, force: bool, requested_by: str) -> Run:
        self._note("request_delete", backup_id=backup_id, confirm=confirm, force=force, requested_by=requested_by)
        check_confirmation(confirm, server=self.find_backup(backup_id, None).server, what="a backup")
        return self._accept(Operation.DELETE, requested_by, queued=False)

    def pin(self, *, backup_id: str, note: str, requested_by: str) -> str:
        self._note("pin", backup_id=backup_id, note=note, requested_by=requested_by)
        found = self.find_backup(backup_id, None).backup_id
        pin = Pin(backup_id=found, note=note, pinned_by=requested_by, pinned_at=NOW)
        self.said = replace(self.said, pin=pin)
        return found

    def unpin(self, *, backup_id: str, requested_by: str) -> str:
        self._note("unpin", backup_id=backup_id, requested_by=requested_by)
        self.said = replace(self.said, pin=None)
        return self.find_backup(backup_id, None).backup_id

    def accept(self, *, backup_id: str, note: str, requested_by: str) -> str:
        self._note("accept", backup_id=backup_id, note=note, requested_by=requested_by)
        return self.find_backup(backup_id, None).backup_id

    def holdings(self, backup_id: str) -> BackupHoldings:
        self._note("holdings", backup_id=backup_id)
        return self.said

    def cancel(self, *, run: str, requested_by: str) -> Run:
        self._note("cancel", run=run, requested_by=requested_by)
        found = self.find_run(run)
        if found.status.is_final:
            raise InvalidRequestError(f"run {found.run_id} has ended already")
        return self.finish(found.run_id, RunStatus.CANCELLED, error_code="cancelled", error="cancelled")

    def status(self) -> StatusView:
        self._note("status")
        latest = self.all_backups[0] if self.all_backups else None
        running = [run for run in self.all_runs if run.status is RunStatus.RUNNING]
        ended = [run for run in self.all_runs if run.status.is_final]
        return StatusView(
            version="0.1.0",
            installation_id="installation-1",
            started_at=NOW,
            pid=4242,
            state="running",
            config_path=Path("/etc/octeth-backupd/config.toml"),
            configuration_error=self.configuration_error,
            uploads=tuple(self.uploads),
            notifiers=self.notifier_states,
            servers=(
                ServerStatus(
                    name="oempro",
                    placement=Placement.CONTAINER,
                    last_good_backup=None
                    if latest is None
                    else BackupSummary(
                        backup_id=latest.backup_id,
                        taken_at=latest.taken_at,
                        age_seconds=3600.0,
                        size_bytes=latest.archive_bytes,
                        proof=ProofLevel.PREPARED,
                        storages=tuple(copy.storage for copy in latest.copies),
                    ),
                    last_run=ended[0] if ended else None,
                    active_run=running[0] if running else None,
                    queued_runs=tuple(run for run in self.all_runs if run.status is RunStatus.QUEUED),
                    next_due=self.schedule.next_due,
                    paused_schedules=(self.schedule.schedule,) if self.schedule.paused else (),
                    retention=self.retention_status,
                    copies=tuple(self.stored),
                ),
            ),
            scheduler_alive=True,
            warnings=self.warnings,
            problems=self.problems,
        )

    def metrics(self) -> bytes:
        self._note("metrics")
        return b"octeth_backupd_warnings 0.0\n"

    def freshness(self, *, server: str | None, requirements: Requirements) -> list[Freshness]:
        self._note("freshness", server=server, requirements=requirements)
        return [one for one in self.judged if server in {None, one.server}]

    def doctor(self, *, server: str | None) -> list[CheckResult]:
        self._note("doctor", server=server)
        self.doctor_asked.set()
        self.doctor_may_answer.wait(30)
        return self.checks

    def schedules(self) -> list[ScheduleView]:
        self._note("schedules")
        return [self.schedule]

    def pause(self, *, server: str | None, schedule: str | None, requested_by: str) -> list[ScheduleView]:
        self._note("pause", server=server, schedule=schedule, requested_by=requested_by)
        self._check_schedule(schedule)
        self.schedule = replace(self.schedule, paused=True, paused_by=requested_by, paused_at=NOW, next_due=None)
        return [self.schedule]

    def resume(self, *, server: str | None, schedule: str | None, requested_by: str) -> list[ScheduleView]:
        self._note("resume", server=server, schedule=schedule, requested_by=requested_by)
        self._check_schedule(schedule)
        self.schedule = replace(self.schedule, paused=False, paused_by="", paused_at=None, next_due=NOW)
        return [self.schedule]

    def settings_view(self) -> Mapping[str, Any]:
        self._note("settings_view")
        return self.settings

    def find_backup(self, part: str, server: str | None) -> Backup:
        self._note("find_backup", part=part, server=server)
        if part == "latest" and self.all_backups:
            return self.all_backups[0]
        found = [backup for backup in self.all_backups if part in backup.backup_id]
        if not found:
            raise NotFoundError(f"no backup {part}", hint="octeth-backupctl list shows what there is.")
        if len(found) > 1:
            names = ", ".join(backup.backup_id for backup in found)
            raise AmbiguousIdError(f"{part} fits several backups: {names}", hint="Give more of the id.")
        return found[0]

    def backups_json(self, *, server: str | None, limit: int | None, after: str | None) -> bytes:
        self._note("backups_json", server=server, limit=limit, after=after)
        ids = [backup.backup_id for backup in self.all_backups]
        begin = 0 if after is None else ids.index(after) + 1
        page = self.all_backups[begin:] if limit is None else self.all_backups[begin : begin + limit]
        return json.dumps([backup_summary(backup) for backup in page]).encode()

    def find_run(self, part: str) -> Run:
        self._note("find_run", part=part)
        found = [run for run in self.all_runs if part in run.run_id]
        if not found:
            raise NotFoundError(f"no run {part}", hint="octeth-backupctl runs shows what there is.")
        if len(found) > 1:
            raise AmbiguousIdError(f"{part} fits several runs: {', '.join(run.run_id for run in found)}")
        return found[0]

    def runs(self, *, server: str | None, limit: int, before: str | None) -> list[Run]:
        self._note("runs", server=server, limit=limit, before=before)
        ids = [run.run_id for run in self.all_runs]
        begin = 0 if before is None else ids.index(before) + 1
        return self.all_runs[begin : begin + limit]

    def steps(self, run_id: str) -> list[StepRecord]:
        return self.all_steps.get(run_id, [])

    def progress(self, run_id: str) -> StepProgress | None:
        return self.current_progress

    @contextmanager
    def subscribe(self, run_id: str) -> Iterator[FakeSubscription]:
        entry = (run_id, FakeSubscription())
        with self._lock:
            self.subscribers.append(entry)
        self.subscribed.set()
        if self.performs and not self.find_run(run_id).status.is_final:
            threading.Thread(target=self.perform, args=(run_id,), daemon=True).start()
        try:
            yield entry[1]
        finally:
            with self._lock:
                self.subscribers.remove(entry)

    def _accept(self, operation: Operation, requested_by: str, *, queued: bool, server: str = "oempro") -> Run:
        run = make_run(
            f"run-{len(self.all_runs) + 1}",
            operation=operation,
            server=server,
            status=RunStatus.QUEUED if queued else RunStatus.RUNNING,
            requested_by=requested_by,
            started_at=None if queued else NOW,
            finished_at=None,
        )
        self.all_runs.insert(0, run)
        return run

    def _change(self, run_id: str, **changes: Any) -> Run:
        with self._lock:
            for position, run in enumerate(self.all_runs):
                if run.run_id == run_id:
                    self.all_runs[position] = replace(run, **changes)
                    return self.all_runs[position]
        raise AssertionError(run_id)

    def _check_schedule(self, schedule: str | None) -> None:
        if schedule not in {None, self.schedule.schedule}:
            raise NotFoundError(f"no schedule {schedule}")

    def _note(self, method: str, **arguments: Any) -> None:
        self.requests.append((method, arguments))
        if self.fail_with is not None:
            raise self.fail_with
