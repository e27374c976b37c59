"""What the control interface gets about keeping and deleting, from the daemon's own parts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.retention_services import DaemonRetentionServices
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, Trigger
from octeth_backupd.domain.retention.order import DeleteOrder, RetentionOrder
from octeth_backupd.errors import BusyError, InvalidRequestError, NotFoundError
from octeth_backupd.pipeline.retention.confirmation import require_confirmation
from tests.fakes.server import FakeServer
from tests.fakes.shelf import Shelf

if TYPE_CHECKING:
    from octeth_backupd.pipeline.parts import Parts
    from tests.fakes.bench import Bench

WHO = "uid 0 (root)"


class Daemon:
    """The services over a shelf of five nights; runs begin, and stay."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.shelf = Shelf(bench)
        self.nights = self.shelf.nights(5)
        self.begun: list[ActiveRun] = []
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=self.begun.append,
            parts=lambda: self.parts,
            max_parallel_runs=1,
        )
        self.said: list[str] = []
        self.services = DaemonRetentionServices(
            catalog=bench.catalog,
            coordinator=self.coordinator,
            clock=bench.clock,
            parts=lambda: self.parts,
            said=self.said.append,
        )

    @property
    def parts(self) -> Parts:
        return self.shelf.parts

    def submitted(self) -> ActiveRun:
        (active,) = self.coordinator.active()
        return active


@pytest.fixture
def daemon(bench: Bench) -> Daemon:
    """The services of a daemon with one server."""
    return Daemon(bench)


def test_plan_is_told_for_each_server_and_touches_nothing(daemon: Daemon) -> None:
    before = daemon.shelf.files()

    (server,) = json.loads(daemon.services.retention_json(server=None))

    assert (server["server"], server["waits_for"], server["expiring_copies"]) == ("oempro", "", 4)
    assert daemon.shelf.files() == before
    assert daemon.coordinator.active() == []
    with pytest.raises(NotFoundError):
        daemon.services.retention_json(server="nope")


def test_retention_is_a_run_that_confirms_the_policy(daemon: Daemon) -> None:
    (run,) = daemon.services.request_retention(server=None, despite_hold=True, requested_by=WHO)

    assert (run.operation, run.server, run.requested_by) == (Operation.RETENTION, "oempro", WHO)
    assert daemon.submitted().order == RetentionOrder(confirm=True, despite_hold=True)


@pytest.mark.parametrize("keep_local", [True, False])
def test_retention_confirms_what_the_configuration_said_when_it_was_ordered(bench: Bench, keep_local: bool) -> None:
    daemon = Daemon(bench)
    parts = bench.parts(keep_local=keep_local)
    services = DaemonRetentionServices(
        catalog=bench.catalog,
        coordinator=daemon.coordinator,
        clock=bench.clock,
        parts=lambda: parts,
        said=daemon.said.append,
    )

    services.request_retention(server=None, despite_hold=False, requested_by=WHO)

    assert daemon.submitted().order == RetentionOrder(keep_local=keep_local)


def test_retention_of_several_servers_takes_turns(bench: Bench) -> None:
    daemon = Daemon(bench)
    servers = {name: FakeServer(bench.directory, name=name) for name in ("oempro", "shop")}
    parts = bench.parts(servers=servers)
    services = DaemonRetentionServices(
        catalog=bench.catalog,
        coordinator=daemon.coordinator,
        clock=bench.clock,
        parts=lambda: parts,
        said=daemon.said.append,
    )

    runs = services.request_retention(server=None, despite_hold=False, requested_by=WHO)

    assert [run.server for run in runs] == ["oempro", "shop"]


def test_retention_is_refused_while_an_ordered_run_holds_the_server(daemon: Daemon) -> None:
    daemon.coordinator.submit(Operation.BACKUP, server="oempro", trigger=Trigger.MANUAL, requested_by=WHO, wait=False)

    with pytest.raises(BusyError):
        daemon.services.request_retention(server=None, despite_hold=False, requested_by=WHO)


def test_deletion_is_a_run_about_the_backup(daemon: Daemon) -> None:
    wanted = daemon.nights[1].backup_id

    run = daemon.services.request_delete(backup_id=wanted, confirm="oempro", force=False, requested_by=WHO)

    assert (run.operation, run.backup_id) == (Operation.DELETE, wanted)
    assert daemon.submitted().order == DeleteOrder(force=False)


@pytest.mark.parametrize("confirm", ["", "shop", "oempro "])
def test_deletion_that_is_not_confirmed_is_refused(daemon: Daemon, confirm: str) -> None:
    wanted = daemon.nights[1].backup_id

    with pytest.raises(InvalidRequestError, match=f"backup {wanted} of oempro would be deleted"):
        daemon.services.request_delete(backup_id=wanted, confirm=confirm, force=True, requested_by=WHO)

    assert daemon.coordinator.active() == []


