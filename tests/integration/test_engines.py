"""Engines against real servers: MariaDB on the host and in a container, MySQL 9 through the stand-in XtraBackup."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal

import pytest
from pydantic import SecretStr

from octeth_backupd.domain.checkpoints import parse_checkpoints
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.engines.base import BackupRequest
from octeth_backupd.engines.option_file import option_file
from octeth_backupd.engines.registry import engine_for
from octeth_backupd.engines.selection import choose_engine, place
from octeth_backupd.engines.settings import EnginesSettings
from octeth_backupd.engines.xtrabackup import XtraBackupSettings
from octeth_backupd.errors import CancelledError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.docker import Docker, DockerSettings
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.procfs import marked_processes
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.process.sidecar import SidecarRunner
from octeth_backupd.servers.server import Server
from octeth_backupd.servers.settings import ServerSettings
from tests.environment.availability import require_mysql_image
from tests.environment.database_containers import DatabaseContainer, MariaDbContainer, MySqlContainer
from tests.environment.plain_mariadb import PlainMariaDb
from tests.environment.standin import install_standin
from tests.environment.throwaway_server import server_on
from tests.environment.transaction_writer import TransactionWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from octeth_backupd.engines.base import Engine, EngineRun
    from octeth_backupd.engines.selection import EnginePlacement
    from octeth_backupd.process.command import Runner
    from octeth_backupd.servers.survey import Survey
    from tests.environment.sql_server import SqlServer

SMALL = 6_000_000
MARK = RunMark("installation-of-test-engines", "run")


@pytest.fixture
def docker() -> Iterator[Docker]:
    docker = Docker(DockerSettings().host)
    yield docker
    docker.close()


class Bench:
    """Everything between a server and an engine, as the pipeline puts it together."""

    def __init__(self, directory: Path, docker: Docker, settings: EnginesSettings | None = None) -> None:
        self.workspace = directory / "workspace"
        self.workspace.mkdir(mode=0o700)
        self.option_directory = directory / "run"
        self._docker = docker
        self._settings = settings or EnginesSettings()
        self._redactor = Redactor()
        self.target = self.workspace / "backup"

    def survey(self, settings: ServerSettings) -> Survey:
        survey = Server(name="test", settings=settings, docker=self._docker, clock=SystemClock()).survey()
        assert survey.error is None, survey.error
        return survey

    def place(self, survey: Survey) -> tuple[Engine, EnginePlacement]:
        assert survey.facts is not None
        assert survey.location is not None
        assert survey.paths is not None
        engine = engine_for(choose_engine("auto", survey.facts.vendor), self._settings)
        placement = place(
            engine=engine,
            runner="auto",
            sidecar_image="",
            location=survey.location,
            facts=survey.facts,
            paths=survey.paths,
            host_runner=HostRunner(mark=MARK, redactor=self._redactor),
            make_sidecar=self._make_sidecar,
        )
        return engine, placement

    def backup(
        self,
        engine: Engine,
        placement: EnginePlacement,
        survey: Survey,
        *,
        password: str,
        on_line: Callable[[str], None] = lambda _: None,
        cancellation: Cancellation | None = None,
    ) -> EngineRun:
        assert survey.facts is not None
        with option_file(self.option_directory, run_id="run", user="root", password=SecretStr(password)) as path:
            request = BackupRequest(
                target_directory=self.target,
                option_file=path,
                address=placement.address,
                paths=placement.paths,
                parallel=2,
                open_files_limit=4096,
                lock_ddl_timeout_seconds=30,
                facts=survey.facts,
            )
            return engine.backup(
                request,
                placement.runner,
                on_line=on_line,
                cancellation=cancellation or Cancellation(),
                timeout_seconds=0,
            )

    def prepare(self, engine: Engine, placement: EnginePlacement) -> EngineRun:
        return engine.prepare(
            self.target,
            placement.runner,
            memory_bytes=128 << 20,
            on_line=lambda _: None,
            cancellation=Cancellation(),
            open_files_limit=4096,
        )

    def backup_type(self, engine: Engine) -> str:
        (path,) = [self.target / n for n in engine.expectation.checkpoints_files if (self.target / n).exists()]
        return parse_checkpoints(path.read_text()).backup_type

    def _make_sidecar(self, image: str, container_id: str) -> Runner:
        return SidecarRunner(
            docker=self._docker,
            image=image,
            container_id=container_id,
            binds={self.workspace: "rw", self.option_directory: "ro"},
            mark=MARK,
            redactor=self._redactor,
        )


def _settings_for(server: SqlServer) -> ServerSettings:
    password = SecretStr(server.login().password)
    if isinstance(server, PlainMariaDb):
        return ServerSettings(socket=server.socket, password=password)
    assert isinstance(server, DatabaseContainer)
    return ServerSettings(container=server.name, password=password)


def assert_backup_restores(
    bench: Bench, server: SqlServer, *, vendor: Literal["mariadb", "mysql"], kind: str, arguments: list[str]
) -> None:
    """Back up under writes, prepare twice, start a server on the result and compare."""
    server.fill(SMALL)
    before = server.checksum_tables(exclude=["ledger"])
    survey = bench.survey(_settings_for(server))
    engine, placement = bench.place(survey)
    assert survey.facts is not None

    fit = engine.check_fit(engine.version(placement.runner, cancellation=Cancellation()), survey.facts)
    with TransactionWriter(server) as writer:
        backup = bench.backup(engine, placement, survey, password=server.login().password)
        writer.wait_for_commits(1)
    raw_type = bench.backup_type(engine)
    prepare = bench.prepare(engine, placement)

    assert placement.kind == kind
    assert fit.status is CheckStatus.PASSED
    assert (backup.completed.exit_code, backup.error_lines) == (0, ()), backup.completed.output
    assert backup.last_line.endswith("completed OK!")
    assert raw_type == engine.expectation.raw_backup_type
    assert (prepare.completed.exit_code, prepare.error_lines) == (0, ()), prepare.completed.output
    assert prepare.last_line.endswith("completed OK!")
    assert bench.backup_type(engine) == engine.expectation.prepared_backup_type
    for alternatives in engine.expectation.required_files:
        assert any((bench.target / name).exists() for name in alternatives), alternatives
    assert list(bench.option_directory.iterdir()) == []
    with server_on(bench.target, vendor=vendor, arguments=arguments) as restored:
        assert restored.checksum_tables(exclude=["ledger"]) == before
        assert restored.ledger_state().is_whole


def test_mariadb_outside_docker_is_backed_up_from_the_host(tmp_path: Path, docker: Docker) -> None:
    with PlainMariaDb(directory=tmp_path / "server", binlog=True) as server:
        assert_backup_restores(Bench(tmp_path, docker), server, vendor="mariadb", kind="host", arguments=[])


@pytest.mark.parametrize("published_port", [None, 0])
def test_mariadb_in_a_container_is_backed_up_from_a_sidecar(
    tmp_path: Path, docker: Docker, published_port: int | None
) -> None:
    with MariaDbContainer(
        data_directory=tmp_path / "data", binlog_directory=tmp_path / "binlogs", published_port=published_port
    ) as server:
        assert_backup_restores(Bench(tmp_path, docker), server, vendor="mariadb", kind="sidecar", arguments=[])


def test_mysql_in_a_container_is_backed_up_from_the_host(tmp_path: Path, docker: Docker) -> None:
    require_mysql_image()
    program = install_standin(tmp_path / "bin")
    settings = EnginesSettings(xtrabackup=XtraBackupSettings(program=str(program)))
    with MySqlContainer(data_directory=tmp_path / "data", binlog_directory=tmp_path / "binlogs") as server:
        assert_backup_restores(
            Bench(tmp_path, docker, settings), server, vendor="mysql", kind="host", arguments=["--skip-log-bin"]
        )


def test_mariadb_backup_prepares_what_is_prepared_without_harm(tmp_path: Path, docker: Docker) -> None:
    bench = Bench(tmp_path, docker)
    with PlainMariaDb(directory=tmp_path / "server") as server:
        survey = bench.survey(_settings_for(server))
        engine, placement = bench.place(survey)
        bench.backup(engine, placement, survey, password=server.login().password)

    bench.prepare(engine, placement)
    again = bench.prepare(engine, placement)

    assert again.completed.exit_code == 0
    assert again.last_line.endswith("completed OK!")
    assert bench.backup_type(engine) == "log-applied"


def test_cancelled_mariadb_backup_on_the_host_ends_without_completing(tmp_path: Path, docker: Docker) -> None:
    bench = Bench(tmp_path, docker)
    with PlainMariaDb(directory=tmp_path / "server") as server:
        lines = _cancel_while_it_copies(bench, server)

    assert not [line for line in lines if "completed OK!" in line]
    assert [pid for pid, mark in marked_processes() if mark == MARK] == []


def test_cancelled_mariadb_backup_in_a_sidecar_ends_without_completing(tmp_path: Path, docker: Docker) -> None:
    bench = Bench(tmp_path, docker)
    with MariaDbContainer(data_directory=tmp_path / "data") as server:
        lines = _cancel_while_it_copies(bench, server)

    assert not [line for line in lines if "completed OK!" in line]
    assert docker.list_labelled(MARK.labels()) == []


def _cancel_while_it_copies(bench: Bench, server: SqlServer) -> list[str]:
    """Cancel a backup that a lock holds up, so that it cannot be over before."""
    server.fill(SMALL)
    survey = bench.survey(_settings_for(server))
    engine, placement = bench.place(survey)
    cancellation = Cancellation()
    lines: list[str] = []
    locked, release = threading.Event(), threading.Event()

    def hold_lock() -> None:
        connection = server.connect(database="oempro")
        with connection, connection.cursor() as cursor:
            cursor.execute("LOCK TABLES ledger WRITE")
            locked.set()
            release.wait(60)

    def take(line: str) -> None:
        lines.append(line)
        if "BACKUP STAGE START" in line:
            cancellation.cancel()

    server.create_ledger()
    holder = threading.Thread(target=hold_lock)
    holder.start()
    locked.wait(30)
    try:
        with pytest.raises(CancelledError):
            bench.backup(
                engine, placement, survey, password=server.login().password, on_line=take, cancellation=cancellation
            )
    finally:
        release.set()
        holder.join()
    return lines


def test_wrong_password_is_the_engines_own_error(tmp_path: Path, docker: Docker) -> None:
    bench = Bench(tmp_path, docker)
    with PlainMariaDb(directory=tmp_path / "server") as server:
        survey = bench.survey(_settings_for(server))
        engine, placement = bench.place(survey)
        run = bench.backup(engine, placement, survey, password="wrong")

    assert run.completed.exit_code != 0
    assert any("Access denied" in line for line in run.completed.output)
