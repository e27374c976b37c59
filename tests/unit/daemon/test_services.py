"""What the control interface gets from the daemon's own parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.control.services import ScheduleView, Services
from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.restore_services import RestoreServices
from octeth_backupd.daemon.run_recorder import RunRecorder
from octeth_backupd.daemon.services import DaemonServices, ServiceState
from octeth_backupd.daemon.telling import Telling
from octeth_backupd.daemon.upload_watch import UploadWatch
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, Tier, Trigger
from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.restore.order import SyncOrder
from octeth_backupd.errors import AmbiguousIdError, BusyError, InvalidRequestError, NotFoundError
from octeth_backupd.notifiers.settings import NotifierSettings
from octeth_backupd.pipeline.sync.sync import REPORT
from tests.fakes.catalog_values import make_backup
from tests.fakes.installation import INSTALLATION
from tests.fakes.notices import make_notice
from tests.fakes.notifier import FakeNotifier
from tests.fakes.runs import AT, a_run
from tests.fakes.server import FakeServer
from tests.fakes.uploads import add_waiting_backup

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

WHO = "uid 0 (root)"


class Daemon:
    """The services over a real catalog and coordinator; runs begin, and end when told."""

    def __init__(self, bench: Bench, *, servers: tuple[str, ...] = ("oempro",)) -> None:
        self.bench = bench
        self.begun: list[ActiveRun] = []
        self.paused: list[tuple[str, str | None, bool, str]] = []
        self.diagnosed: list[str | None] = []
        self.state = ServiceState()
        self.recorder = RunRecorder(bench.catalog)
        bench.bus.subscribe(self.recorder.follow)
        parts = bench.parts(servers={name: FakeServer(bench.directory, name=name) for name in servers})
        self.views = [self.view(name, schedule) for name in servers for schedule in ("daily", "weekly")]
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=self.begun.append,
            parts=lambda: parts,
            max_parallel_runs=len(servers),
        )
        self.upload_watch = UploadWatch(coordinator=self.coordinator, clock=bench.clock, parts=lambda: parts)
        mail = NotifierSettings.model_validate(
            {"kind": "email", "host": "h", "sender": "a@b.c", "recipients": ["d@e.f"]}
        )
        self.telling = Telling(
            catalog=bench.catalog,
            clock=bench.clock,
            settings=lambda: {"mail": mail},
            limits=NoticesSettings,
            active=self.coordinator.active,
            parts=lambda: parts,
            definitions=lambda: (),
            notifiers={"mail": FakeNotifier(name="mail")},
            redact=str,
        )
        self.services = DaemonServices(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            coordinator=self.coordinator,
            restores=RestoreServices(
                catalog=bench.catalog,
                coordinator=self.coordinator,
                clock=bench.clock,
                installation_id="i" * 32,
                parts=lambda: parts,
            ),
            recorder=self.recorder,
            upload_watch=self.upload_watch,
            notifiers=self.telling.services,
            state=self.state,
            installation_id="i" * 32,
            config_path=bench.directory / "config.toml",
            parts=lambda: parts,
            schedules=lambda: self.views,
            set_paused=lambda *change: self.paused.append(change),
            scheduler_alive=lambda: True,
            diagnose=self._diagnose,
            settings_view=lambda: {"backup": {"mode": "prepared"}},
            metrics=lambda: b"octeth_backupd_warnings 0.0\n",
        )

    def view(self, server: str, schedule: str, **changes: Any) -> ScheduleView:
        view = ScheduleView(
            server=server,
            schedule=schedule,
            tier=Tier(schedule),
            cron="0 2 * * *",
            timezone="UTC",
            next_due=AT + timedelta(days=1 if schedule == "daily" else 7),
            paused=False,
        )
        return replace(view, **changes)

    def _diagnose(self, server: str | None) -> list[CheckResult]:
        self.diagnosed.append(server)
        return [CheckResult(name="tools", status=CheckStatus.PASSED, summary="")]


@pytest.fixture
def daemon(bench: Bench) -> Daemon:
    """The services of a daemon with one server."""
    return Daemon(bench)


@pytest.fixture
def two_servers(bench: Bench) -> Daemon:
    """The services of a daemon with two servers."""
    return Daemon(bench, servers=("oempro", "shop"))


def test_they_are_what_the_control_interface_asks_for(daemon: Daemon) -> None:
    services: Services = daemon.services

    assert services.status().config_path == daemon.bench.directory / "config.toml"


def test_a_sync_is_a_run_of_no_server_that_waits_for_nobody(daemon: Daemon) -> None:
    daemon.services.request_backup(server=None, wait=False, requested_by="root")

    run = daemon.services.request_sync(SyncOrder(repair=True), requested_by="root")

    assert (run.operation, run.server, run.trigger) == (Operation.SYNC, "", Trigger.MANUAL)
    assert [active.order for active in daemon.begun if active.run.run_id == run.run_id] == [SyncOrder(repair=True)]


def test_a_second_sync_waits_for_the_first(daemon: Daemon) -> None:
    daemon.services.request_sync(SyncOrder(), requested_by="root")
    daemon.services.request_sync(SyncOrder(), requested_by="root")

    assert [active.run.operation for active in daemon.begun] == [Operation.SYNC]


def test_a_sync_of_what_cannot_be_a_server_is_refused(daemon: Daemon) -> None:
    with pytest.raises(InvalidRequestError):
        daemon.services.request_sync(SyncOrder(server="../x"), requested_by="root")


def test_the_last_syncs_report_is_kept_and_answers_the_warning_of_a_new_catalog(daemon: Daemon) -> None:
    warning = daemon.state.warn_of_new_catalog(daemon.bench.directory)
    assert "octeth-backupctl sync" in warning
    assert (daemon.services.sync_report(), daemon.services.status().warnings) == (None, (warning,))

    daemon.bench.catalog.set_meta(REPORT, '{"run_id": "run-1"}')

    assert daemon.services.sync_report() == {"run_id": "run-1"}
    assert daemon.services.status().warnings == ()


def test_a_requested_backup_is_a_manual_run_of_the_tier_manual(daemon: Daemon) -> None:
    run = daemon.services.request_backup(server=None, wait=False, requested_by=WHO)

    assert (run.operation, run.server, run.trigger, run.tiers) == (
        Operation.BACKUP,
        "oempro",
        Trigger.MANUAL,
        frozenset({Tier.MANUAL}),
    )
    assert run.requested_by == WHO
    assert daemon.begun[0].run == run


def test_a_second_backup_is_refused_or_waits(daemon: Daemon) -> None:
    first = daemon.services.request_backup(server=None, wait=False, requested_by=WHO)

    with pytest.raises(BusyError, match=first.run_id):
        daemon.services.request_backup(server=None, wait=False, requested_by=WHO)
    second = daemon.services.request_backup(server=None, wait=True, requested_by=WHO)

    (status,) = daemon.services.status().servers
    assert status.active_run is not None
    assert status.active_run.run_id == first.run_id
    assert [run.run_id for run in status.queued_runs] == [second.run_id]


def test_a_server_that_is_not_configured_is_not_found_anywhere(daemon: Daemon) -> None:
    services = daemon.services

    for ask in (
        lambda: services.request_backup(server="nope", wait=False, requested_by=WHO),
        lambda: services.doctor(server="nope"),
        lambda: services.pause(server="nope", schedule=None, requested_by=WHO),
        lambda: services.runs(server="nope", limit=1, before=None),
        lambda: services.backups_json(server="nope", limit=1, after=None),
    ):
        with pytest.raises(NotFoundError, match="no server 'nope'"):
            ask()
    assert daemon.paused == []


def test_with_several_servers_one_must_be_named(two_servers: Daemon) -> None:
    with pytest.raises(InvalidRequestError, match="several servers"):
        two_servers.services.request_backup(server=None, wait=False, requested_by=WHO)


def test_a_backup_is_verified_by_any_part_of_its_id(daemon: Daemon) -> None:
    daemon.bench.catalog.add_backup(make_backup())

    run = daemon.services.request_verify(deep=False, storage="local", backup_id="2026-11-22", requested_by=WHO)

    assert (run.operation, run.server, run.backup_id) == (Operation.VERIFY, "oempro", make_backup().backup_id)


def test_a_backup_that_does_not_exist_or_is_not_one_cannot_be_verified(daemon: Daemon) -> None:
    daemon.bench.catalog.add_backup(make_backup())
    daemon.bench.catalog.add_backup(make_backup(taken_at=AT + timedelta(days=1)))

    with pytest.raises(NotFoundError):
        daemon.services.request_verify(deep=False, storage="", backup_id="1999", requested_by=WHO)
    with pytest.raises(AmbiguousIdError):
        daemon.services.request_verify(deep=False, storage="", backup_id="2026-11", requested_by=WHO)
    with pytest.raises(NotFoundError, match="no copy in a storage 's3'") as caught:
        daemon.services.request_verify(deep=False, storage="s3", backup_id="2026-11-22", requested_by=WHO)
    assert caught.value.hint == "It has copies in: local."
    assert daemon.begun == []


def test_a_running_run_is_cancelled_by_a_part_of_its_id(daemon: Daemon) -> None:
    run = daemon.services.request_backup(server=None, wait=False, requested_by=WHO)

    daemon.services.cancel(run=run.run_id[-6:], requested_by="uid 1000 (anna)")

    assert str(daemon.begun[0].cancellation.reason) == "cancelled by uid 1000 (anna)"


def test_a_run_that_is_over_cannot_be_cancelled(daemon: Daemon) -> None:
    daemon.bench.catalog.add_run(a_run("done", status=RunStatus.FAILED))

    with pytest.raises(InvalidRequestError, match="run done is over: failed"):
        daemon.services.cancel(run="done", requested_by=WHO)


def test_status_of_a_new_installation_says_that_there_is_nothing_yet(daemon: Daemon) -> None:
    view = daemon.services.status()

    (server,) = view.servers
    assert (view.state, view.installation_id, view.scheduler_alive) == ("running", "i" * 32, True)
    assert (server.name, server.placement) == ("oempro", "address")
    assert (server.last_good_backup, server.last_run, server.active_run, server.queued_runs) == (None, None, None, ())


def test_status_says_how_old_the_last_good_backup_is_and_what_comes_next(daemon: Daemon) -> None:
    daemon.bench.catalog.installations.set_own(make_backup().installation_id)
    daemon.bench.catalog.add_backup(make_backup(taken_at=AT - timedelta(days=1)))
    daemon.bench.catalog.add_backup(make_backup(taken_at=AT, suspect="too small"))
    daemon.bench.catalog.add_run(a_run("done", status=RunStatus.FAILED))
    daemon.bench.clock.go(60)

    (server,) = daemon.services.status().servers

    assert server.last_good_backup is not None
    assert server.last_good_backup.taken_at == AT - timedelta(days=1)
    assert server.last_good_backup.age_seconds == 86_460
    assert server.last_run is not None
    assert server.last_run.run_id == "done"
    assert server.next_due == AT + timedelta(days=1)


def test_paused_schedules_do_not_count_for_what_comes_next(daemon: Daemon) -> None:
    daemon.views = [
        daemon.view("oempro", "daily", paused=True, next_due=None),
        daemon.view("oempro", "weekly"),
        daemon.view("other", "daily"),
    ]

    (server,) = daemon.services.status().servers

    assert server.next_due == AT + timedelta(days=7)


def test_status_carries_a_refused_configuration_warnings_and_the_stop(daemon: Daemon) -> None:
    daemon.state.configuration_error = "unknown key"
    daemon.state.warnings["docker"] = "Docker is away."
    daemon.coordinator.stop(timeout_seconds=0)

    view = daemon.services.status()

    assert (view.configuration_error, view.warnings, view.state) == ("unknown key", ("Docker is away.",), "stopping")


def test_status_warns_of_a_file_with_mistakes(daemon: Daemon) -> None:
    daemon.state.file_mistakes = "the next start would fail"

    assert daemon.services.status().warnings == ("the next start would fail",)


@pytest.mark.parametrize("paused", [True, False])
def test_pausing_and_resuming_concern_the_named_schedule_only(two_servers: Daemon, paused: bool) -> None:
    change = two_servers.services.pause if paused else two_servers.services.resume

    views = change(server="shop", schedule="daily", requested_by=WHO)

    assert two_servers.paused == [("shop", "daily", paused, WHO)]
    assert [(view.server, view.schedule) for view in views] == [("shop", "daily")]


def test_pausing_without_a_name_concerns_everything(two_servers: Daemon) -> None:
    views = two_servers.services.pause(server=None, schedule=None, requested_by=WHO)

    assert two_servers.paused == [("oempro", None, True, WHO), ("shop", None, True, WHO)]
    assert views == two_servers.views == two_servers.services.schedules()


def test_doctor_looks_at_one_server_or_at_all(daemon: Daemon) -> None:
    one = daemon.services.doctor(server="oempro")
    every = daemon.services.doctor(server=None)

    assert daemon.diagnosed == ["oempro", None]
    assert ([check.name for check in one], [check.name for check in every]) == (["tools"], ["tools", "notifier mail"])


def test_notifiers_are_shown_warned_of_and_tried(daemon: Daemon) -> None:
    outbox, now = daemon.bench.catalog.notices, daemon.bench.clock.now()
    outbox.tell(at=now, notices=[("mail", make_notice())])
    outbox.note_failure(outbox.waiting("mail")[0].delivery_id, error="refused", at=now, next_try_at=now)

    status = daemon.services.status()

    assert [one.state for one in status.notifiers] == [one.state for one in daemon.services.notifiers()] == ["failing"]
    assert "notifier mail does not get through" in status.warnings[0]
    assert [one.error for one in daemon.services.test_notifiers(name=None, requested_by=WHO)] == [""]


def test_a_warning_that_a_problem_says_as_well_is_named_once_the_problem_was_seen(daemon: Daemon) -> None:
    daemon.bench.catalog.add_backup(make_backup(copies={"local": CopyState.CORRUPT}))
    daemon.state.warnings["docker"] = "Docker is away."
    before = daemon.services.status()

    daemon.telling.watch.look()
    after = daemon.services.status()

    assert (len(before.warnings), before.warnings_in_problems) == (2, ())
    assert after.warnings == before.warnings
    assert after.warnings_in_problems == (before.warnings[1],)


def test_status_tells_of_retention_apart_from_the_last_run_that_was_ordered(daemon: Daemon) -> None:
    catalog = daemon.bench.catalog
    for number, operation in enumerate((Operation.BACKUP, Operation.RETENTION)):
        catalog.add_run(
            replace(
                a_run(f"run-{number}", operation=operation, status=RunStatus.SUCCESS),
                created_at=AT + timedelta(hours=number),
            )
        )

    (status,) = daemon.services.status().servers

    assert status.last_run is not None
    assert status.last_run.operation is Operation.BACKUP
    assert status.retention.last_run is not None
    assert status.retention.last_run.operation is Operation.RETENTION
    assert "retention --apply" in status.retention.waits_for


def test_keeping_and_deleting_is_passed_on(daemon: Daemon) -> None:
    backup = make_backup(installation_id=INSTALLATION)
    daemon.bench.catalog.add_backup(backup)
    services, of = daemon.services, backup.backup_id
    daemon.bench.catalog.set_suspect(of, "tiny")

    assert services.pin(backup_id=of, note="", requested_by=WHO) == of
    assert services.holdings(of).pin is not None
    assert services.unpin(backup_id=of, requested_by=WHO) == of
    assert services.accept(backup_id=of, note="", requested_by=WHO) == of
    assert of.encode() in services.retention_json(server=None)
    run = services.request_delete(backup_id=of, confirm="oempro", force=True, requested_by=WHO)
    assert run.operation is Operation.DELETE
    with pytest.raises(BusyError):
        services.request_retention(server=None, despite_hold=False, requested_by=WHO)


def test_the_active_run_is_the_one_that_holds_the_server_whatever_goes_on_beside_it(daemon: Daemon) -> None:
    request: dict[str, Any] = {"server": "oempro", "trigger": Trigger.MANUAL, "requested_by": WHO, "wait": True}
    upload = daemon.coordinator.submit(Operation.UPLOAD, **request)
    alone = daemon.services.status().servers[0].active_run
    backup = daemon.coordinator.submit(Operation.BACKUP, **request)
    beside = daemon.services.status().servers[0].active_run

    assert alone is not None
    assert beside is not None
    assert (alone.run_id, beside.run_id) == (upload.run_id, backup.run_id)


def test_uploads_that_are_tried_again_and_again_do_not_hide_the_last_backup(daemon: Daemon) -> None:
    daemon.bench.catalog.add_run(a_run("0-backup", status=RunStatus.FAILED))
    for number in range(60):
        run = a_run(f"1-upload-{number:02}", status=RunStatus.FAILED, operation=Operation.UPLOAD)
        daemon.bench.catalog.add_run(replace(run, created_at=AT + timedelta(minutes=number + 1)))

    last = daemon.services.status().servers[0].last_run

    assert last is not None
    assert last.run_id == "0-backup"


def test_status_says_how_uploads_stand(daemon: Daemon) -> None:
    add_waiting_backup(daemon.bench)

    (view,) = daemon.services.status().uploads

    assert (view.storage, view.configured, view.pending_copies) == ("s3", False, 1)
