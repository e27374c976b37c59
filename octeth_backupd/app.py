"""The composition root: the one module that knows every part and puts them together."""

from __future__ import annotations

import faulthandler
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from octeth_backupd import __version__
from octeth_backupd.assembly import begin_logging, build_notifiers, build_parts, build_telling
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.control.server import ControlServer
from octeth_backupd.daemon.boot_watch import BootWatch
from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.due_watch import DueWatch
from octeth_backupd.daemon.installation import FILE_NAME as INSTALLATION_NAME
from octeth_backupd.daemon.installation import installation_id
from octeth_backupd.daemon.instance_lock import InstanceLock
from octeth_backupd.daemon.lifecycle import Lifecycle
from octeth_backupd.daemon.local_copy_watch import LocalCopyWatch
from octeth_backupd.daemon.observation import FiguresReader, Observation
from octeth_backupd.daemon.recovery import Recovery, SidecarRecovery
from octeth_backupd.daemon.restore_services import RestoreServices
from octeth_backupd.daemon.restore_watch import RestoreWatch
from octeth_backupd.daemon.retention_watch import RetentionWatch
from octeth_backupd.daemon.run_recorder import RunRecorder
from octeth_backupd.daemon.run_worker import RunWorker
from octeth_backupd.daemon.schedules import Schedules
from octeth_backupd.daemon.services import DaemonServices, ServiceState
from octeth_backupd.daemon.status_line import last_told
from octeth_backupd.daemon.stopping import end_runs
from octeth_backupd.daemon.stray_watch import StrayWatch
from octeth_backupd.daemon.systemd import Systemd, watchdog_interval_seconds
from octeth_backupd.daemon.upload_watch import UploadWatch
from octeth_backupd.daemon.workspace_directories import remember_workspaces
from octeth_backupd.domain.backup import Operation
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.diagnosis import diagnose
from octeth_backupd.pipeline.operations import OPERATIONS
from octeth_backupd.pipeline.retention.local_keeping import note_local_keeping
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.files import make_directory
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.scheduling.ledger import SlotLedger
from octeth_backupd.scheduling.scheduler import Scheduler
from octeth_backupd.settings.diagnosis import diagnose_configuration
from octeth_backupd.settings.load import load
from octeth_backupd.settings.view import settings_view
from octeth_backupd.settings.watch import ConfigurationWatch
from octeth_backupd.telemetry.bus import EventBus
from octeth_backupd.telemetry.run_log import log_event

if TYPE_CHECKING:
    from octeth_backupd.settings.settings import Settings

_log = structlog.get_logger("daemon")

CATALOG_NAME = "catalog.sqlite"
SCHEDULER_NAME = "scheduler.sqlite"


def serve(settings: Settings, *, config_path: Path) -> int:
    """Run the daemon until a signal ends it.

    Returns:
        Exit code of the process.

    Raises:
        BackupdError: It could not start.
    """
    os.umask(0o077)
    faulthandler.enable()
    begin_logging(settings)
    make_directory(settings.daemon.state_directory)
    make_directory(settings.daemon.runtime_directory, mode=0o750)
    with InstanceLock(settings.daemon.state_directory), ExitStack() as stack:
        return _Daemon(settings, config_path, stack).run()


