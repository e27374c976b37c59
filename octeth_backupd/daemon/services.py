"""What the control interface asks of the daemon; see control.services.Services for the contract of each method."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import structlog

from octeth_backupd import __version__
from octeth_backupd.control.services import BackupSummary, ScheduleView, ServerStatus, StatusView, Subscription
from octeth_backupd.daemon.coordinator import chosen_server
from octeth_backupd.daemon.subscription import subscribed
from octeth_backupd.domain.backup import Operation, RunStatus, Tier, Trigger
from octeth_backupd.domain.restore.order import VerifyOrder
from octeth_backupd.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.control.services import RestoreRequest
    from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
    from octeth_backupd.daemon.restore_services import RestoreServices
    from octeth_backupd.daemon.run_recorder import RunRecorder
    from octeth_backupd.domain.backup import Backup, Run, StepRecord
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.events import StepProgress
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.restore.plan import RestorePlan
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.servers.settings import ServerSettings
    from octeth_backupd.telemetry.bus import EventBus

_log = structlog.get_logger("services")


@dataclass(slots=True, kw_only=True)
class ServiceState:
    """What changes while the daemon runs, beside runs: the last reload's error and standing warnings."""

    configuration_error: str = ""
    warnings: dict[str, str] = field(default_factory=dict)


