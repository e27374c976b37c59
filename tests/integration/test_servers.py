"""Discovery, login, facts and identity against real servers in real containers, and one outside."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from octeth_backupd.domain.paths import host_path_of
from octeth_backupd.domain.server import TablespaceKind, Vendor
from octeth_backupd.errors import IdentityError, LoginRefusedError, ServerError, ServerUnreachableError
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.docker import Docker, DockerSettings
from octeth_backupd.servers.file_names import file_name_of
from octeth_backupd.servers.pages import read_space_id
from octeth_backupd.servers.server import Server
from octeth_backupd.servers.session import CONNECT_TIMEOUT_SECONDS
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.survey import Survey
from tests.environment.availability import require_mysql_image
from tests.environment.database_containers import (
    DatabaseContainer,
    MariaDbContainer,
    MySqlContainer,
    make_server_directory,
    unique_name,
)
from tests.environment.docker_engine import MYSQL_USER_ID, Mount
from tests.environment.plain_mariadb import PlainMariaDb

STRANGE_NAMES = ("users", "t-1 $ü", "m 9A@漢", "con", "ßtraße")


@pytest.fixture(scope="module")
def docker() -> Iterator[Docker]:
    engine = Docker(DockerSettings().host)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseContainer]:
    yield from _started(MariaDbContainer, tmp_path_factory.mktemp("mariadb"))


@pytest.fixture(scope="module")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseContainer]:
    require_mysql_image()
    yield from _started(MySqlContainer, tmp_path_factory.mktemp("mysql"))


@pytest.fixture(params=["mariadb", "mysql"])
def database(request: pytest.FixtureRequest) -> DatabaseContainer:
    """A server of each vendor: port published, binlogs on a second mount, tables of every kind."""
    server: DatabaseContainer = request.getfixturevalue(request.param)
    return server


def test_survey_of_a_container_finds_everything_out(database: DatabaseContainer, docker: Docker) -> None:
    survey = _server(database, docker).survey()

    assert survey.error is None
    assert survey.location is not None
    assert survey.location.container is not None
    assert survey.location.container.image == database.image
    assert survey.location.container.image_digest.startswith("sha256:")
    assert str(survey.location.addresses[0]) == f"127.0.0.1:{database.host_port}"
    assert survey.paths is not None
    assert survey.paths.data_directory == database.data_directory
    assert survey.paths.host["binlog"] == database.binlog_directory
    assert survey.paths.unmapped == ()
    assert survey.owner is not None
    assert (survey.owner.user_id, survey.owner.group_id) == (MYSQL_USER_ID, MYSQL_USER_ID)
    facts = survey.facts
    assert facts is not None
    assert facts.address == survey.location.addresses[0]
    assert facts.vendor is (Vendor.MARIADB if database.vendor == "mariadb" else Vendor.MYSQL)
    assert facts.schemas == ("o-p.é", "oempro")
    assert facts.lsn is not None
    assert facts.lsn.current_lsn >= facts.lsn.checkpoint_lsn > 0
    assert facts.redo_capacity_bytes >= 48 * 1024 * 1024
    assert facts.gtid
    assert facts.notes == ()
    assert facts.encryption == ()
    assert facts.identity.data_inode == (database.data_directory / "ibdata1").stat().st_ino


def test_every_tablespace_is_the_file_that_the_server_says(database: DatabaseContainer, docker: Docker) -> None:
    survey = _checkpointed(database, docker)
    assert survey.facts is not None
    assert survey.paths is not None

    with_files = [t for t in survey.facts.tablespaces if t.path and not t.discarded]
    for tablespace in with_files:
        path = host_path_of(PurePosixPath(tablespace.path), survey.paths)
        assert path is not None
        if tablespace.kind is not TablespaceKind.TEMPORARY:
            assert read_space_id(path) == tablespace.space_id, tablespace
            assert path.stat().st_size == tablespace.size_bytes, tablespace
    names = {t.name for t in with_files}
    assert {f"o@002dp@002e@0p/{file_name_of(name)}" for name in STRANGE_NAMES} <= names
    assert [t.name for t in survey.facts.tablespaces if t.discarded] == ["oempro/discarded"]
    kinds = {t.kind for t in survey.facts.tablespaces}
    assert {TablespaceKind.SYSTEM, TablespaceKind.TEMPORARY, TablespaceKind.SINGLE} <= kinds


def test_every_table_of_another_engine_has_its_files(database: DatabaseContainer, docker: Docker) -> None:
    facts = _server(database, docker).survey().facts
    assert facts is not None

    suffixes = {"MyISAM": ".MYI", "Aria": ".MAI", "CSV": ".CSV"}
    assert {table.schema for table in facts.other_tables} >= {"mysql", "oempro", "o-p.é"}
    for table in facts.other_tables:
        assert (database.data_directory / f"{table.file_stem}{suffixes[table.engine]}").exists(), table
    assert facts.engine_counts["MyISAM"] == len(STRANGE_NAMES)


def test_identity_holds_for_the_servers_own_files(database: DatabaseContainer, docker: Docker) -> None:
    evidence = _server(database, docker).check_identity(_checkpointed(database, docker))

    assert evidence.matching_files >= len(STRANGE_NAMES)
    assert "the same file" in str(evidence)


def test_identity_fails_for_a_copy_of_the_data_directory(
    database: DatabaseContainer, docker: Docker, tmp_path: Path
) -> None:
    """A copy has the right uuid and the right tablespace ids; it is not what the server writes to."""
    _copy_first_pages(database.data_directory, tmp_path / "copy")

    with pytest.raises(IdentityError, match="is not the file that the server has open"):
        _server(database, docker).check_identity(_moved(_checkpointed(database, docker), tmp_path / "copy"))


def test_identity_fails_for_another_servers_directory(
    mariadb: DatabaseContainer, mysql: DatabaseContainer, docker: Docker
) -> None:
    with pytest.raises(IdentityError):
        _server(mariadb, docker).check_identity(_moved(_server(mariadb, docker).survey(), mysql.data_directory))
    with pytest.raises(IdentityError, match="shows no server uuid"):
        _server(mysql, docker).check_identity(_moved(_server(mysql, docker).survey(), mariadb.data_directory))


def test_configured_directory_of_another_server_ends_the_survey(
    mariadb: DatabaseContainer, mysql: DatabaseContainer, docker: Docker
) -> None:
    survey = _server(mariadb, docker, data_directory=mysql.data_directory).survey()

    assert survey.error_stage == "paths"
    assert isinstance(survey.error, ServerError)
    assert str(mysql.data_directory) in survey.error.message
    assert str(mariadb.data_directory) in survey.error.message
    assert survey.facts is not None


def test_tables_rebuilt_during_the_check_are_no_mismatch(database: DatabaseContainer, docker: Docker) -> None:
    server = _server(database, docker)
    survey = _checkpointed(database, docker)
    database.sql("TRUNCATE TABLE oempro.parts")
    database.sql("CREATE TABLE oempro.fresh (a INT PRIMARY KEY) ENGINE=InnoDB")

    evidence = server.check_identity(survey)

    database.sql("DROP TABLE oempro.fresh")
    assert evidence.matching_files >= len(STRANGE_NAMES)


def test_wrong_password_is_tried_once(database: DatabaseContainer, docker: Docker) -> None:
    before = _aborted_connects(database)

    survey = _server(database, docker, password="swordfish").survey()

    assert isinstance(survey.error, LoginRefusedError)
    assert survey.error_stage == "login"
    assert "swordfish" not in f"{survey.error.message} {survey.error.hint}"
    assert len(survey.location.addresses if survey.location else ()) > 1
    assert _aborted_connects(database) == before + 1


def test_missing_privilege_is_cured_by_the_statement_in_the_hint(database: DatabaseContainer, docker: Docker) -> None:
    database.sql("CREATE USER IF NOT EXISTS 'o''b'@'%' IDENTIFIED BY 'pw'")
    server = _server(database, docker, user="o'b", password="pw")

    survey = server.survey()
    assert survey.error is not None
    assert survey.error_stage == "facts"
    assert survey.facts is not None
    assert survey.facts.tablespaces == ()
    assert survey.paths is not None
    database.sql(survey.error.hint.removeprefix("Run on the server: ").rstrip(";"))
    cured = server.survey()

    database.sql("DROP USER 'o''b'@'%'")
    assert cured.error is None
    assert cured.facts is not None
    assert cured.facts.tablespaces
    assert any("only those that the account has a privilege on" in note for note in cured.facts.notes)


def test_open_transaction_is_reported_with_its_user(
    database: DatabaseContainer, docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octeth_backupd.servers.facts.LONG_TRANSACTION_SECONDS", 0)
    connection = database.connect(autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO oempro.parts VALUES (77)")
    time.sleep(0.2)  # INNODB_TRX is a copy that a look within 0.1 s of another does not renew

    facts = _server(database, docker).survey().facts

    connection.rollback()
    connection.close()
    assert facts is not None
    assert [transaction.user for transaction in facts.long_transactions] == ["root"]


@pytest.mark.parametrize("tls", ["preferred", "required", "disabled"])
def test_caching_sha2_password_logs_in_with_and_without_tls(mysql: DatabaseContainer, docker: Docker, tls: str) -> None:
    mysql.sql("FLUSH PRIVILEGES")  # forgets the cached password: the next login takes the long way

    survey = _server(mysql, docker, tls=tls).survey()

    assert survey.error is None
    with _connected(_server(mysql, docker, tls=tls)) as session:
        cipher = session.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[0]["Value"]
        assert bool(cipher) is (tls != "disabled")


def test_caching_sha2_password_logs_in_where_the_server_has_no_tls(docker: Docker, tmp_path: Path) -> None:
    require_mysql_image()
    arguments = ["--tls-version=", "--skip-log-bin"]

    with MySqlContainer(data_directory=tmp_path / "data", arguments=arguments) as database:
        database.sql("FLUSH PRIVILEGES")
        preferred = _server(database, docker).survey()
        required = _server(database, docker, tls="required").survey()

    assert preferred.error is None
    assert preferred.paths is not None
    assert "binlog" not in preferred.paths.server
    assert required.error is not None
    assert "tls" in required.error.hint


def test_server_of_the_hosts_network_is_found_on_loopback(docker: Docker, tmp_path: Path) -> None:
    port = _free_port()
    database = MariaDbContainer(
        data_directory=tmp_path / "data", network_mode="host", arguments=[f"--port={port}", "--bind-address=127.0.0.1"]
    ).start(wait=False)
    try:
        server = _server(database, docker, port=port)
        survey = _eventually(server)
        evidence = server.check_identity(survey)
    finally:
        database.remove()

    assert survey.error is None
    assert survey.location is not None
    assert [(str(a), a.origin) for a in survey.location.addresses] == [(f"127.0.0.1:{port}", "host network")]
    assert "the same file" in str(evidence)


def test_server_without_any_network_is_reached_by_its_socket(docker: Docker, tmp_path: Path) -> None:
    sockets = tmp_path / ("sockets-" + "x" * 100)
    database = MariaDbContainer(
        data_directory=tmp_path / "data",
        network_mode="none",
        mounts=[Mount(source=make_server_directory(sockets, mode=0o755), target="/run/mysqld")],
    ).start(wait=False)
    try:
        silent = _server(database, docker).survey()
        survey = _eventually(_server(database, docker, socket=sockets / "mysqld.sock"))
    finally:
        database.remove()

    assert len(str(sockets / "mysqld.sock")) > 107
    assert silent.error is not None
    assert "socket" in silent.error.hint
    assert survey.error is None


def test_data_in_the_containers_own_layer_is_unmapped(docker: Docker, tmp_path: Path) -> None:
    elsewhere = ["--innodb-undo-directory=/var/tmp", "--innodb-undo-tablespaces=2"]

    with MariaDbContainer(data_directory=tmp_path / "data", arguments=elsewhere) as database:
        survey = _server(database, docker).survey()

    assert survey.paths is not None
    assert survey.paths.unmapped == ("undo",)


def test_paused_container_is_refused_at_once(docker: Docker, tmp_path: Path) -> None:
    with MariaDbContainer(data_directory=tmp_path / "data", published_port=0) as database:
        database.pause()
        began = time.monotonic()
        survey = _server(database, docker).survey()
        elapsed_seconds = time.monotonic() - began
        database.unpause()

    assert survey.error_stage == "container"
    assert survey.error is not None
    assert "is paused" in survey.error.message
    assert elapsed_seconds < CONNECT_TIMEOUT_SECONDS


def test_container_that_pauses_between_is_given_up_on(
    docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octeth_backupd.servers.session.CONNECT_TIMEOUT_SECONDS", 1)
    with MariaDbContainer(data_directory=tmp_path / "data", published_port=0) as database:
        server = _server(database, docker)
        location = server.locate()
        database.pause()
        began = time.monotonic()
        with pytest.raises(ServerUnreachableError, match="is paused"), server.connect(location):
            pass
        elapsed_seconds = time.monotonic() - began
        database.unpause()

    assert elapsed_seconds < 10


def test_container_that_stops_vanishes_or_returns_is_told_apart(docker: Docker, tmp_path: Path) -> None:
    database = MariaDbContainer(data_directory=tmp_path / "data", name=unique_name("moving")).start()
    server = _server(database, docker)
    try:
        location = server.locate()
        with pytest.raises(ServerUnreachableError, match="is stopped"), server.connect(location) as session:
            database.kill()
            session.rows("SELECT 1")
        stopped = server.survey()
        database.remove()
        absent = server.survey()
        with pytest.raises(ServerUnreachableError, match="does not exist"), server.connect(location):
            pass
        database.start()
        returned = server.survey()
        name = database.name
        database.rename(unique_name("renamed"))
        renamed = server.survey()
    finally:
        database.remove()

    assert stopped.error is not None
    assert f"docker start {name}" in stopped.error.hint
    assert absent.error_stage == "container"
    assert returned.error is None
    assert renamed.error is not None
    assert database.name in renamed.error.hint


def test_server_outside_docker_is_known_by_its_process(docker: Docker, tmp_path: Path) -> None:
    with PlainMariaDb(directory=tmp_path / "server", binlog=True) as database:
        database.fill(1_000_000)
        server = _plain(database, docker, socket=database.socket)
        survey = server.survey()
        evidence = server.check_identity(survey)

    assert survey.error is None
    assert survey.paths is not None
    assert survey.paths.data_directory == database.data_directory
    assert survey.paths.unmapped == ()
    assert "the same file" in str(evidence)


def test_server_outside_docker_is_known_by_its_files_over_tcp(docker: Docker, tmp_path: Path) -> None:
    with PlainMariaDb(directory=tmp_path / "server", port=0) as database:
        database.fill(1_000_000)
        database.restart()  # writes every first page
        database.sql("CREATE USER backup@'%' IDENTIFIED BY 'pw'")
        database.sql("GRANT ALL ON *.* TO backup@'%'")
        server = _plain(database, docker, address="127.0.0.1", port=database.port, user="backup", password="pw")
        evidence = server.check_identity(server.survey())

    assert evidence.matching_files > 3
    assert "runs on this machine" in str(evidence)


def test_directory_of_another_plain_server_is_refused(docker: Docker, tmp_path: Path) -> None:
    with (
        PlainMariaDb(directory=tmp_path / "one") as one,
        PlainMariaDb(directory=tmp_path / "two") as two,
    ):
        server = _plain(one, docker, socket=one.socket)
        survey = server.survey()
        with pytest.raises(IdentityError, match="is not the file that the server has open"):
            server.check_identity(_moved(survey, two.data_directory))


def test_file_names_are_those_of_mariadb_for_every_character(mariadb: DatabaseContainer) -> None:
    points = [point for point in range(1, 0x10000) if not 0xD800 <= point < 0xE000]
    different = {}
    for start in range(0, len(points), 1000):
        part = points[start : start + 1000]
        columns = ", ".join(
            f"CAST(CONVERT(_utf8mb4 X'{chr(point).encode().hex()}' USING filename) AS BINARY)" for point in part
        )
        for point, answer in zip(part, mariadb.sql(f"SELECT {columns}")[0], strict=True):
            if file_name_of(chr(point)) != bytes(answer).decode():
                different[point] = answer

    assert different == {}


def _started(kind: type[DatabaseContainer], directory: Path) -> Iterator[DatabaseContainer]:
    """Start a server with a published port, binlogs on a second mount, a third mount for tablespaces, and tables."""
    external = make_server_directory(directory / "external")
    arguments = ["--innodb-directories=/external"] if kind is MySqlContainer else []
    with kind(
        data_directory=directory / "data",
        binlog_directory=directory / "binlogs",
        published_port=0,
        mounts=[Mount(source=external, target="/external")],
        arguments=arguments,
    ) as server:
        _create_tables(server)
        yield server


def _create_tables(server: DatabaseContainer) -> None:
    for schema in ("oempro", "o-p.é"):
        server.sql(f"CREATE DATABASE `{schema}`")
    for name in STRANGE_NAMES:
        server.sql(f"CREATE TABLE `o-p.é`.`{name}` (a INT PRIMARY KEY) ENGINE=InnoDB")
    for name in STRANGE_NAMES[:-1]:
        server.sql(f"CREATE TABLE oempro.`{name}` (a INT PRIMARY KEY) ENGINE=MyISAM")
    server.sql("CREATE TABLE `o-p.é`.other (a INT PRIMARY KEY) ENGINE=MyISAM")
    ranges = "PARTITION BY RANGE(a) (PARTITION p0 VALUES LESS THAN (10), PARTITION `P-x` VALUES LESS THAN MAXVALUE)"
    server.sql(f"CREATE TABLE oempro.parts (a INT PRIMARY KEY) ENGINE=InnoDB {ranges}")
    server.sql("CREATE TABLE oempro.outside (a INT PRIMARY KEY) ENGINE=InnoDB DATA DIRECTORY='/external'")
    server.sql("CREATE TABLE oempro.discarded (a INT PRIMARY KEY) ENGINE=InnoDB")
    server.sql("ALTER TABLE oempro.discarded DISCARD TABLESPACE")
    if server.vendor == "mariadb":
        server.sql(f"CREATE TABLE oempro.aria_parts (a INT PRIMARY KEY) ENGINE=Aria {ranges}")
        server.sql("CREATE SEQUENCE oempro.numbers")
    else:
        server.sql("CREATE TABLESPACE general ADD DATAFILE '/external/general.ibd'")
        server.sql("CREATE TABLE oempro.in_general (a INT PRIMARY KEY) TABLESPACE general")


def _server(database: DatabaseContainer, docker: Docker, **settings: Any) -> Server:
    configured = ServerSettings.model_validate(
        {"container": database.name, "password": database.root_password} | settings
    )
    return Server(name="oempro", settings=configured, docker=docker, clock=SystemClock())


def _plain(database: PlainMariaDb, docker: Docker, **settings: Any) -> Server:
    configured = ServerSettings.model_validate({"password": database.root_password} | settings)
    return Server(name="oempro", settings=configured, docker=docker, clock=SystemClock())


def _connected(server: Server) -> Any:
    return server.connect(server.locate())


def _checkpointed(database: DatabaseContainer, docker: Docker) -> Survey:
    """Return a survey after every page was written to its file."""
    if database.vendor == "mariadb":
        database.sql("SET GLOBAL innodb_log_checkpoint_now = ON")
    else:
        database.sql("SET GLOBAL innodb_max_dirty_pages_pct = 0")
        deadline = time.monotonic() + 30
        while int(database.sql("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")[0][1]) > 0:
            assert time.monotonic() < deadline, "dirty pages are not written"
            time.sleep(0.1)
    return _server(database, docker).survey()


def _moved(survey: Survey, directory: Path) -> Survey:
    """Return the survey as if the data directory were another one on the host."""
    assert survey.paths is not None
    data = survey.paths.data_directory
    assert data is not None
    moved = {
        role: directory / path.relative_to(data) if path.is_relative_to(data) else path
        for role, path in survey.paths.host.items()
    }
    return replace(survey, paths=replace(survey.paths, host=moved))


def _copy_first_pages(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.suffix == ".ibd" or path.name in {"ibdata1", "auto.cnf"}:
            copied = target / path.relative_to(source)
            copied.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as file:
                copied.write_bytes(file.read(65536))


def _aborted_connects(database: DatabaseContainer) -> int:
    return int(database.sql("SHOW GLOBAL STATUS LIKE 'Aborted_connects'")[0][1])


def _eventually(server: Server) -> Survey:
    """Return the survey of a server that is starting, once it is whole."""
    deadline = time.monotonic() + 60
    while True:
        survey = server.survey()
        if survey.error is None or time.monotonic() > deadline:
            return survey
        time.sleep(0.1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