class _Daemon:
    """The object graph of a running daemon, built in the order in which its parts start."""

    def __init__(self, settings: Settings, config_path: Path, stack: ExitStack) -> None:
        self._settings = settings
        self._config_path = config_path
        self._clock = SystemClock()
        self._systemd = Systemd()
        self._state = ServiceState()
        self._configuration_watch = ConfigurationWatch(
            config_path, os.environ, started_with=settings, state=self._state, clock=self._clock
        )
        state_directory = settings.daemon.state_directory
        is_known = (state_directory / INSTALLATION_NAME).exists()
        self._installation_id = installation_id(state_directory)
        catalog_path = state_directory / CATALOG_NAME
        if is_known and not catalog_path.exists():
            _log.warning("catalog.missing", message=self._state.warn_of_new_catalog(catalog_path))
        self._catalog = Catalog.open(catalog_path, clock=self._clock)
        stack.callback(self._catalog.close)
        self._catalog.installations.set_own(self._installation_id)
        self._parts = build_parts(settings, self._catalog)
        self._bus = EventBus()
        self._recorder = RunRecorder(self._catalog)
        for subscriber in (log_event, self._recorder.follow, self._systemd.follow):
            self._bus.subscribe(subscriber)
        self._telling = build_telling(
            self._catalog,
            lambda: self._settings,
            lambda: self._parts,
            lambda: tuple(self._coordinator.active()),
            self._configuration_watch.broken_file,
        )
        self._telling.subscribe(self._bus)
        self._ledger = SlotLedger(catalog=self._catalog, clock=self._clock, definitions=())
        self._worker = RunWorker(
            catalog=self._catalog,
            bus=self._bus,
            clock=self._clock,
            installation_id=self._installation_id,
            operations=OPERATIONS,
            ledger=lambda: self._ledger,
            released=self._released,
        )
        self._coordinator = Coordinator(
            catalog=self._catalog,
            bus=self._bus,
            clock=self._clock,
            work=self._worker.work,
            parts=lambda: self._parts,
            max_parallel_runs=settings.daemon.max_parallel_runs,
        )
        self._restore_watch = RestoreWatch(coordinator=self._coordinator, clock=self._clock, parts=lambda: self._parts)
        self._retention = RetentionWatch(coordinator=self._coordinator, clock=self._clock, parts=lambda: self._parts)
        self._stray_watch = StrayWatch(clock=self._clock, parts=lambda: self._parts)
        self._local_copies = LocalCopyWatch(clock=self._clock, parts=lambda: self._parts, warnings=self._state.warnings)
        self._boot = BootWatch(clock=self._clock, warnings=self._state.warnings, search_path=os.environ.get("PATH"))
        self._upload_watch = UploadWatch(coordinator=self._coordinator, clock=self._clock, parts=lambda: self._parts)
        self._bus.subscribe(self._upload_watch.follow)
        self._scheduler = Scheduler(
            path=state_directory / SCHEDULER_NAME,
            clock=self._clock,
            on_due=lambda server, _schedule: self._due_watch.look(server),
        )
        self._schedules = Schedules(self._ledger, self._scheduler)
        self._due_watch = DueWatch(
            ledger=self._ledger,
            coordinator=self._coordinator,
            clock=self._clock,
            retry_later=self._scheduler.retry_later,
            blocked=self._restore_watch.blocks,
        )
        self._sidecars = SidecarRecovery(self._installation_id, self._coordinator)
        self._schedules_taken_up = False
        services = self._services()
        self._observation = Observation(
            reader=FiguresReader(
                clock=self._clock,
                parts=lambda: self._parts,
                active=self._coordinator.active,
                schedules=self._schedules.views,
                state=self._state,
                warnings=services.warnings,
                scheduler_alive=self._scheduler.is_alive,
                state_directory=state_directory,
            ),
            settings=lambda: self._settings.metrics,
            warnings=self._state.warnings,
        )
        self._control = ControlServer(settings=settings.control, services=services)

    def run(self) -> int:
        """Start, serve, stop."""
        lifecycle = Lifecycle(
            systemd=self._systemd,
            clock=self._clock,
            watchdog_seconds=watchdog_interval_seconds(),
            healthy=self._dead_part,
            tick=self._tick,
            reload=self._reload,
            stop=self._stop,
        )
        lifecycle.listen()
        _log.info(
            "daemon.starting",
            version=__version__,
            installation_id=self._installation_id,
            config_path=str(self._config_path),
            servers=sorted(self._settings.servers),
        )
        with ExitStack() as begun:
            begun.callback(self._stop)  # of a start that fails: nothing runs on behind a closed catalog
            self._recover()
            self._systemd.remember(last_told(self._catalog))
            self._restore_watch.look()  # first of all runs: the server may be down until its restore is resolved
            self._stray_watch.look()
            self._scheduler.start_paused()
            self._take_up_schedules()
            self._telling.start()
            self._control.start()
            self._scheduler.resume()
            for server in self._settings.servers:
                self._due_watch.look(server)
            self._retention.look()
            self._systemd.ready()
            _log.info("daemon.ready", socket=str(self._settings.control.socket))
            self._boot.look()
            self._local_copies.look()
            self._upload_watch.look()
            self._observation.look()
            begun.pop_all()
        return lifecycle.run()

    def _recover(self) -> None:
        self._recover_sidecars()  # first: one that still runs would go on writing into a workspace
        Recovery(
            catalog=self._catalog,
            clock=self._clock,
            installation_id=self._installation_id,
            storages=self._parts.local_storages,
            remote=tuple(self._parts.remote_storages),
            has_after_backup=bool(self._parts.hooks.after_backup),
            workspace_directories=remember_workspaces(self._catalog, self._parts.workspace_directory),
            runtime_directory=self._settings.daemon.runtime_directory,
        ).recover()

    def _recover_sidecars(self) -> None:
        if any(server.container for server in self._settings.servers.values()):
            self._sidecars.attempt(self._parts.docker)

    def _take_up_schedules(self) -> None:
        note_local_keeping(self._catalog, keep_local=self._parts.keep_local, at=self._clock.now())
        self._schedules.take_up(self._settings.schedules.definitions(tuple(self._settings.servers)))
        self._schedules_taken_up = True

    def _complete_reload(self) -> None:
        """Do what a reload needs the catalog for; while that fails it is tried again each minute."""
        if self._schedules_taken_up:
            return
        try:
            remember_workspaces(self._catalog, self._parts.workspace_directory)
            self._take_up_schedules()
        except BackupdError as exc:
            message = f"the new configuration is in force, but its schedules are not yet: {exc.message}"
            self._state.warnings["schedules"] = message
            _log.error("configuration.schedules_wait", error=exc.message, hint=exc.hint)
        else:
            if self._state.warnings.pop("schedules", None):
                _log.info("configuration.schedules_taken_up")

    def _released(self, active: ActiveRun) -> None:
        self._coordinator.finished(active)
        self._sidecars.want()
        if not self._coordinator.is_stopping:
            self._due_watch.look(active.run.server)
            self._local_copies.look(now=active.run.operation is not Operation.SYNC)  # which has just looked itself
            self._upload_watch.look()
            self._observation.look()

    def _dead_part(self) -> str:
        if not self._scheduler.is_alive():
            return "the scheduler's thread"
        if not self._control.is_alive():
            return "the control server's thread"
        if not self._telling.is_alive():
            return "a thread of the notices"
        return "" if self._coordinator.threads_alive() else "a run's thread"

    def _tick(self) -> None:
        """Do each minute what must not depend on the scheduler's file, and what could not be done at the start."""
        self._scheduler.wakeup()
        self._complete_reload()
        self._worker.record_late()
        self._recover_sidecars()
        self._restore_watch.look()
        self._stray_watch.look()
        for server in self._settings.servers:
            self._due_watch.look(server)
        self._retention.look()  # after the backups: these do not wait for it
        self._local_copies.look()
        self._upload_watch.look()
        self._configuration_watch.look()
        self._boot.look()
        self._observation.look()

    def _reload(self) -> None:
        self._systemd.reloading()
        try:
            settings = load(self._config_path, os.environ)
        except BackupdError as exc:
            self._configuration_watch.refused(exc)
            self._systemd.ready("new configuration refused, the old one is in force")
            return
        self._configuration_watch.reloaded(settings)
        self._settings, self._parts = settings, build_parts(settings, self._catalog)
        begin_logging(settings)
        self._coordinator.set_max_parallel_runs(settings.daemon.max_parallel_runs)
        self._schedules_taken_up = False
        self._complete_reload()
        self._telling.change(build_notifiers(settings), redact=Redactor(settings.secrets).redact)
        self._upload_watch.look_afresh()
        self._observation.look()
        _log.info("configuration.reloaded", servers=sorted(settings.servers))
        self._systemd.ready()

    def _stop(self) -> None:
        self._scheduler.stop()
        away_seconds = self._settings.restore.longest_absence_seconds
        end_runs(self._coordinator, self._systemd, self._clock, restore_seconds=away_seconds)
        self._worker.record_late()
        self._telling.stop()
        self._observation.stop()
        self._control.stop()
        _log.info("daemon.stopped")

    def _services(self) -> DaemonServices:
        return DaemonServices(
            catalog=self._catalog,
            bus=self._bus,
            clock=self._clock,
            coordinator=self._coordinator,
            restores=RestoreServices(
                catalog=self._catalog,
                coordinator=self._coordinator,
                clock=self._clock,
                installation_id=self._installation_id,
                parts=lambda: self._parts,
                strays=self._stray_watch.warnings,
            ),
            recorder=self._recorder,
            upload_watch=self._upload_watch,
            notifiers=self._telling.services,
            state=self._state,
            installation_id=self._installation_id,
            config_path=self._config_path,
            parts=lambda: self._parts,
            schedules=self._schedules.views,
            set_paused=self._schedules.set_paused,
            scheduler_alive=self._scheduler.is_alive,
            diagnose=lambda server: [
                *diagnose_configuration(self._config_path, os.environ),
                *self._boot.diagnose(),
                *diagnose(self._parts, self._installation_id, server),
            ],
            settings_view=lambda: settings_view(self._settings),
            metrics=lambda: self._observation.metrics(),  # noqa: PLW0108 - it is made after the services
        )
