"""The engine at work: what it is asked for, and what its work leaves as evidence."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.events import ProgramOutput, StepProgress, Warned
from octeth_backupd.domain.server import Location, Placement
from octeth_backupd.engines.base import EngineVersion
from octeth_backupd.engines.selection import EnginePlacement
from octeth_backupd.errors import LoginRefusedError, ServerUnreachableError, SpaceError
from octeth_backupd.pipeline.engine_steps import ReadyServer, prepare_backup, take_backup
from octeth_backupd.pipeline.programs import Programs
from tests.fakes.engine import COMPLETED_OK, PAGE_BYTES
from tests.fakes.server import TABLESPACES
from tests.unit.preflight.builder import container_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.engines.base import BackupRequest
    from octeth_backupd.pipeline.engine_steps import RawBackup
    from tests.fakes.bench import Bench


def _ready(bench: Bench, guard: Callable[[], str | None] = lambda: None) -> ReadyServer:
    facts, location = bench.server.surveyed.facts, bench.server.surveyed.location
    assert facts is not None
    assert location is not None
    runner = Programs(bench.parts(), installation_id="i" * 32, run_id="r1").host
    return ReadyServer(
        server=bench.server,
        survey=bench.server.surveyed,
        facts=facts,
        engine=bench.engine,
        engine_version=EngineVersion(version=facts.version, text=""),
        placement=EnginePlacement(
            kind="host", runner=runner, address=facts.address, paths={"data": str(bench.directory / "mysql")}
        ),
        open_files_limit=4096,
        previous=None,
        guard=guard,
    )


def _take(bench: Bench, guard: Callable[[], str | None] = lambda: None) -> RawBackup:
    directory = bench.directory / "scratch" / "top"
    directory.parent.mkdir()
    return take_backup(bench.context(), bench.parts(), _ready(bench, guard), directory, bench.directory / "options")


def _in_container(letter: str) -> Location:
    container = container_facts(container_id=letter * 64)
    return Location(placement=Placement.CONTAINER, addresses=(), container=container)


def test_the_engine_is_asked_with_what_preflight_found(bench: Bench) -> None:
    bench.backup_settings |= {"parallel": 3, "lock_ddl_timeout_seconds": 44}

    _take(bench)

    (request,) = bench.engine.requests
    assert request.target_directory == bench.directory / "scratch" / "top"
    assert request.paths == {"data": str(bench.directory / "mysql")}
    assert (request.parallel, request.lock_ddl_timeout_seconds, request.open_files_limit) == (3, 44, 4096)
    assert not request.option_file.exists()


def test_parallel_is_the_number_of_cores_unless_it_is_set(bench: Bench) -> None:
    _take(bench)

    assert bench.engine.requests[0].parallel == os.cpu_count()


def test_the_raw_backup_is_what_lies_there_and_what_the_server_says_now(bench: Bench) -> None:
    raw = _take(bench)

    assert raw.state.files["shop/orders.ibd"].size_bytes == PAGE_BYTES
    assert raw.size_bytes == sum(len(content) for content in bench.engine.files.values())
    assert raw.engine_run.last_line == COMPLETED_OK
    assert raw.after is not None
    assert [(t.space_id, t.name) for t in raw.after.tablespaces] == [(t.space_id, t.name) for t in TABLESPACES]
    assert raw.lsn_after is not None
    assert raw.lsn_after.current_lsn == 1300


def test_progress_and_the_engines_lines_are_told(bench: Bench) -> None:
    _take(bench)

    progress = [event for event in bench.events if isinstance(event, StepProgress)]
    assert (progress[-1].step, progress[-1].total_bytes) == ("backup", 3 * PAGE_BYTES)
    assert progress[-1].done_bytes == sum(len(content) for content in bench.engine.files.values())
    assert [(e.program, e.line) for e in bench.events if isinstance(e, ProgramOutput)] == [("xtrabackup", COMPLETED_OK)]


def test_a_server_that_is_gone_afterwards_is_a_warning_and_no_evidence(bench: Bench) -> None:
    bench.server.connect_error = LoginRefusedError("password changed")

    raw = _take(bench)

    assert (raw.after, raw.lsn_after) == (None, None)
    (warned,) = [event for event in bench.events if isinstance(event, Warned)]
    assert "password changed" in warned.message


def test_an_engine_that_failed_because_the_server_is_gone_says_so(bench: Bench) -> None:
    bench.engine.exit_code = 1
    bench.engine.last_line = "Lost connection"
    bench.server.connect_error = ServerUnreachableError("container oempro_mysql is stopped", hint="Run: docker start")

    with pytest.raises(ServerUnreachableError) as caught:
        _take(bench)

    assert "container oempro_mysql is stopped" in caught.value.message
    assert "Lost connection" in caught.value.message
    assert caught.value.hint == "Run: docker start"


def test_a_container_that_took_the_place_of_the_servers_is_not_asked(bench: Bench) -> None:
    bench.server.surveyed = replace(bench.server.surveyed, location=_in_container("a"))
    ready = _ready(bench)
    bench.server.surveyed = replace(bench.server.surveyed, location=_in_container("b"))

    raw = take_backup(bench.context(), bench.parts(), ready, bench.directory / "top", bench.directory / "options")

    assert raw.after is None
    (warned,) = [event for event in bench.events if isinstance(event, Warned)]
    assert "was replaced by another one" in warned.message


def test_a_guard_that_objects_ends_the_engine_with_its_reason(bench: Bench) -> None:
    def wait_for_it(request: BackupRequest) -> None:
        assert bench.cancellation.wait(30)

    bench.engine.while_backing_up = wait_for_it

    with pytest.raises(SpaceError, match="95 % used"):
        _take(bench, guard=lambda: "95 % used")


def test_a_prepared_backup_has_the_ids_of_its_tablespaces(bench: Bench) -> None:
    raw = _take(bench)

    prepared = prepare_backup(bench.context_of_same_run(), bench.parts(), _ready(bench), raw)

    assert {path: e.space_id for path, e in prepared.state.files.items() if e.space_id is not None} == {
        "ibdata1": 0,
        "shop/orders.ibd": 5,
        "undo_001": 4294967279,
    }
    assert prepared.directory == raw.directory
    assert "full-prepared" in prepared.state.texts["xtrabackup_checkpoints"]
    assert prepared.size_bytes == raw.size_bytes + len("full-prepared") - len("full-backuped")