class DaemonServices:
    """Implements control.services.Services with the daemon's own parts.

    Args:
        parts: Returns the parts of the configuration in force.
        schedules: Returns every schedule of every server.
        diagnose: Runs all checks of one server, or of all.
        settings_view: Returns the settings in force, secrets masked.
        set_paused: Pauses or resumes schedules of a server (None: all) by name (None: all).
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        bus: EventBus,
        clock: Clock,
        coordinator: Coordinator,
        restores: RestoreServices,
        recorder: RunRecorder,
        state: ServiceState,
        installation_id: str,
        config_path: Path,
        parts: Callable[[], Parts],
        schedules: Callable[[], list[ScheduleView]],
        set_paused: Callable[[str, str | None, bool, str], None],
        scheduler_alive: Callable[[], bool],
        diagnose: Callable[[str | None], list[CheckResult]],
        settings_view: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._catalog = catalog
        self._bus = bus
        self._clock = clock
        self._coordinator = coordinator
        self._restores = restores
        self._recorder = recorder
        self._state = state
        self._installation_id = installation_id
        self._config_path = config_path
        self._parts = parts
        self._schedules = schedules
        self._set_paused = set_paused
        self._scheduler_alive = scheduler_alive
        self._diagnose = diagnose
        self._settings_view = settings_view
        self._started_at = clock.now()

    def request_backup(self, *, server: str | None, wait: bool, requested_by: str) -> Run:
        """See Services.request_backup."""
        name = chosen_server(server, self._server_names())
        return self._coordinator.submit(
            Operation.BACKUP,
            server=name,
            trigger=Trigger.MANUAL,
            requested_by=requested_by,
            wait=wait,
            tiers=frozenset({Tier.MANUAL}),
        )

    def request_verify(self, *, backup_id: str, deep: bool, requested_by: str) -> Run:
        """See Services.request_verify."""
        backup = self._catalog.find_backup(backup_id)
        return self._coordinator.submit(
            Operation.VERIFY,
            server=backup.server,
            trigger=Trigger.MANUAL,
            requested_by=requested_by,
            wait=False,
            backup_id=backup.backup_id,
            order=VerifyOrder(deep=deep),
        )

    def plan_restore(self, order: RestoreRequest, *, requested_by: str) -> RestorePlan:
        """See Services.plan_restore."""
        _log.info("restore.plan_requested", backup=order.backup, requested_by=requested_by)
        return self._restores.plan(order)

    def request_restore(self, order: RestoreRequest, *, confirm: str, requested_by: str) -> Run:
        """See Services.request_restore."""
        return self._restores.restore(order, confirm=confirm, requested_by=requested_by)

    def request_undo(self, *, server: str, confirm: str, requested_by: str) -> Run:
        """See Services.request_undo."""
        return self._restores.undo(server, confirm=confirm, requested_by=requested_by)

    def restores(self, *, server: str | None) -> list[Journal]:
        """See Services.restores."""
        return self._restores.journals(server)

    def cancel(self, *, run: str, requested_by: str) -> Run:
        """See Services.cancel."""
        found = self._catalog.find_run(run)
        if found.status.is_final:
            raise InvalidRequestError(
                f"run {found.run_id} is over: {found.status}", hint="Only queued and running runs can be cancelled."
            )
        self._coordinator.cancel(found.run_id, requested_by=requested_by)
        return self._catalog.run(found.run_id)

    def status(self) -> StatusView:
        """See Services.status."""
        views = self._schedules()
        active = self._coordinator.active()
        state: Literal["running", "stopping"] = "stopping" if self._coordinator.is_stopping else "running"
        parts = self._parts()
        return StatusView(
            version=__version__,
            installation_id=self._installation_id,
            started_at=self._started_at,
            pid=os.getpid(),
            state=state,
            config_path=self._config_path,
            servers=tuple(
                self._server_status(name, server.settings, views, active) for name, server in parts.servers.items()
            ),
            scheduler_alive=self._scheduler_alive(),
            configuration_error=self._state.configuration_error,
            warnings=(*self._state.warnings.values(), *self._restores.warnings()),
        )

    def doctor(self, *, server: str | None) -> list[CheckResult]:
        """See Services.doctor."""
        return self._diagnose(chosen_server(server, self._server_names()) if server is not None else None)

    def schedules(self) -> list[ScheduleView]:
        """See Services.schedules."""
        return self._schedules()

    def pause(self, *, server: str | None, schedule: str | None, requested_by: str) -> list[ScheduleView]:
        """See Services.pause."""
        return self._change_paused(server, schedule, paused=True, requested_by=requested_by)

    def resume(self, *, server: str | None, schedule: str | None, requested_by: str) -> list[ScheduleView]:
        """See Services.resume."""
        return self._change_paused(server, schedule, paused=False, requested_by=requested_by)

    def settings_view(self) -> Mapping[str, Any]:
        """See Services.settings_view."""
        return self._settings_view()

    def find_backup(self, part: str, server: str | None) -> Backup:
        """See Services.find_backup."""
        return self._catalog.find_backup(part, server=server)

    def backups_json(self, *, server: str | None, limit: int | None, after: str | None) -> bytes:
        """See Services.backups_json."""
        return self._catalog.backups_json(server=self._known(server), limit=limit, after=after)

    def find_run(self, part: str) -> Run:
        """See Services.find_run."""
        return self._catalog.find_run(part)

    def runs(self, *, server: str | None, limit: int, before: str | None) -> list[Run]:
        """See Services.runs."""
        return self._catalog.runs(server=self._known(server), limit=limit, before=before)

    def steps(self, run_id: str) -> list[StepRecord]:
        """See Services.steps."""
        return self._catalog.steps(run_id)

    def progress(self, run_id: str) -> StepProgress | None:
        """See Services.progress."""
        return self._recorder.progress(run_id)

    @contextmanager
    def subscribe(self, run_id: str) -> Iterator[Subscription]:
        """See Services.subscribe."""
        with subscribed(self._bus, run_id) as subscription:
            yield subscription

    def _server_names(self) -> tuple[str, ...]:
        return tuple(self._parts().servers)

    def _known(self, server: str | None) -> str | None:
        return None if server is None else chosen_server(server, self._server_names())

    def _change_paused(
        self, server: str | None, schedule: str | None, *, paused: bool, requested_by: str
    ) -> list[ScheduleView]:
        names = self._server_names() if server is None else (chosen_server(server, self._server_names()),)
        for name in names:
            self._set_paused(name, schedule, paused, requested_by)
        return [
            view
            for view in self._schedules()
            if view.server in names and (schedule is None or view.schedule == schedule)
        ]

    def _server_status(
        self, name: str, settings: ServerSettings, views: list[ScheduleView], active: list[ActiveRun]
    ) -> ServerStatus:
        mine = [a for a in active if a.run.server == name]
        ended = [run for run in self._catalog.runs(server=name, limit=20) if run.status.is_final]
        due_times: list[datetime] = [view.next_due for view in views if view.server == name and view.next_due]
        return ServerStatus(
            name=name,
            placement=settings.placement,
            last_good_backup=self._last_good(name),
            last_run=ended[0] if ended else None,
            active_run=next((self._catalog.run(a.run.run_id) for a in mine if a.is_running), None),
            queued_runs=tuple(a.run for a in mine if not a.is_running and a.run.status is RunStatus.QUEUED),
            next_due=min(due_times, default=None),
        )

    def _last_good(self, server: str) -> BackupSummary | None:
        backup = self._catalog.last_good_backup(server)
        if backup is None:
            return None
        age_seconds = (self._clock.now() - backup.taken_at).total_seconds()
        return BackupSummary(backup_id=backup.backup_id, taken_at=backup.taken_at, age_seconds=age_seconds)
