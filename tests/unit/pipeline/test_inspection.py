"""Finding out what a backup needs to know; what cannot be found out is part of the answer."""

from __future__ import annotations

import resource
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import Origin
from octeth_backupd.domain.server import Vendor
from octeth_backupd.domain.space import SizeHistory
from octeth_backupd.errors import BackupdError, CancelledError, EngineError, IdentityError, ProgramError
from octeth_backupd.pipeline.inspection import file_systems, inspect_server, open_files_limit, space_policy
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.servers.survey import Survey
from tests.fakes.catalog_values import make_backup

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.pipeline.inspection import Inspection
    from octeth_backupd.servers.identity import IdentityEvidence
    from tests.fakes.bench import Bench


def _inspect(bench: Bench) -> Inspection:
    parts = bench.parts()
    programs = Programs(parts, installation_id="i" * 32, run_id="r1")
    return inspect_server(bench.server, parts, programs=programs, binds={}, cancellation=bench.cancellation)


def test_a_server_that_answers_is_known_with_engine_version_and_place(bench: Bench) -> None:
    found = _inspect(bench)

    assert found.engine is bench.engine
    assert str(found.engine_version and found.engine_version.version) == "9.7.4"
    assert found.placement is not None
    assert (found.placement.kind, found.subject.placement) == ("host", found.placement)
    assert (found.subject.engine_error, found.subject.engine_version_error, found.subject.placement_error) == (
        None,
        None,
        None,
    )


def test_a_server_that_was_not_reached_leaves_everything_open(bench: Bench) -> None:
    bench.server.surveyed = Survey(error=BackupdError("no route"), error_stage="login")

    subject = _inspect(bench).subject

    assert (subject.engine, subject.engine_version, subject.placement, subject.identity) == (None, None, None, None)
    assert subject.survey.error_stage == "login"


def test_an_engine_that_does_not_fit_the_vendor_is_an_error_of_the_choice(bench: Bench) -> None:
    bench.backup_settings["engine"] = "mariadb-backup"

    subject = _inspect(bench).subject

    assert isinstance(subject.engine_error, EngineError)
    assert subject.engine is None


def test_a_runner_that_is_impossible_is_an_error_of_the_place(bench: Bench) -> None:
    bench.backup_settings["runner"] = "sidecar"

    subject = _inspect(bench).subject

    assert isinstance(subject.placement_error, EngineError)
    assert (subject.placement, subject.engine_version) == (None, None)


def test_a_program_that_is_missing_is_an_error_of_the_version(bench: Bench) -> None:
    bench.engine.version_error = ProgramError("xtrabackup is not installed")

    subject = _inspect(bench).subject

    assert subject.engine_version_error is bench.engine.version_error
    assert subject.placement is not None


def test_a_cancel_while_the_engine_is_asked_is_no_missing_program(bench: Bench) -> None:
    bench.engine.version_error = ProgramError("killed")
    bench.cancellation.cancel()

    with pytest.raises(CancelledError):
        _inspect(bench)


def test_without_paths_there_is_no_place_and_no_identity(bench: Bench) -> None:
    bench.server.surveyed = replace(bench.server.surveyed, paths=None)

    subject = _inspect(bench).subject

    assert (subject.placement, subject.placement_error, subject.identity) == (None, None, None)


def test_identity_is_asked_when_the_check_asks_and_its_error_comes_through(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = _inspect(bench).subject.identity
    assert identity is not None
    assert identity() == "auto.cnf holds its uuid"

    def other(survey: Survey) -> IdentityEvidence:
        raise IdentityError("another server's files")

    monkeypatch.setattr(bench.server, "check_identity", other)

    with pytest.raises(IdentityError):
        identity()


def test_the_last_good_backup_is_what_sizes_are_compared_with(bench: Bench) -> None:
    bench.catalog.installations.set_own(make_backup().installation_id)
    assert _inspect(bench).subject.previous is None
    bench.catalog.add_backup(make_backup(data_bytes=10, archive_bytes=4))

    assert _inspect(bench).subject.previous == SizeHistory(data_bytes=10, archive_bytes=4)


def test_an_archive_of_another_compression_says_nothing_of_the_next_ones_size(bench: Bench) -> None:
    bench.catalog.installations.set_own(make_backup().installation_id)
    bench.catalog.add_backup(
        make_backup(data_bytes=10, archive_bytes=4, archive_name="octeth-backup-2026-11-22_02-00-00.tar.gz")
    )

    assert _inspect(bench).subject.previous == SizeHistory(data_bytes=10, archive_bytes=0)


def test_sizes_are_not_compared_with_an_archive_of_the_bash_tool(bench: Bench) -> None:
    bench.catalog.installations.set_own(make_backup().installation_id)
    bench.catalog.add_backup(make_backup(data_bytes=10, archive_bytes=4, origin=Origin.LEGACY))

    assert _inspect(bench).subject.previous is None


def test_sizes_are_not_compared_with_a_backup_of_another_installation(bench: Bench) -> None:
    bench.catalog.installations.set_own("own")
    bench.catalog.add_backup(make_backup(data_bytes=10, archive_bytes=4, installation_id="neighbour"))

    assert _inspect(bench).subject.previous is None


def test_limits_are_the_configured_ones(bench: Bench) -> None:
    bench.backup_settings |= {"max_disk_usage_percent": 70, "min_free": 7, "space_margin": 5}

    policy = space_policy(bench.parts())

    assert (policy.max_disk_usage_percent, policy.min_free_bytes, policy.margin_bytes) == (70, 7, 5)


def test_file_systems_are_measured_where_a_directory_will_be(bench: Bench) -> None:
    found = file_systems(bench.parts(), bench.server.surveyed)

    assert [place.role for place in found] == ["workspace", "backups", "server"]
    assert len({place.device for place in found}) == 1
    assert all(place.free_bytes > 0 for place in found)


def test_a_place_that_cannot_be_measured_is_left_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path) -> None:
        raise OSError("stale file handle")

    monkeypatch.setattr("octeth_backupd.pipeline.inspection.free_bytes", fails)

    assert file_systems(bench.parts(), bench.server.surveyed) == ()


@pytest.mark.parametrize(("hard", "limit"), [(4096, 4096), (resource.RLIM_INFINITY, 0)])
def test_a_program_may_open_as_many_files_as_the_hard_limit_allows(
    monkeypatch: pytest.MonkeyPatch, hard: int, limit: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (1024, hard))

    assert open_files_limit() == limit


def test_the_vendor_decides_the_engine(bench: Bench) -> None:
    bench.server.change_facts(vendor=Vendor.MARIADB)

    found = _inspect(bench)

    assert found.engine is not None
    assert found.engine.name == "mariadb-backup"
