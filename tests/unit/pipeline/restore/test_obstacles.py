"""What stands in the way of a restore that only records or other containers can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.server import ServerIdentity, Vendor
from octeth_backupd.errors import DockerError
from octeth_backupd.pipeline.restore import obstacles
from octeth_backupd.pipeline.restore.obstacles import (
    backups_in_data,
    foreign_reason,
    other_containers,
    unresolved_restore,
)
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.manifests import make_manifest
from tests.fakes.sites import UUID, make_site

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

INSTALLATION = make_manifest().installation_id
OTHER = ServerIdentity(vendor=Vendor.MYSQL, server_uuid="99999999-71ca-11e1-9e33-c80aa9429562")


@pytest.mark.parametrize(
    ("state", "server", "run_id", "refused"),
    [
        (State.SWAPPING, "oempro", "run-2", True),
        (State.SWAPPING, "oempro", "run-1", False),
        (State.SWAPPING, "other", "run-2", False),
        (State.COMMITTED, "oempro", "run-2", False),
    ],
)
def test_an_earlier_restore_of_the_server_must_be_over(
    bench: Bench,
    state: State,
    server: str,
    run_id: str,
    refused: bool,
) -> None:
    parts = bench.parts()
    journal = Journal(restore_id="run-1", installation_id="i", server="oempro", state=state, created_at=START)
    parts.journals.write(journal)

    found = unresolved_restore(parts, server, run_id=run_id)

    assert [refusal.code for refusal in found] == (["unresolved_restore"] if refused else [])
    assert all("run-1.json" in refusal.hint for refusal in found)


def test_the_catalogs_succession_speaks_for_data_after_a_restore(bench: Bench) -> None:
    site = make_site(identity=OTHER)
    before = foreign_reason(bench.parts(), site, make_manifest(), installation_id=INSTALLATION)
    bench.catalog.record_server("oempro", OTHER, START)

    assert before != ""
    assert foreign_reason(bench.parts(), site, make_manifest(), installation_id=INSTALLATION) == ""
    assert foreign_reason(bench.parts(), site, None, installation_id=INSTALLATION) == ""


def test_a_backup_from_elsewhere_does_not_inherit_this_servers_name(bench: Bench) -> None:
    bench.catalog.record_server("oempro", OTHER, START)

    assert foreign_reason(bench.parts(), make_site(identity=OTHER), make_manifest(), installation_id="another") != ""


def test_the_newest_backup_speaks_for_data_that_an_old_one_does_not_know(bench: Bench) -> None:
    bench.catalog.add_backup(make_backup(manifest=make_manifest().to_mapping()))
    identity = ServerIdentity(vendor=Vendor.MYSQL, server_uuid=UUID)

    assert foreign_reason(bench.parts(), make_site(identity=identity), None, installation_id=INSTALLATION) == ""


class FakePower:
    def __init__(self, others: tuple[str, ...], error: DockerError | None = None) -> None:
        self.others, self.error = others, error

    def other_users(self, paths: object) -> tuple[str, ...]:
        if self.error is not None:
            raise self.error
        return self.others


@pytest.mark.parametrize(("others", "codes"), [((), []), (("a", "b"), ["other_container"])])
def test_containers_that_may_write_there_are_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, others: tuple[str, ...], codes: list[str]
) -> None:
    monkeypatch.setattr(obstacles, "power_for", lambda *_, **__: FakePower(others))

    found = other_containers(bench.parts(), make_site())

    assert [refusal.code for refusal in found] == codes
    assert all(refusal.hint.endswith("docker stop a b") for refusal in found)


def test_an_engine_that_cannot_tell_is_a_refusal(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obstacles, "power_for", lambda *_, **__: FakePower((), DockerError("is down")))

    assert [refusal.code for refusal in other_containers(bench.parts(), make_site())] == ["docker"]


def test_backups_inside_the_data_are_not_moved_away_with_it(bench: Bench) -> None:
    parts = bench.parts()
    inside = make_site(host_paths={"data": parts.backup_directory.parent})
    among = make_site(host_paths={"data": parts.backup_directory / "oempro" / "mysql"})
    beside = make_site(host_paths={"data": parts.backup_directory.parent / "mysql"})

    assert {refusal.code for refusal in backups_in_data(parts, inside)} == {"backups_in_data"}
    assert {refusal.code for refusal in backups_in_data(parts, among)} == {"backups_in_data"}
    assert backups_in_data(parts, beside) == ()
