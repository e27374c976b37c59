"""Rehearsals of real data directories, with real servers."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, cast

import pytest
from pydantic import SecretStr

from octeth_backupd.domain.events import StepProgress
from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.errors import CancelledError, ProgramTimeoutError, RestoreError, VerificationError
from octeth_backupd.pipeline.restore.login import Login
from octeth_backupd.pipeline.restore.rehearsal import RehearsalSubject, rehearse
from octeth_backupd.pipeline.restore.settings import RestoreSettings
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.docker import Docker, DockerSettings
from octeth_backupd.process.mark import RUN_LABEL
from octeth_backupd.process.procfs import marked_processes
from octeth_backupd.servers.container import read_container
from tests.environment.database_containers import BINLOG_DIRECTORY, DATA_DIRECTORY, MariaDbContainer, MySqlContainer
from tests.environment.directory_template import copy_directory
from tests.environment.docker_engine import MYSQL_USER_ID, Mount
from tests.environment.plain_mariadb import PlainMariaDb
from tests.environment.sql_server import DEFAULT_PASSWORD
from tests.environment.throwaway_server import server_on
from tests.environment.transaction_writer import TransactionWriter
from tests.fakes.runs import RecordedContext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octeth_backupd.domain.server import ContainerFacts
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from tests.environment.database_containers import DatabaseContainer

OWNER = Owner(user_id=MYSQL_USER_ID, group_id=MYSQL_USER_ID)
CONFIGURED = Login(source="configured", user="root", password=SecretStr(DEFAULT_PASSWORD))
WRONG = Login(source="configured", user="root", password=SecretStr("rotated since"))
OLD = Login(source="old", user="root", password=SecretStr(DEFAULT_PASSWORD))
MYSQL_OPTIONS = ("--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--event-scheduler=ON", "--server-id=7")
MARIADB_OPTIONS = ("--log-bin=binlog", "--event-scheduler=ON", "--server-id=7")
HEARTBEAT = (
    "CREATE EVENT oempro.heartbeat ON SCHEDULE EVERY 1 SECOND DO INSERT INTO oempro.beats (word) VALUES ('event')"
)
INIT_FILE = "INSERT INTO oempro.beats (word) VALUES ('init file');\n"
MYSQL_REPLICA = (
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST='192.0.2.1', SOURCE_USER='replica', SOURCE_AUTO_POSITION=1",
    "START REPLICA",
)
MARIADB_REPLICA = (
    "CHANGE MASTER TO MASTER_HOST='192.0.2.1', MASTER_USER='replica', MASTER_USE_GTID=slave_pos",
    "START SLAVE",
)
STATE_TABLES = {
    "mysql": "mysql.user, mysql.slave_master_info, mysql.slave_relay_log_info, mysql.gtid_executed",
    "mariadb": "mysql.global_priv, mysql.event, mysql.gtid_slave_pos",
}
MADE_BY_ANY_START = ("binlog.", "#innodb_redo/", "#innodb_temp", "#ib_")


@pytest.fixture(scope="module")
def docker() -> Iterator[Docker]:
    with closing(Docker(DockerSettings().host)) as docker:
        yield docker


class Live:
    """A stopped server whose container is still there, and what a backup of it would hold."""

    def __init__(self, server: DatabaseContainer, docker: Docker) -> None:
        self.vendor = Vendor(server.vendor)
        self.directory = server.data_directory
        inspected = docker.inspect_container(server.name)
        self.container: ContainerFacts = read_container(inspected, port=None, image_digest="")
        self.command = tuple(map(str, inspected["Args"]))

    def staged(self, directory: Path, *, without: tuple[str, ...] = ()) -> Path:
        """Return a copy of the data directory, as a backup would be staged."""
        staged = directory / "new"
        staged.mkdir(parents=True, mode=0o750)
        copy_directory(self.directory, staged)
        for pattern in without:
            for path in staged.glob(pattern):
                path.unlink()
        os.chown(staged, OWNER.user_id, OWNER.group_id)
        return staged

    def subject(self, staged: Path, scratch: Path, **changes: Any) -> RehearsalSubject:
        """Return what is rehearsed."""
        scratch.mkdir(mode=0o700, exist_ok=True)
        version = (10, 11, 0) if self.vendor is Vendor.MARIADB else (9, 0, 0)
        subject = RehearsalSubject(
            vendor=self.vendor,
            version=Version(major=version[0], minor=version[1], patch=version[2]),
            data_directory=staged,
            server_paths={"data": PurePosixPath(DATA_DIRECTORY)},
            command=self.command,
            container=self.container,
            log_bin=True,
            owner=OWNER,
            databases=("oempro",),
            logins=(CONFIGURED,),
            scratch=scratch,
        )
        return replace(subject, **changes)


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, docker: Docker) -> Iterator[Live]:
    """A server with everything that would write by itself: event, replica, persisted variables, init file."""
    directory = tmp_path_factory.mktemp("live")
    (directory / "init.sql").write_text(INIT_FILE)
    (directory / "init.sql").chmod(0o644)
    is_mysql = request.param == "mysql"
    kind = MySqlContainer if is_mysql else MariaDbContainer
    options = MYSQL_OPTIONS if is_mysql else MARIADB_OPTIONS
    with kind(data_directory=directory / "data", arguments=options) as server:
        server.fill(2_000_000)
        server.sql("CREATE TABLE oempro.beats (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))")
        server.sql("CREATE USER backup@'%' IDENTIFIED BY 'few rights'")
        server.sql(HEARTBEAT)
        for statement in MYSQL_REPLICA if is_mysql else MARIADB_REPLICA:
            server.sql(statement)
        if is_mysql:
            server.sql("SET PERSIST event_scheduler = ON")
            server.sql("SET PERSIST init_connect = 'INSERT INTO oempro.beats (word) VALUES (1)'")
        server.stop()
    server = kind(
        data_directory=directory / "data",
        arguments=(*options, "--init-file=/etc/octeth-init.sql"),
        mounts=[Mount(source=directory / "init.sql", target="/etc/octeth-init.sql")],
    )
    with server:
        assert server.scalar("SELECT COUNT(*) FROM oempro.beats WHERE word = 'init file'") == 1
        server.stop()
        yield Live(server, docker)


@pytest.fixture
def context() -> RunContext:
    return replace(RecordedContext().context, clock=SystemClock())


@pytest.fixture
def parts(docker: Docker) -> Parts:
    return parts_with(docker)


def parts_with(docker: Docker, **settings: int) -> Parts:
    parts = SimpleNamespace(
        restore=RestoreSettings(**settings), docker=docker, secrets=(DEFAULT_PASSWORD,), search_path=None
    )
    return cast("Parts", parts)


def contents(directory: Path, vendor: Vendor, scratch: Path) -> Mapping[str, object]:
    """Return row digests of all tables and the GTIDs, read by a server on a copy."""
    name: Literal["mariadb", "mysql"] = "mariadb" if vendor is Vendor.MARIADB else "mysql"
    copied = scratch / "looked-at"
    copied.mkdir()
    copy_directory(directory, copied)
    options = (*MYSQL_OPTIONS, "--log-bin=binlog") if name == "mysql" else ("--log-bin=binlog",)
    quiet = ("--event-scheduler=DISABLED", *(("--persisted-globals-load=OFF",) if name == "mysql" else ()))
    with server_on(copied, vendor=name, arguments=(*options, *quiet)) as server:
        found: dict[str, object] = dict(server.checksum_tables())
        found |= {str(table): digest for table, digest in server.sql(f"CHECKSUM TABLE {STATE_TABLES[name]} EXTENDED")}
        found["gtid"] = server.scalar(
            "SELECT @@GLOBAL." + ("gtid_binlog_pos" if name == "mariadb" else "gtid_executed")
        )
        server.stop()
    shutil.rmtree(copied)
    return found


def files(directory: Path) -> set[str]:
    listed = {str(path.relative_to(directory)) for path in directory.rglob("*")}
    return {name for name in listed if not name.startswith(MADE_BY_ANY_START)}


def left_over(docker: Docker, context: RunContext) -> list[Any]:
    return docker.list_labelled({RUN_LABEL: context.run.run_id})


def test_rehearsal_changes_no_row_no_gtid_and_no_file(
    live: Live, docker: Docker, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    staged = live.staged(tmp_path, without=("auto.cnf", "*.pem"))
    before, listed = contents(staged, live.vendor, tmp_path), files(staged)

    rehearsal = rehearse(context, parts, live.subject(staged, tmp_path / "scratch"))

    assert rehearsal.expected.login == "configured"
    assert rehearsal.expected.login == "configured"
    assert rehearsal.expected.tables == {"oempro": 5}
    assert rehearsal.checked_tables == 5
    assert "`oempro`.`subscribers_1`" in rehearsal.expected.largest
    assert files(staged) == listed
    assert contents(staged, live.vendor, tmp_path) == before
    if live.vendor is Vendor.MYSQL:
        assert rehearsal.expected.gtid == "".join(str(before["gtid"]).split())
    assert left_over(docker, context) == []
    assert list((tmp_path / "scratch").iterdir()) == []


def test_old_password_is_the_one_that_works(live: Live, context: RunContext, parts: Parts, tmp_path: Path) -> None:
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch", logins=(WRONG, OLD))

    assert rehearse(context, parts, subject).expected.login == "old"


def test_content_is_looked_at_although_no_password_works(
    live: Live, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch", logins=(WRONG,), databases=())

    rehearsal = rehearse(context, parts, subject)

    assert rehearsal.expected.login == ""
    assert rehearsal.expected.tables == {"oempro": 5}
    assert any("refused user 'root'" in note for note in rehearsal.notes)


def test_account_with_few_rights_settles_the_login_and_everything_is_looked_at_all_the_same(
    live: Live, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    few = Login(source="configured", user="backup", password=SecretStr("few rights"))
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch", logins=(few,))

    rehearsal = rehearse(context, parts, subject)

    assert rehearsal.expected.login == "configured"
    assert rehearsal.checked_tables == 5


def test_deep_rehearsal_checks_every_table(live: Live, context: RunContext, parts: Parts, tmp_path: Path) -> None:
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch", deep=True)

    rehearsal = rehearse(context, parts, subject)

    assert rehearsal.checked_tables == 5
    assert rehearsal.skipped_tables == ()


def test_damaged_table_is_found_by_a_deep_rehearsal(
    live: Live, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    staged = live.staged(tmp_path)
    with (staged / "oempro" / "subscribers_2.ibd").open("r+b") as file:
        file.seek(5 * 16384 + 2000)
        file.write(os.urandom(4096))

    with pytest.raises(VerificationError, match=r"damaged|was lost|log in the rehearsal"):
        rehearse(context, parts, live.subject(staged, tmp_path / "scratch", deep=True))


def test_missing_table_file_is_found(
    live: Live, docker: Docker, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    staged = live.staged(tmp_path)
    (staged / "oempro" / "subscribers_2.ibd").unlink()

    with pytest.raises(VerificationError, match="subscribers_2"):
        rehearse(context, parts, live.subject(staged, tmp_path / "scratch"))

    assert left_over(docker, context) == []


def test_server_that_does_not_start_says_why(
    live: Live, docker: Docker, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch", command=(*live.command, "--no-such-option=1"))

    with pytest.raises(VerificationError, match=r"does not start.*no-such-option"):
        rehearse(context, parts, subject)

    assert left_over(docker, context) == []


def test_override_that_does_not_hold_is_an_error(live: Live, context: RunContext, parts: Parts, tmp_path: Path) -> None:
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch")
    elsewhere = replace(subject, command=(*live.command, f"--datadir={DATA_DIRECTORY}/./"), log_bin=True)
    if live.vendor is Vendor.MYSQL:
        elsewhere = replace(subject, command=(*live.command, "--skip-log-bin"))
        with pytest.raises(RestoreError, match="log_bin is 'OFF', not 'ON'"):
            rehearse(context, parts, elsewhere)
    else:
        assert rehearse(context, parts, elsewhere).checked_tables == 5


def test_absent_databases_are_an_error(live: Live, context: RunContext, parts: Parts, tmp_path: Path) -> None:
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch", databases=("nowhere",))

    with pytest.raises(VerificationError, match="nowhere"):
        rehearse(context, parts, subject)


def test_cancelled_rehearsal_leaves_no_container(
    live: Live, docker: Docker, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch")
    context.bus.subscribe(lambda _event: cast("None", context.cancellation.cancel()))

    with pytest.raises(CancelledError):
        rehearse(context, parts, subject)

    assert left_over(docker, context) == []


def test_rehearsal_that_takes_too_long_is_ended(
    live: Live, docker: Docker, context: RunContext, tmp_path: Path
) -> None:
    subject = live.subject(live.staged(tmp_path), tmp_path / "scratch")

    def hold_on(event: object) -> None:
        while isinstance(event, StepProgress) and any(c["State"] == "running" for c in left_over(docker, context)):
            time.sleep(0.1)

    context.bus.subscribe(hold_on)

    with pytest.raises(ProgramTimeoutError, match="took longer than 4 s"):
        rehearse(context, parts_with(docker, rehearsal_timeout_seconds=4), subject)

    assert left_over(docker, context) == []


class Killed:
    """A MySQL that was killed under 4 writers: transactions are prepared, and its binary log decides over them."""

    def __init__(self, server: MySqlContainer, docker: Docker, already: int) -> None:
        self.live = Live(server, docker)
        self.binlogs = server.binlog_directory
        self._options = server.arguments
        self._is_beside = server.binlog
        self._already = already

    def staged_binlogs(self, directory: Path) -> Path | None:
        """Return a copy of the binary logs, where they have a directory of their own."""
        if self.binlogs is None:
            return None
        staged = directory / "new-binlogs"
        staged.mkdir()
        copy_directory(self.binlogs, staged)
        return staged

    def claimed_without_rows(self, staged: Path, binlogs: Path | None) -> int:
        """Return how many GTIDs a live start claims whose rows are missing."""
        server = MySqlContainer(
            data_directory=staged, binlog_directory=binlogs, arguments=self._options, binlog=self._is_beside
        )
        with server:
            claimed = gtid_count(server.scalar("SELECT @@GLOBAL.gtid_executed")) - self._already
            assert claimed > 200
            return claimed - server.ledger_state().rows // 2


def gtid_count(text: str) -> int:
    intervals = [part.partition("-") for part in "".join(text.split()).partition(":")[2].split(":")]
    return sum(int(last or first) - int(first) + 1 for first, _, last in intervals)


@pytest.fixture(params=["in the data directory", "on another mount"])
def killed(request: pytest.FixtureRequest, tmp_path: Path, docker: Docker) -> Killed:
    beside = request.param == "in the data directory"
    server = MySqlContainer(
        data_directory=tmp_path / "data",
        binlog_directory=None if beside else tmp_path / "binlogs",
        arguments=MYSQL_OPTIONS[:2],
        binlog=beside or None,
    )
    with server:
        server.create_ledger()
        already = gtid_count(str(server.scalar("SELECT @@GLOBAL.gtid_executed")))
        writers = [TransactionWriter(server) for _ in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.wait_for_commits(50)
        server.kill()
        for writer in writers:
            writer.stop(raise_errors=False)
        return Killed(server, docker, already)


def test_no_gtid_is_claimed_whose_rows_were_in_doubt(
    killed: Killed, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    staged, binlogs = killed.live.staged(tmp_path), killed.staged_binlogs(tmp_path)
    paths = {"data": PurePosixPath(DATA_DIRECTORY)}
    if binlogs is not None:
        paths["binlog"] = PurePosixPath(BINLOG_DIRECTORY)
    subject = killed.live.subject(staged, tmp_path / "scratch", binlog_directory=binlogs, server_paths=paths)

    rehearsal = rehearse(context, parts, subject)

    assert killed.claimed_without_rows(staged, binlogs) == 0
    assert rehearsal.expected.gtid


@pytest.fixture
def plain() -> Iterator[PlainMariaDb]:
    """A MariaDB outside Docker, stopped; other accounts than root may go where its data is, as they may on a host."""
    directory = Path(tempfile.mkdtemp(prefix="octeth-", dir="/tmp"))
    directory.chmod(0o755)
    with PlainMariaDb(directory=directory / "plain", binlog=True) as server:
        server.fill(1_000_000)
        server.sql("CREATE TABLE oempro.beats (word VARCHAR(20))")
        server.sql(HEARTBEAT)
        server.stop()
        yield server
    shutil.rmtree(directory)


def plain_subject(server: PlainMariaDb, staged: Path, scratch: Path) -> RehearsalSubject:
    scratch.mkdir(mode=0o700)
    arguments = [word for word in server.server_arguments() if not word.startswith("--user=")]
    return RehearsalSubject(
        vendor=Vendor.MARIADB,
        version=Version(major=10, minor=11, patch=0),
        data_directory=staged,
        server_paths={"data": PurePosixPath(server.data_directory)},
        command=("/usr/sbin/mariadbd", *arguments, "--event-scheduler=ON"),
        container=None,
        log_bin=True,
        owner=OWNER,
        databases=("oempro",),
        logins=(CONFIGURED,),
        scratch=scratch,
    )


def test_server_outside_docker_is_rehearsed_on_staged_data_under_its_own_paths(
    plain: PlainMariaDb, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    # As a swap by entries has it: the room lies in the live directory, and no other account can go there.
    room = plain.data_directory / ".octeth-backupd-x"
    room.mkdir(mode=0o700)
    staged = room / "new"
    staged.mkdir()
    shutil.copytree(plain.data_directory, staged, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".octeth*"))
    for path in (staged, *staged.rglob("*")):
        os.chown(path, OWNER.user_id, OWNER.group_id)
    listed, live = files(staged), digests(plain.data_directory)

    rehearsal = rehearse(context, parts, plain_subject(plain, staged, room / "rehearsal"))

    assert rehearsal.expected.login == "configured"
    assert rehearsal.checked_tables == 5
    assert files(staged) == listed
    assert digests(plain.data_directory) == live
    assert list((room / "rehearsal").iterdir()) == []
    assert not any(mark.run_id == context.run.run_id for _, mark in marked_processes())


def test_cancelled_rehearsal_outside_docker_leaves_no_process(
    plain: PlainMariaDb, context: RunContext, parts: Parts, tmp_path: Path
) -> None:
    staged = tmp_path / "new"
    shutil.copytree(plain.data_directory, staged)
    for path in (staged, *staged.rglob("*")):
        os.chown(path, OWNER.user_id, OWNER.group_id)
    context.bus.subscribe(lambda _event: cast("None", context.cancellation.cancel()))

    with pytest.raises(CancelledError):
        rehearse(context, parts, plain_subject(plain, staged, tmp_path / "scratch"))

    assert not any(mark.run_id == context.run.run_id for _, mark in marked_processes())


def digests(directory: Path) -> dict[str, str]:
    """Return the digest of each file of a data directory, rooms apart."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file() and ".octeth" not in str(path)
    }
