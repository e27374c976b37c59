"""The environment of the tests itself: that its servers are real, its proofs bite, and its liars lie."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.environment.availability import require_mysql_image
from tests.environment.database_containers import MariaDbContainer, MySqlContainer, unique_name
from tests.environment.docker_engine import MARIADB_IMAGE, Mount, ensure_image, session_labels, shared_engine
from tests.environment.option_file import write_option_file
from tests.environment.plain_mariadb import BACKUP_PROGRAM, PlainMariaDb
from tests.environment.session import current_session, session_is_alive
from tests.environment.small_filesystem import small_filesystem
from tests.environment.sql_server import LEDGER, LedgerState
from tests.environment.standin import install_lying_mariadb_backup, install_standin
from tests.environment.throwaway_server import server_on
from tests.environment.transaction_writer import TransactionWriter
from tests.standins.lies import Lie

SMALL = 6_000_000


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)


def plain_backup_command(server: PlainMariaDb, target: Path, program: str | Path = BACKUP_PROGRAM) -> list[str | Path]:
    option_file = write_option_file(target.with_suffix(".cnf"), server.login())
    return [program, f"--defaults-extra-file={option_file}", "--backup", f"--target-dir={target}"]


def standin_backup_command(server: MySqlContainer, program: Path, target: Path) -> list[str | Path]:
    binlogs = server.binlog_directory or server.data_directory
    return [
        program,
        f"--defaults-extra-file={write_option_file(target.with_suffix('.cnf'), server.login())}",
        "--backup",
        f"--target-dir={target}",
        f"--datadir={server.data_directory}",
        f"--log-bin={binlogs}/binlog",
        f"--log-bin-index={binlogs}/binlog.index",
    ]


def test_ledger_shows_a_torn_transaction() -> None:
    assert LedgerState(rows=4, balance=0).is_whole

    assert not LedgerState(rows=3, balance=17).is_whole
    assert not LedgerState(rows=4, balance=17).is_whole


def test_mariadb_in_a_container_restores_from_its_own_sidecar_while_it_is_written(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with MariaDbContainer(data_directory=tmp_path / "data", binlog_directory=tmp_path / "binlogs") as server:
        server.fill(SMALL)
        before = server.checksum_tables(exclude=[LEDGER])
        write_option_file(work / "login.cnf", server.login())
        with TransactionWriter(server) as writer:
            sidecar(
                server, work, ["--defaults-extra-file=/scratch/login.cnf", "--backup", "--target-dir=/scratch/backup"]
            )
            writer.wait_for_commits(1)
        sidecar(server, work, ["--prepare", "--target-dir=/scratch/backup"])

    with server_on(work / "backup", vendor="mariadb") as restored:
        assert restored.checksum_tables(exclude=[LEDGER]) == before
        assert restored.ledger_state().is_whole
        assert 0 < restored.ledger_state().rows < 2 * writer.commits


def sidecar(server: MariaDbContainer, work: Path, arguments: Sequence[str]) -> None:
    finished = run(
        *("docker", "run", "--rm", "--volumes-from", f"{server.name}:ro", "--network", f"container:{server.name}"),
        *("--volume", f"{work}:/scratch", "--entrypoint", "mariadb-backup", server.image, *arguments),
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.rstrip().endswith("completed OK!")


def test_standin_xtrabackup_restores_a_mysql_that_is_written(tmp_path: Path) -> None:
    require_mysql_image()
    program, target = install_standin(tmp_path / "bin"), tmp_path / "backup"
    with MySqlContainer(data_directory=tmp_path / "data", binlog_directory=tmp_path / "binlogs") as server:
        server.fill(SMALL)
        server.sql("CREATE TABLE oempro.old_engine (id INT PRIMARY KEY) ENGINE=MyISAM")
        server.sql("INSERT INTO oempro.old_engine VALUES (1), (2)")
        before = server.checksum_tables(exclude=[LEDGER])
        with TransactionWriter(server) as writer:
            backup = run(*standin_backup_command(server, program, target))
            writer.wait_for_commits(1)
        assert backup.returncode == 0, backup.stderr[-2000:]
    assert "backup_type = full-backuped" in (target / "xtrabackup_checkpoints").read_text()

    prepare = run(program, "--prepare", f"--target-dir={target}", "--use-memory=128M")

    assert prepare.stderr.rstrip().endswith("completed OK!"), prepare.stderr
    assert "backup_type = full-prepared" in (target / "xtrabackup_checkpoints").read_text()
    binlog, position, gtid_executed = (target / "xtrabackup_binlog_info").read_text().strip().split("\t")
    assert (target / binlog).stat().st_size == int(position)
    (target / "binlog.index").write_text(f"./{binlog}\n")
    with server_on(target, vendor="mysql", arguments=["--log-bin=/var/lib/mysql/binlog"]) as restored:
        assert restored.checksum_tables(exclude=[LEDGER]) == before
        assert restored.ledger_state().is_whole
        assert 0 < restored.ledger_state().rows < 2 * writer.commits
        assert restored.scalar("SELECT @@gtid_executed") == gtid_executed


def test_standin_copies_the_wrong_directory_without_a_word_as_xtrabackup_does(tmp_path: Path) -> None:
    require_mysql_image()
    program, target = install_standin(tmp_path / "bin"), tmp_path / "backup"
    with MySqlContainer(data_directory=tmp_path / "data") as server:
        server.create_ledger()
        other = MySqlContainer(data_directory=tmp_path / "other")
        with other:
            other.stop()

        server_of_another_directory = MySqlContainer(data_directory=other.data_directory)
        server_of_another_directory.login = server.login  # type: ignore[method-assign]
        backup = run(*standin_backup_command(server_of_another_directory, program, target))

    assert backup.returncode == 0
    assert backup.stderr.rstrip().endswith("completed OK!")
    assert not (target / "oempro").exists()


@pytest.mark.parametrize(
    "arguments", [["--backup", "--no-such-option=1"], ["--version", "--backup"], ["--backup", "--defaults-file=/x"]]
)
def test_standin_refuses_what_xtrabackup_refuses(tmp_path: Path, arguments: list[str]) -> None:
    require_mysql_image()

    finished = run(install_standin(tmp_path / "bin"), *arguments)

    assert finished.returncode == 1
    assert "[ERROR]" in finished.stderr


def test_plain_mariadb_restores_and_survives_a_crash(tmp_path: Path) -> None:
    target = tmp_path / "backup"
    with PlainMariaDb(directory=tmp_path / "server", port=0, binlog=True) as server:
        server.fill(SMALL)
        with TransactionWriter(server) as writer:
            backup = run(*plain_backup_command(server, target))
        assert backup.returncode == 0, backup.stderr
        server.kill()
        server.start()
        assert server.ledger_state() == LedgerState(rows=2 * writer.commits, balance=0)
        before = server.checksum_tables(exclude=[LEDGER])

    prepare = run(BACKUP_PROGRAM, "--prepare", f"--target-dir={target}")

    assert prepare.returncode == 0, prepare.stderr
    with server_on(target, vendor="mariadb") as restored:
        assert restored.checksum_tables(exclude=[LEDGER]) == before
        assert restored.ledger_state().is_whole


@pytest.mark.parametrize(
    ("lie", "exit_code", "says_completed"),
    [
        (Lie.CUT, 0, True),
        (Lie.OMIT_TABLESPACE, 0, True),
        (Lie.WITHOUT_REDO, 0, True),
        (Lie.CHECKPOINTS_MISSING, 0, True),
        (Lie.METADATA_MISSING, 0, True),
        (Lie.ERROR_LINE, 0, True),
        (Lie.NO_COMPLETED_OK, 0, False),
        (Lie.EXIT_1, 1, False),
    ],
)
def test_lying_mariadb_backup_differs_from_an_honest_one(
    filled_server: PlainMariaDb, tmp_path: Path, lie: Lie, exit_code: int, says_completed: bool
) -> None:
    honest_target, target = filled_server.directory / "honest", tmp_path / "lying"
    program = install_lying_mariadb_backup(tmp_path / "bin", lie=lie)

    lying = run(*plain_backup_command(filled_server, target, program))

    assert lying.returncode == exit_code
    assert lying.stderr.rstrip().endswith("completed OK!") == says_completed
    spoils_files = lie not in {Lie.ERROR_LINE, Lie.NO_COMPLETED_OK, Lie.EXIT_1}
    assert (tablespaces_and_metadata(target) != tablespaces_and_metadata(honest_target)) == spoils_files
    assert ("FATAL ERROR" in lying.stderr) == (lie is Lie.ERROR_LINE)


@pytest.fixture(scope="module")
def filled_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainMariaDb]:
    """Yield a server with tables, restarted so that their CREATE is no longer in the redo log, and one good backup."""
    with PlainMariaDb(directory=tmp_path_factory.mktemp("server")) as server:
        server.fill(1_000_000)
        server.restart()
        honest = run(*plain_backup_command(server, server.directory / "honest"))
        assert honest.returncode == 0, honest.stderr
        yield server


def tablespaces_and_metadata(directory: Path) -> dict[str, int]:
    """Return sizes of tablespaces, and the names of everything else."""
    return {
        str(path.relative_to(directory)): path.stat().st_size if path.suffix in {".ibd", ".new"} else 0
        for path in directory.rglob("*")
    }


def test_small_filesystem_fills_up_and_goes_away(tmp_path: Path) -> None:
    with (
        small_filesystem(tmp_path / "small", megabytes=8) as directory,
        pytest.raises(OSError, match="No space left") as caught,
    ):
        (directory / "file").write_bytes(b"x" * 9_000_000)

    assert caught.value.errno == 28
    assert not (tmp_path / "small").is_mount()


def test_sweep_removes_what_dead_sessions_left_and_nothing_else() -> None:
    engine, image = shared_engine(), ensure_image(MARIADB_IMAGE)
    dead = engine.run(image, ["sleep", "60"], name=unique_name("dead"), labels={"octeth-backupd-test.session": "1-1-1"})
    ours = engine.run(image, ["sleep", "60"], name=unique_name("alive"))
    dead_in_this_namespace = current_session().replace(current_session().split("-")[1], "1")
    gone = engine.run(
        image, ["sleep", "60"], name=unique_name("gone"), labels={"octeth-backupd-test.session": dead_in_this_namespace}
    )
    try:
        swept = engine.sweep()

        assert gone.name in swept
        assert ours.name not in swept
        assert dead.name not in swept, "a session of another process namespace cannot be seen, so it is left alone"
        assert session_is_alive(session_labels()["octeth-backupd-test.session"])
    finally:
        for container in (dead, ours):
            container.remove(force=True, v=True)


def test_mounts_appear_at_the_same_path_and_binlogs_on_their_own(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "file").write_text("here")

    with MariaDbContainer(
        data_directory=tmp_path / "data",
        binlog_directory=tmp_path / "binlogs",
        mounts=[Mount(source=shared, read_only=True)],
        published_port=0,
    ) as server:
        assert server.run_inside("cat", str(shared / "file")) == (0, "here")
        assert server.scalar("SELECT @@log_bin_basename") == "/var/log/mysql/binlog"
        assert server.host_port > 0
    assert (tmp_path / "binlogs" / "binlog.000001").exists()
