"""``list``."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from octeth_backupd.domain.backup import Copy, CopyState
from tests.fakes.services import NOW, FakeServices, make_backup
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


def deleted(copy: Copy) -> Copy:
    return replace(copy, state=CopyState.DELETED)


def test_list_shows_id_size_tiers_status_and_each_copys_state() -> None:
    pending = make_backup(NOW - timedelta(days=1), suspect="half the usual size")

    lines = shown(FakeServices(backups=[make_backup(), pending]), "list").splitlines()

    assert lines[0].split() == ["ID", "TAKEN", "TIERS", "SIZE", "STATUS", "COPIES"]
    assert lines[1].startswith("oempro-2026-11-22_02-00-00")
    assert lines[1].endswith("daily,weekly  1.0 GiB  good     local")
    assert " suspect " in lines[2]


def test_list_leaves_deleted_backups_out_unless_asked() -> None:
    gone = make_backup()
    gone = make_backup(copies=tuple(deleted(copy) for copy in gone.copies))

    assert "no backups yet" in shown(FakeServices(backups=[gone]), "list")
    assert "local (deleted)" in shown(FakeServices(backups=[gone]), "list", "--all")


def test_backups_of_other_installations_are_marked() -> None:
    foreign = make_backup(NOW - timedelta(days=1), installation_id="another")

    lines = shown(FakeServices(backups=[make_backup(), foreign]), "list").splitlines()

    assert ["(foreign)" in line for line in lines[1:]] == [False, True]


def test_list_goes_through_all_pages_and_stops_at_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octeth_backupd.cli.ctl.commands.listing._PAGE", 3)
    services = FakeServices(backups=[make_backup(NOW - timedelta(days=day)) for day in range(8)])

    everything = json.loads(shown(services, "list", "--json"))["backups"]
    newest = json.loads(shown(services, "list", "--json", "--limit", "4"))["backups"]

    assert [row["id"] for row in everything] == [backup.backup_id for backup in services.all_backups]
    assert newest == everything[:4]
