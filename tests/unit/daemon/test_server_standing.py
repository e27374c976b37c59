"""How one server's backups stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.control.retention_services import RetentionStatus
from octeth_backupd.control.server_status import ForeignBackups
from octeth_backupd.control.services import ScheduleView
from octeth_backupd.daemon.coordinator import ActiveRun
from octeth_backupd.daemon.server_standing import ServerStanding
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, Tier
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.server import Placement
from tests.fakes.catalog_values import make_backup
from tests.fakes.runs import AT, a_run

if TYPE_CHECKING:
    from octeth_backupd.control.server_status import ServerStatus
    from tests.fakes.bench import Bench


class Standing:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.active: list[ActiveRun] = []
        self.views: list[ScheduleView] = []
        self._standing = ServerStanding(
            catalog=bench.catalog,
            clock=bench.clock,
            retention=lambda server: RetentionStatus(waits_for=f"{server} waits", holds=(), last_run=None),
        )

    def ended(self, run_id: str, operation: Operation, *, minutes: int) -> None:
        run = a_run(run_id, operation=operation, status=RunStatus.FAILED)
        self.bench.catalog.add_run(replace(run, created_at=AT + timedelta(minutes=minutes)))

    def begin(self, run_id: str, operation: Operation, *, is_running: bool) -> None:
        run = a_run(run_id, operation=operation, status=RunStatus.RUNNING if is_running else RunStatus.QUEUED)
        self.bench.catalog.add_run(run)
        self.active.append(ActiveRun(run=run, parts=self.bench.parts(), is_running=is_running))

    def of(self, server: str = "oempro") -> ServerStatus:
        return self._standing.of(
            server,
            Placement.CONTAINER,
            views=self.views,
            active=self.active,
            figures=self.bench.catalog.stock.figures.read([server], until=self.bench.clock.now() + timedelta(hours=1)),
        )


@pytest.fixture
def standing(bench: Bench) -> Standing:
    bench.catalog.installations.set_own(make_backup().installation_id)
    return Standing(bench)


def test_server_without_backups_has_none_to_show(standing: Standing) -> None:
    status = standing.of()

    assert (status.last_good_backup, status.last_run, status.active_run, status.next_due) == (None, None, None, None)
    assert status.retention.waits_for == "oempro waits"


def test_last_good_backup_is_told_with_its_age(standing: Standing) -> None:
    backup = make_backup(taken_at=standing.bench.clock.now() - timedelta(hours=2))
    standing.bench.catalog.add_backup(backup)

    found = standing.of().last_good_backup

    assert found is not None
    assert (found.backup_id, found.age_seconds) == (backup.backup_id, 7200)


def test_what_the_daemon_does_by_itself_hides_no_failed_backup(standing: Standing) -> None:
    standing.ended("backup", Operation.BACKUP, minutes=0)
    for number in range(60):
        standing.ended(f"upload-{number:02}", Operation.UPLOAD, minutes=number + 1)

    last = standing.of().last_run

    assert last is not None
    assert last.run_id == "backup"


def test_active_run_is_the_one_that_holds_the_server(standing: Standing) -> None:
    standing.begin("upload", Operation.UPLOAD, is_running=True)
    standing.begin("backup", Operation.BACKUP, is_running=True)
    standing.begin("verify", Operation.VERIFY, is_running=False)

    status = standing.of()

    assert status.active_run is not None
    assert status.active_run.run_id == "backup"
    assert [run.run_id for run in status.queued_runs] == ["verify"]


def test_next_due_is_the_earliest_of_its_own_schedules(standing: Standing) -> None:
    def view(server: str, hours: int) -> ScheduleView:
        return ScheduleView(
            server=server,
            schedule="daily",
            tier=Tier.DAILY,
            cron="0 2 * * *",
            timezone="UTC",
            next_due=AT + timedelta(hours=hours),
            paused=False,
        )

    standing.views = [view("oempro", 5), view("oempro", 3), view("other", 1)]

    assert standing.of().next_due == AT + timedelta(hours=3)


def test_last_good_backup_is_told_with_what_was_shown_of_it_and_where_it_can_be_read(standing: Standing) -> None:
    standing.bench.catalog.add_backup(make_backup())

    found = standing.of().last_good_backup

    assert found is not None
    assert (found.proof, found.storages) == (ProofLevel.PREPARED, ("local",))
    assert found.size_bytes == make_backup().archive_bytes


def test_what_is_stored_is_counted_by_storage_and_tier_and_only_of_this_server(standing: Standing) -> None:
    backup = make_backup()
    standing.bench.catalog.add_backup(backup)

    (stored,) = standing.of().copies

    assert (stored.storage, stored.tier, stored.state, stored.copies) == ("local", backup.tier, CopyState.PRESENT, 1)
    assert stored.size_bytes == backup.copies[0].size_bytes
    assert standing.of("shop").copies == ()


def test_backups_of_another_installation_are_no_last_good_one_and_are_told_apart(standing: Standing) -> None:
    catalog = standing.bench.catalog
    catalog.installations.set_own("own")
    first, second = (make_backup(taken_at=AT + timedelta(hours=hour), installation_id="lost") for hour in range(2))
    catalog.add_backup(first)
    catalog.add_backup(second)

    status = standing.of()

    assert status.last_good_backup is None
    assert status.foreign_good_backups == ForeignBackups(count=2, latest_id=second.backup_id)


def test_of_backups_of_two_other_installations_none_is_said_to_be_restored(standing: Standing) -> None:
    standing.bench.catalog.installations.set_own("own")
    standing.bench.catalog.add_backup(make_backup(installation_id="lost"))
    standing.bench.catalog.add_backup(make_backup(taken_at=AT + timedelta(hours=1), installation_id="neighbour"))

    assert standing.of().foreign_good_backups == ForeignBackups(count=2)


def test_beside_one_of_ours_those_of_other_installations_are_not_told(standing: Standing) -> None:
    standing.bench.catalog.installations.set_own("own")
    ours = make_backup(installation_id="own")
    standing.bench.catalog.add_backup(ours)
    standing.bench.catalog.add_backup(make_backup(taken_at=AT + timedelta(days=300), installation_id="lost"))

    status = standing.of()

    assert status.last_good_backup is not None
    assert (status.last_good_backup.backup_id, status.foreign_good_backups) == (ours.backup_id, None)
