"""What the control interface asks of the daemon; see control.services.Services for the contract of each method."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import structlog

from octeth_backupd import __version__
from octeth_backupd.control.services import ScheduleView, StatusView
from octeth_backupd.daemon.coordinator import chosen_server
from octeth_backupd.daemon.freshness import freshness_of
from octeth_backupd.daemon.lost_copies import lost_copy_warnings
from octeth_backupd.daemon.reading_services import ReadingServices
from octeth_backupd.daemon.retention_services import DaemonRetentionServices
from octeth_backupd.daemon.server_standing import ServerStanding
from octeth_backupd.daemon.upload_views import upload_views
from octeth_backupd.domain.backup import Operation, Tier, Trigger
from octeth_backupd.domain.names import is_safe_name
from octeth_backupd.domain.notices.configuration_problem import CONFIGURATION_KEY
from octeth_backupd.domain.notices.overdue import CLOCK_MARGIN
from octeth_backupd.domain.restore.order import VerifyOrder
from octeth_backupd.errors import InvalidRequestError, NotFoundError
from octeth_backupd.pipeline.sync.sync import REPORT as SYNC_REPORT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.control.notifier_services import NotifierStatus, NotifierTest
    from octeth_backupd.control.retention_services import BackupHoldings
    from octeth_backupd.control.services import RestoreRequest
    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.daemon.notifier_services import DaemonNotifierServices
    from octeth_backupd.daemon.restore_services import RestoreServices
    from octeth_backupd.daemon.run_recorder import RunRecorder
    from octeth_backupd.daemon.upload_watch import UploadWatch
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.freshness import Freshness, Requirements
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.restore.order import SyncOrder
    from octeth_backupd.domain.restore.plan import RestorePlan
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.telemetry.bus import EventBus

_log = structlog.get_logger("services")

NEW_CATALOG = "catalog"
"""The standing warning that the catalog was begun anew."""


@dataclass(slots=True, kw_only=True)
class ServiceState:
    """What changes while the daemon runs, beside runs: the last reload's error and standing warnings.

    Attributes:
        file_mistakes: The warning that the daemon would not start with the configuration file as it is.
    """

    configuration_error: str = ""
    file_mistakes: str = ""
    warnings: dict[str, str] = field(default_factory=dict)

    def warn_of_new_catalog(self, path: Path) -> str:
        """Note that a lost catalog was begun anew, until a sync has looked; return the warning."""
        text = f"{path} was gone: a new catalog was begun; it learns of earlier backups by octeth-backupctl sync"
        self.warnings[NEW_CATALOG] = text
        return text


class DaemonServices(ReadingServices):
    """Implements control.services.Services with the daemon's own parts.

    Args:
        parts: Returns the parts of the configuration in force.
        schedules: Returns every schedule of every server.
        diagnose: Runs all checks of one server, or of all.
        settings_view: Returns the settings in force, secrets masked.
        metrics: Returns all metrics as of now.
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
        upload_watch: UploadWatch,
        notifiers: DaemonNotifierServices,
        state: ServiceState,
        installation_id: str,
        config_path: Path,
        parts: Callable[[], Parts],
        schedules: Callable[[], list[ScheduleView]],
        set_paused: Callable[[str, str | None, bool, str], None],
        scheduler_alive: Callable[[], bool],
        diagnose: Callable[[str | None], list[CheckResult]],
        settings_view: Callable[[], Mapping[str, Any]],
        metrics: Callable[[], bytes],
    ) -> None:
        super().__init__(catalog=catalog, bus=bus, recorder=recorder, parts=parts)
        self._clock = clock
        self._coordinator = coordinator
        self._restores = restores
        self._retention = DaemonRetentionServices(
            catalog=catalog,
            coordinator=coordinator,
            clock=clock,
            parts=parts,
            said=upload_watch.look_for_states,
        )
        self._upload_watch = upload_watch
        self._notifiers = notifiers
        self._standing = ServerStanding(catalog=catalog, clock=clock, retention=self._retention.status)
        self._state = state
        self._installation_id = installation_id
        self._config_path = config_path
        self._schedules = schedules
        self._set_paused = set_paused
        self._scheduler_alive = scheduler_alive
        self._diagnose = diagnose
        self._settings_view = settings_view
        self._metrics = metrics
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

    def request_verify(self, *, backup_id: str, deep: bool, storage: str, requested_by: str) -> Run:
        """See Services.request_verify."""
        backup = self._catalog.find_backup(backup_id)
        known = sorted(copy.storage for copy in backup.copies)
        if storage and storage not in known:
            raise NotFoundError(
                f"backup {backup.backup_id} has no copy in a storage {storage!r}",
                hint=f"It has copies in: {', '.join(known) or 'none'}.",
            )
        return self._coordinator.submit(
            Operation.VERIFY,
            server=backup.server,
            trigger=Trigger.MANUAL,
            requested_by=requested_by,
            wait=False,
            backup_id=backup.backup_id,
            order=VerifyOrder(deep=deep, storage=storage),
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

    def request_sync(self, order: SyncOrder, *, requested_by: str) -> Run:
        """See Services.request_sync."""
        if order.server is not None and not is_safe_name(order.server):
            raise InvalidRequestError(f"not a server's name: {order.server!r}")
        return self._coordinator.submit(
            Operation.SYNC,
            server="",
            trigger=Trigger.MANUAL,
            requested_by=requested_by,
            wait=True,
            order=order,
        )

    def restores(self, *, server: str | None) -> list[Journal]:
        """See Services.restores."""
        return self._restores.journals(server)

    def retention_json(self, *, server: str | None) -> bytes:
        """See Services.retention_json."""
        return self._retention.retention_json(server=server)

    def request_retention(self, *, server: str | None, despite_hold: bool, requested_by: str) -> list[Run]:
        """See Services.request_retention."""
        return self._retention.request_retention(server=server, despite_hold=despite_hold, requested_by=requested_by)

    def request_delete(self, *, backup_id: str, confirm: str, force: bool, requested_by: str) -> Run:
        """See Services.request_delete."""
        return self._retention.request_delete(
            backup_id=backup_id, confirm=confirm, force=force, requested_by=requested_by
        )

    def pin(self, *, backup_id: str, note: str, requested_by: str) -> str:
        """See Services.pin."""
        return self._retention.pin(backup_id=backup_id, note=note, requested_by=requested_by)

    def unpin(self, *, backup_id: str, requested_by: str) -> str:
        """See Services.unpin."""
        return self._retention.unpin(backup_id=backup_id, requested_by=requested_by)

    def accept(self, *, backup_id: str, note: str, requested_by: str) -> str:
        """See Services.accept."""
        return self._retention.accept(backup_id=backup_id, note=note, requested_by=requested_by)

    def holdings(self, backup_id: str) -> BackupHoldings:
        """See Services.holdings."""
        return self._retention.holdings(backup_id)

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
        figures = self._catalog.stock.figures.read(parts.servers, until=self._clock.now() + CLOCK_MARGIN)
        problems = self._notifiers.problems()
        subjects = {problem.subject for problem in problems}
        return StatusView(
            version=__version__,
            installation_id=self._installation_id,
            started_at=self._started_at,
            pid=os.getpid(),
            state=state,
            config_path=self._config_path,
            servers=tuple(
                self._standing.of(name, server.settings.placement, views=views, active=active, figures=figures)
                for name, server in parts.servers.items()
            ),
            scheduler_alive=self._scheduler_alive(),
            uploads=upload_views(parts, self._upload_watch, self._recorder, active),
            notifiers=self._notifiers.notifiers(),
            problems=problems,
            configuration_error=self._state.configuration_error,
            warnings=self.warnings(),
            warnings_in_problems=tuple(words for subject, words in self._of_problems().items() if subject in subjects),
        )

    def warnings(self) -> tuple[str, ...]:
        """Return what somebody should look at, one sentence each."""
        return (
            *(text for name, text in tuple(self._state.warnings.items()) if not self._is_over(name)),
            *self._restores.warnings(),
            *self._of_problems().values(),
        )

    def metrics(self) -> bytes:
        """See Services.metrics."""
        return self._metrics()

    def freshness(self, *, server: str | None, requirements: Requirements) -> list[Freshness]:
        """See Services.freshness."""
        names = self._server_names() if server is None else (chosen_server(server, self._server_names()),)
        return freshness_of(names, requirements, parts=self._parts(), clock=self._clock)

    def doctor(self, *, server: str | None) -> list[CheckResult]:
        """See Services.doctor."""
        if server is not None:
            return self._diagnose(chosen_server(server, self._server_names()))
        return self._diagnose(None) + self._notifiers.checks()

    def notifiers(self) -> tuple[NotifierStatus, ...]:
        """See Services.notifiers."""
        return self._notifiers.notifiers()

    def test_notifiers(self, *, name: str | None, requested_by: str) -> list[NotifierTest]:
        """See Services.test_notifiers."""
        return self._notifiers.test_notifiers(name=name, requested_by=requested_by)

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

    def _of_problems(self) -> dict[str, str]:
        """Return the warnings that a problem says better, once it was looked at: its subject → the warning."""
        mistakes = {CONFIGURATION_KEY: self._state.file_mistakes} if self._state.file_mistakes else {}
        return mistakes | lost_copy_warnings(self._catalog) | self._notifiers.warnings()

    def _is_over(self, warning: str) -> bool:
        """Return whether a standing warning has been answered: a new catalog, by a sync."""
        return warning == NEW_CATALOG and self._catalog.meta(SYNC_REPORT) is not None

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