def test_latest_is_no_backup_to_delete(daemon: Daemon) -> None:
    with pytest.raises(InvalidRequestError, match="by its id"):
        daemon.services.request_delete(backup_id="latest", confirm="oempro", force=True, requested_by=WHO)


def test_newest_backup_is_refused_before_a_run_begins(daemon: Daemon) -> None:
    newest = daemon.nights[4].backup_id

    with pytest.raises(InvalidRequestError, match="it is the newest"):
        daemon.services.request_delete(backup_id=newest, confirm="oempro", force=False, requested_by=WHO)

    daemon.services.request_delete(backup_id=newest, confirm="oempro", force=True, requested_by=WHO)


def test_deleted_backup_is_neither_deleted_nor_pinned(daemon: Daemon) -> None:
    gone = daemon.nights[1]
    for copy in gone.copies:
        daemon.bench.catalog.set_copy_state(
            gone.backup_id, copy.storage, CopyState.DELETED, at=daemon.bench.clock.now()
        )

    with pytest.raises(NotFoundError, match="deleted already"):
        daemon.services.request_delete(backup_id=gone.backup_id, confirm="oempro", force=True, requested_by=WHO)
    with pytest.raises(InvalidRequestError, match="nothing to keep"):
        daemon.services.pin(backup_id=gone.backup_id, note="", requested_by=WHO)


def test_pin_is_told_and_taken_back(daemon: Daemon) -> None:
    wanted = daemon.nights[1].backup_id

    assert daemon.services.pin(backup_id=wanted[-10:], note="x", requested_by=WHO) == wanted
    pin = daemon.services.holdings(wanted).pin
    assert pin is not None
    assert (pin.note, pin.pinned_by) == ("x", WHO)

    assert daemon.services.unpin(backup_id=wanted, requested_by=WHO) == wanted
    assert daemon.services.unpin(backup_id=wanted, requested_by=WHO) == wanted
    assert daemon.services.holdings(wanted).pin is None


def test_backup_of_another_installation_is_not_pinned_before_it_is_adopted(daemon: Daemon) -> None:
    theirs = daemon.shelf.put(daemon.bench.clock.now(), storages=("s3",), installation_id="f" * 32)

    with pytest.raises(InvalidRequestError, match="belongs to installation ffffffff") as refused:
        daemon.services.pin(backup_id=theirs.backup_id, note="", requested_by=WHO)

    assert "sync --adopt ffffffff" in refused.value.hint
    daemon.bench.catalog.installations.adopt("f" * 32, by=WHO, at=daemon.bench.clock.now())
    assert daemon.services.pin(backup_id=theirs.backup_id, note="", requested_by=WHO) == theirs.backup_id


def test_what_is_said_of_a_backup_is_passed_on_at_once(daemon: Daemon) -> None:
    backup_id = daemon.nights[1].backup_id
    daemon.bench.catalog.set_suspect(backup_id, "tiny")

    daemon.services.pin(backup_id=backup_id, note="", requested_by=WHO)
    daemon.services.unpin(backup_id=backup_id, requested_by=WHO)
    daemon.services.accept(backup_id=backup_id, note="", requested_by=WHO)

    assert daemon.said == ["oempro"] * 3


def test_accept_ends_doubt_and_hold(daemon: Daemon) -> None:
    doubted, held = daemon.nights[4].backup_id, daemon.nights[0].backup_id
    catalog, now = daemon.bench.catalog, daemon.bench.clock.now()
    catalog.set_suspect(doubted, "tiny")
    catalog.holdings.begin_hold("oempro", reason="tiny", backup_id=doubted, protected=(held,), at=now)
    assert [hold.reason for hold in daemon.services.holdings(held).holds] == ["tiny"]

    daemon.services.accept(backup_id=doubted, note="emptied", requested_by=WHO)

    assert catalog.backup(doubted).suspect == ""
    assert catalog.holdings.holds("oempro") == []
    (accept,) = daemon.services.holdings(doubted).accepts
    assert (accept.doubt, accept.note, accept.accepted_by) == ("tiny", "emptied", WHO)


def test_what_nobody_doubts_is_not_accepted(daemon: Daemon) -> None:
    with pytest.raises(InvalidRequestError, match="nothing about backup"):
        daemon.services.accept(backup_id=daemon.nights[0].backup_id, note="", requested_by=WHO)


def test_status_tells_holds_what_waits_and_the_last_run(daemon: Daemon) -> None:
    catalog = daemon.bench.catalog
    catalog.holdings.begin_hold("oempro", reason="x", backup_id="", protected=(), at=daemon.bench.clock.now())
    (run,) = daemon.services.request_retention(server=None, despite_hold=False, requested_by=WHO)
    assert daemon.services.status("oempro").last_run is None

    catalog.update_run(run.run_id, status=RunStatus.DEGRADED)
    require_confirmation(catalog)
    status = daemon.services.status("oempro")

    assert [hold.reason for hold in status.holds] == ["x"]
    assert "retention --apply" in status.waits_for
    assert status.last_run is not None
    assert status.last_run.status is RunStatus.DEGRADED
