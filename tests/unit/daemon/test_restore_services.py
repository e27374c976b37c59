"""Restores on request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from octeth_backupd.control.services import RestoreRequest
from octeth_backupd.daemon import restore_services
from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.restore_services import RestoreServices
from octeth_backupd.domain.backup import Operation, Trigger
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.order import JournalOrder, RestoreOrder
from octeth_backupd.domain.restore.plan import Refusal, RestorePlan
from octeth_backupd.errors import BusyError, InvalidRequestError, NotFoundError, RestoreRefusedError
from tests.fakes.catalog_values import make_backup
from tests.fakes.restores import make_plan
from tests.fakes.server import FakeServer
from tests.unit.domain.restore.test_journal import JOURNAL

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from tests.fakes.bench import Bench

WHO = "uid 0 (root)"


class Asked:
    """The services over a real catalog and coordinator with two servers; runs begin, and end when told."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.begun: list[ActiveRun] = []
        self.parts = bench.parts(servers={name: FakeServer(bench.directory, name=name) for name in ("oempro", "shop")})
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=self.begun.append,
            parts=lambda: self.parts,
            max_parallel_runs=2,
        )
        self.services = RestoreServices(
            catalog=bench.catalog,
            coordinator=self.coordinator,
            clock=bench.clock,
            installation_id="i" * 32,
            parts=lambda: self.parts,
        )

    def order_of_last(self) -> object:
        return self.coordinator.active()[-1].order


@pytest.fixture
def asked(bench: Bench) -> Asked:
    """Two servers, no backup."""
    return Asked(bench)


@pytest.fixture
def backup(asked: Asked) -> Backup:
    """One backup of oempro in the catalog."""
    made = make_backup(server="oempro")
    asked.bench.catalog.add_backup(made)
    return made


def test_where_the_catalog_knows_no_backup_the_latest_is_to_be_had_by_a_sync(asked: Asked) -> None:
    with pytest.raises(NotFoundError, match="no good backup of server oempro") as caught:
        asked.services.plan(RestoreRequest(backup="latest", server="oempro"))

    assert "octeth-backupctl sync" in caught.value.hint


def test_a_restore_is_a_run_with_the_whole_order(asked: Asked, backup: Backup) -> None:
    request = RestoreRequest(
        backup=backup.backup_id[-8:], force=True, rehearse=False, old_password=SecretStr("from last year")
    )

    run = asked.services.restore(request, confirm="oempro", requested_by=WHO)

    assert (run.operation, run.server, run.backup_id) == (Operation.RESTORE, "oempro", backup.backup_id)
    assert asked.order_of_last() == RestoreOrder(
        backup_id=backup.backup_id, force=True, rehearse=False, old_password=SecretStr("from last year")
    )


def test_it_must_be_confirmed_with_the_servers_name(asked: Asked, backup: Backup) -> None:
    with pytest.raises(InvalidRequestError, match="confirmed"):
        asked.services.restore(RestoreRequest(backup=backup.backup_id), confirm="yes", requested_by=WHO)

    assert asked.coordinator.active() == []


def test_files_in_a_directory_need_no_confirmation(asked: Asked, backup: Backup) -> None:
    request = RestoreRequest(backup=backup.backup_id, to=Path("/srv/there"))

    run = asked.services.restore(request, confirm="", requested_by=WHO)

    assert run.operation is Operation.RESTORE


def test_another_server_can_be_named(asked: Asked, backup: Backup) -> None:
    request = RestoreRequest(backup=backup.backup_id, server="shop")

    assert asked.services.restore(request, confirm="shop", requested_by=WHO).server == "shop"


def test_latest_is_the_newest_before_a_time(asked: Asked, backup: Backup) -> None:
    request = RestoreRequest(backup="latest", server="oempro", before=backup.taken_at + timedelta(seconds=1))
    asked.services.restore(request, confirm="oempro", requested_by=WHO)

    order = asked.order_of_last()
    assert isinstance(order, RestoreOrder)
    assert order.backup_id == backup.backup_id
    with pytest.raises(NotFoundError, match="before"):
        asked.services.restore(replace(request, before=backup.taken_at), confirm="oempro", requested_by=WHO)


def test_a_file_needs_the_server_named_where_there_are_several(asked: Asked) -> None:
    with pytest.raises(InvalidRequestError, match="several servers"):
        asked.services.restore(RestoreRequest(file=Path("/srv/x.tar.gz")), confirm="oempro", requested_by=WHO)


