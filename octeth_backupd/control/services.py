"""What the daemon offers to the control interface, in terms of domain values.

The daemon implements ``Services``; the control server only translates it to HTTP. Every method may block and is called
from worker threads, several at a time. An error is a ``BackupdError`` and reaches the client with its hint.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from octeth_backupd.control.monitoring_services import MonitoringServices
from octeth_backupd.control.notifier_services import NotifierServices, NotifierStatus
from octeth_backupd.control.retention_services import RetentionServices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from pydantic import SecretStr

    from octeth_backupd.control.server_status import ServerStatus
    from octeth_backupd.domain.backup import Backup, Run, SlotState, StepRecord, Tier
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.events import Event, StepProgress
    from octeth_backupd.domain.notices.current import CurrentProblem
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.restore.order import SyncOrder
    from octeth_backupd.domain.restore.plan import RestorePlan
    from octeth_backupd.domain.upload_status import StorageUploads


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """How the whole installation stands.

    Attributes:
        uploads: One for each remote storage backend.
        notifiers: One for each notifier of the configuration.
        problems: What is wrong now, causes before what follows from them.
        configuration_error: Why the last reload was refused; empty: the file is in force.
        warnings: What somebody should look at, one sentence each.
        warnings_in_problems: Those of them that a problem says as well.
    """

    version: str
    installation_id: str
    started_at: datetime
    pid: int
    state: Literal["running", "stopping"]
    config_path: Path
    servers: tuple[ServerStatus, ...]
    scheduler_alive: bool
    uploads: tuple[StorageUploads, ...] = ()
    notifiers: tuple[NotifierStatus, ...] = ()
    problems: tuple[CurrentProblem, ...] = ()
    configuration_error: str = ""
    warnings: tuple[str, ...] = ()
    warnings_in_problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """One schedule of one server.

    Attributes:
        tier: None for a schedule that makes no backups.
        next_due: None while paused, or when the rule never comes due again.
        last_due_at: Its newest slot; None when none was due yet.
        last_state: What became of that slot.
        last_run_id: The run that served it, or tried to.
    """

    server: str
    schedule: str
    tier: Tier | None
    cron: str
    timezone: str
    next_due: datetime | None
    paused: bool
    paused_by: str = ""
    paused_at: datetime | None = None
    last_due_at: datetime | None = None
    last_state: SlotState | None = None
    last_run_id: str | None = None
    last_detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """A restore as it was asked for; ids and names are not looked up yet.

    Attributes:
        backup: Any unambiguous part of a backup's id, or ``latest``; empty with ``file``.
        server: Which server is restored; None: the one the backup is of, for a file the only one configured. ``latest``
            means this server's.
        before: With ``latest``: the newest that was taken before this time.
        file: An archive outside the catalog; absolute, only from uid 0.
        to: Directory for prepared files, instead of replacing a server's data; absolute, only from uid 0.
        rehearse: See RestoreOrder, also for the flags below.
        old_password: Of the configured account as of the backup's time.
    """

    backup: str = ""
    server: str | None = None
    before: datetime | None = None
    file: Path | None = None
    to: Path | None = None
    rehearse: bool = True
    force: bool = False
    force_foreign: bool = False
    keep_server_uuid: bool = False
    cancel_running: bool = False
    old_password: SecretStr | None = field(default=None, repr=False)


class Subscription(Protocol):
    """The events of one run, from the moment of subscribing on."""

    def get(self, timeout: float) -> Event | None:
        """Return the next event, or None when none came within ``timeout`` seconds."""


class Services(RetentionServices, MonitoringServices, NotifierServices, Protocol):
    """What can be asked of the daemon. ``requested_by`` says who asks, for the log and the run: ``uid 0 (root)``."""

    def request_backup(self, *, server: str | None, wait: bool, requested_by: str) -> Run:
        """Accept a backup and return its run at once, queued or running.

        Args:
            server: Its name; None where exactly one is configured.
            wait: Queue the run behind the one that holds the server, instead of refusing it.
            requested_by: Who asks.

        Raises:
            BusyError: Another run holds the server and ``wait`` is False; the message names it.
            NotFoundError: No such server.
            InvalidRequestError: No server named and several are configured.
        """

    def request_verify(self, *, backup_id: str, deep: bool, storage: str, requested_by: str) -> Run:
        """Accept a check of a backup's copies (checksum and read-back) and return its run at once.

        Args:
            backup_id: Any unambiguous part of the id, or ``latest``.
            deep: Also unpack it, start a server on it and check every table.
            storage: Name of the one storage backend whose copy is read; empty: every copy, or the best one with
                ``deep``.
            requested_by: Who asks.

        Raises:
            NotFoundError: No such backup, or it has no copy in that storage.
            AmbiguousIdError: Several fit.
        """

    def plan_restore(self, order: RestoreRequest, *, requested_by: str) -> RestorePlan:
        """Return what a restore would do; touches nothing, may take a minute.

        A restore that cannot be done has ``refusals``; an error means that there is not even a plan.

        Raises:
            NotFoundError: No such backup or server.
            AmbiguousIdError: Several backups fit.
            InvalidRequestError: No server named and it cannot be told which.
        """

    def request_restore(self, order: RestoreRequest, *, confirm: str, requested_by: str) -> Run:
        """Accept a restore and return its run at once.

        Args:
            order: What is wished.
            confirm: The name of the server whose data is replaced, judged by ``confirmation.check_confirmation``; not
                looked at with ``order.to``.
            requested_by: Who asks.

        Raises:
            InvalidRequestError: Not confirmed, or as ``plan_restore``.
            BusyError: Another run holds the server and ``order.cancel_running`` does not end it.
            NotFoundError: No such backup or server.
            AmbiguousIdError: Several backups fit.
        """

    def request_undo(self, *, server: str, confirm: str, requested_by: str) -> Run:
        """Accept the undoing of a server's newest restore whose safety copy is there, and return its run at once.

        Args:
            server: Its name.
            confirm: The same name once more, judged by ``confirmation.check_confirmation``.
            requested_by: Who asks.

        Raises:
            InvalidRequestError: Not confirmed, or nothing to undo.
            BusyError: Another run holds the server.
            NotFoundError: No such server.
        """

    def request_sync(self, order: SyncOrder, *, requested_by: str) -> Run:
        """Accept a comparison of catalog and storage backends and return its run at once; one waits for another.

        Raises:
            InvalidRequestError: ``order.server`` cannot be a server's name.
        """

    def sync_report(self) -> Mapping[str, Any] | None:
        """Return the last sync's report as JSON types (``domain.sync.report.document_of``); None: there was none."""

    def ours(self) -> frozenset[str]:
        """Return the installations whose backups are ours: this one, and those that it adopted."""

    def restores(self, *, server: str | None) -> list[Journal]:
        """Return the restores that are not finished and those whose safety copy is still there, newest first.

        Args:
            server: Only this server's.

        Raises:
            NotFoundError: No such server.
        """

    def cancel(self, *, run: str, requested_by: str) -> Run:
        """Ask a run to end and return it as it is then, probably still running.

        Args:
            run: Any unambiguous part of the run's id.
            requested_by: Who asks.

        Raises:
            NotFoundError: No such run.
            AmbiguousIdError: Several fit.
            InvalidRequestError: It has ended already.
        """

    def status(self) -> StatusView:
        """Return how everything stands; quick, asks no server."""

    def doctor(self, *, server: str | None) -> list[CheckResult]:
        """Run all checks, of one server or of all; may take a minute."""

    def schedules(self) -> list[ScheduleView]:
        """Return every schedule of every server."""

    def pause(self, *, server: str | None, schedule: str | None, requested_by: str) -> list[ScheduleView]:
        """Pause schedules until ``resume``, across restarts; None means all. Returns the ones concerned.

        Raises:
            NotFoundError: No such server or schedule.
        """

    def resume(self, *, server: str | None, schedule: str | None, requested_by: str) -> list[ScheduleView]:
        """Undo ``pause``."""

    def settings_view(self) -> Mapping[str, Any]:
        """Return the settings in force as JSON types, every secret masked."""

    def find_backup(self, part: str, server: str | None) -> Backup:
        """Return a backup with its manifest and copies.

        Args:
            part: Any unambiguous part of its id, or ``latest``.
            server: Look only at this server's.

        Raises:
            NotFoundError: None fits.
            AmbiguousIdError: Several fit; the message lists them.
        """

    def backups_json(self, *, server: str | None, limit: int | None, after: str | None) -> bytes:
        """Return backups without their manifests as a JSON array, newest first.

        Args:
            server: Only this server's.
            limit: At most so many; None for all.
            after: Id of the last backup of the page before.

        Raises:
            NotFoundError: No such server, or ``after`` does not exist.
        """

    def find_run(self, part: str) -> Run:
        """Return a run by any unambiguous part of its id.

        Raises:
            NotFoundError: None fits.
            AmbiguousIdError: Several fit; the message lists them.
        """

    def runs(self, *, server: str | None, limit: int, before: str | None) -> list[Run]:
        """Return runs, newest first.

        Args:
            server: Only this server's.
            limit: At most so many.
            before: Id of the last run of the page before.
        """

    def steps(self, run_id: str) -> list[StepRecord]:
        """Return the steps of a run in their order."""

    def progress(self, run_id: str) -> StepProgress | None:
        """Return how far the current step is; None when unknown or not running."""

    def subscribe(self, run_id: str) -> AbstractContextManager[Subscription]:
        """Receive a run's events for the length of a block; nothing is replayed. Entering and leaving never block."""
