"""Backups of servers in real containers: MariaDB by a sidecar, MySQL 9 by the XtraBackup stand-in on the host."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.environment.availability import require_mysql_image
from tests.environment.daemon import Daemon
from tests.environment.database_containers import MariaDbContainer, MySqlContainer
from tests.environment.docker_engine import shared_engine
from tests.environment.sql_server import LEDGER
from tests.environment.standin import install_standin
from tests.environment.throwaway_server import server_on
from tests.environment.transaction_writer import TransactionWriter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.environment.sql_server import SqlServer
    from tests.integration.conftest import WritePassword

OCTETH_NAME = "oempro_mysql"


def _back_up_under_writes(server: SqlServer, daemon: Daemon) -> tuple[dict[str, int], int]:
    """Return digests of the tables that rest, and the number of transactions committed around the backup."""
    expected = server.checksum_tables(exclude=[LEDGER])
    with TransactionWriter(server) as writer:
        writer.wait_for_commits(20)
        result = daemon.backup("--json")
        writer.wait_for_commits(writer.commits + 20)
    assert result.exit_code == 0, result.err + daemon.log()[-3000:]
    return expected, writer.commits


def _unpack(daemon: Daemon, where: Path) -> Path:
    archive = daemon.archive(daemon.backups()[0])
    where.mkdir()
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", where], check=True)
    [unpacked] = where.iterdir()
    return unpacked


def _assert_restores(unpacked: Path, vendor: str, expected: dict[str, int], commits: int) -> None:
    with server_on(unpacked, vendor=vendor) as restored:  # type: ignore[arg-type]
        assert restored.checksum_tables(exclude=[LEDGER]) == expected
        state = restored.ledger_state()
    assert state.is_whole
    assert 40 <= state.rows <= 2 * commits


def test_mariadb_in_a_container_is_backed_up_by_a_sidecar_while_rows_are_written(
    tmp_path: Path, password_file: WritePassword
) -> None:
    with MariaDbContainer(data_directory=tmp_path / "data", name=OCTETH_NAME) as server:
        server.fill(8_000_000)
        server.create_ledger()
        table = {"container": OCTETH_NAME, "password_file": password_file(server), "databases": ["oempro"]}
        with Daemon(directory=tmp_path / "daemon", servers={"oempro": table}) as daemon:
            expected, commits = _back_up_under_writes(server, daemon)

            manifest = daemon.ctl("show", "latest", "--json").json["backup"]["manifest"]
            assert manifest["engine"]["runner"] == "sidecar"
            assert manifest["server"]["placement"]["container"] == OCTETH_NAME
            assert manifest["server"]["host_paths"]["data"] == str(tmp_path / "data")
            assert daemon.files_left() == []
            label = f"octeth-backupd.installation={manifest['installation_id']}"
            assert shared_engine().client.containers.list(all=True, filters={"label": label}) == []
            _assert_restores(_unpack(daemon, tmp_path / "restored"), "mariadb", expected, commits)


def test_mariadb_with_a_published_port_and_binlogs_on_a_second_mount(
    tmp_path: Path, password_file: WritePassword
) -> None:
    with MariaDbContainer(
        data_directory=tmp_path / "data", binlog_directory=tmp_path / "log", published_port=0
    ) as server:
        server.fill(4_000_000)
        server.create_ledger()
        table = {"container": server.name, "password_file": password_file(server)}
        with Daemon(directory=tmp_path / "daemon", servers={"second": table}) as daemon:
            expected, commits = _back_up_under_writes(server, daemon)

            manifest = daemon.ctl("show", "latest", "--json").json["backup"]["manifest"]
            assert manifest["server"]["host_paths"]["binlog"] == str(tmp_path / "log")
            assert manifest["server"]["placement"]["address"] == f"127.0.0.1:{server.host_port}"
            assert manifest["position"]["binlog_file"].startswith("binlog.")
            assert manifest["position"]["binlog_position"] > 0
            _assert_restores(_unpack(daemon, tmp_path / "restored"), "mariadb", expected, commits)


@pytest.mark.parametrize("binlogs", ["in the data directory", "on a second mount"])
def test_mysql_in_a_container_is_backed_up_by_xtrabackup_on_the_host_while_rows_are_written(
    tmp_path: Path, password_file: WritePassword, binlogs: str
) -> None:
    require_mysql_image()
    second = tmp_path / "log" if binlogs == "on a second mount" else None
    engine = install_standin(tmp_path / "bin")
    with MySqlContainer(data_directory=tmp_path / "data", binlog_directory=second) as server:
        server.fill(8_000_000)
        server.create_ledger()
        table = {"container": server.name, "password_file": password_file(server)}
        sections = {"engines.xtrabackup": {"program": str(engine)}}
        with Daemon(directory=tmp_path / "daemon", servers={"oempro": table}, sections=sections) as daemon:
            expected, commits = _back_up_under_writes(server, daemon)

            manifest = daemon.ctl("show", "latest", "--json").json["backup"]["manifest"]
            assert manifest["engine"]["runner"] == "host"
            assert manifest["server"]["identity"]["server_uuid"] == server.scalar("SELECT @@server_uuid")
            assert manifest["position"]["gtid"]
            unpacked = _unpack(daemon, tmp_path / "restored")
            assert (unpacked / manifest["position"]["binlog_file"]).exists()
            _assert_restores(unpacked, "mysql", expected, commits)