def test_a_restore_during_a_backup_is_refused(asked: Asked, backup: Backup) -> None:
    asked.coordinator.submit(Operation.BACKUP, server="oempro", trigger=Trigger.MANUAL, requested_by=WHO, wait=False)

    with pytest.raises(BusyError, match="backup of oempro"):
        asked.services.restore(RestoreRequest(backup=backup.backup_id), confirm="oempro", requested_by=WHO)


def planned(*refusals: Refusal) -> object:
    def plan_restore(order: RestoreOrder, server: str, *_: object, **__: object) -> RestorePlan:
        return replace(make_plan(), server=server, backup_id=order.backup_id, refusals=refusals)

    return plan_restore


def test_with_cancel_running_the_backup_is_cancelled_and_the_restore_waits(
    asked: Asked, backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore_services, "plan_restore", planned())
    asked.coordinator.submit(Operation.BACKUP, server="oempro", trigger=Trigger.MANUAL, requested_by=WHO, wait=False)

    run = asked.services.restore(
        RestoreRequest(backup=backup.backup_id, cancel_running=True), confirm="oempro", requested_by=WHO
    )

    first, second = asked.coordinator.active()
    assert first.cancellation.is_cancelled
    assert (second.run.run_id, second.is_running) == (run.run_id, False)


def test_no_backup_is_cancelled_for_a_restore_that_is_refused(
    asked: Asked, backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore_services, "plan_restore", planned(Refusal(code="foreign_data", message="not yours")))
    asked.coordinator.submit(Operation.BACKUP, server="oempro", trigger=Trigger.MANUAL, requested_by=WHO, wait=False)

    with pytest.raises(RestoreRefusedError, match="the backup goes on: not yours"):
        asked.services.restore(
            RestoreRequest(backup=backup.backup_id, cancel_running=True), confirm="oempro", requested_by=WHO
        )

    [active] = asked.coordinator.active()
    assert active.run.operation is Operation.BACKUP
    assert not active.cancellation.is_cancelled


def test_an_undo_takes_the_newest_restore_back(asked: Asked) -> None:
    now = asked.bench.clock.now()
    for name, age in (("a", 2), ("b", 1)):
        asked.parts.journals.write(
            replace(
                JOURNAL,
                restore_id=name,
                state=State.COMMITTED,
                has_swapped=True,
                created_at=now - timedelta(hours=age),
            )
        )

    run = asked.services.undo("oempro", confirm="oempro", requested_by=WHO)

    assert run.operation is Operation.UNDO
    assert asked.order_of_last() == JournalOrder(restore_id="b")


def test_an_undo_leaves_alone_what_a_restore_that_was_taken_back_set_aside(asked: Asked) -> None:
    now = asked.bench.clock.now()
    good = replace(JOURNAL, restore_id="good", state=State.COMMITTED, has_swapped=True)
    asked.parts.journals.write(replace(good, created_at=now - timedelta(hours=2)))
    asked.parts.journals.write(replace(good, restore_id="bad", state=State.ROLLED_BACK, created_at=now))

    asked.services.undo("oempro", confirm="oempro", requested_by=WHO)

    assert asked.order_of_last() == JournalOrder(restore_id="good")


def test_an_undo_without_a_safety_copy_is_refused(asked: Asked) -> None:
    with pytest.raises(InvalidRequestError, match="nothing to undo"):
        asked.services.undo("oempro", confirm="oempro", requested_by=WHO)


def test_open_restores_and_safety_copies_are_listed(asked: Asked) -> None:
    asked.parts.journals.write(replace(JOURNAL, restore_id="open", state=State.GATING))
    asked.parts.journals.write(replace(JOURNAL, restore_id="copy", state=State.COMMITTED, has_swapped=True))
    asked.parts.journals.write(replace(JOURNAL, restore_id="over", state=State.ABORTED))

    for server in ("oempro", None):
        assert {journal.restore_id for journal in asked.services.journals(server)} == {"open", "copy"}
    assert asked.services.journals("shop") == []
    with pytest.raises(NotFoundError, match="elsewhere"):
        asked.services.journals("elsewhere")


def test_what_somebody_must_look_at_is_told(asked: Asked) -> None:
    asked.parts.journals.directory.mkdir()
    asked.parts.journals.path("20261122-120000-abcdef").write_text("{")
    services = RestoreServices(
        catalog=asked.bench.catalog,
        coordinator=asked.coordinator,
        clock=asked.bench.clock,
        installation_id="i" * 32,
        parts=lambda: asked.parts,
        strays=lambda: ("a stray",),
    )

    unreadable, stray = services.warnings()

    assert "20261122-120000-abcdef.json" in unreadable
    assert stray == "a stray"
    assert asked.services.warnings() == (unreadable,)
