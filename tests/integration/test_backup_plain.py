"""A backup from configuration to catalog, of a MariaDB that runs as a plain process outside Docker."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.environment.daemon import Daemon
from tests.environment.plain_mariadb import PlainMariaDb
from tests.environment.sql_server import LEDGER
from tests.environment.throwaway_server import server_on
from tests.environment.transaction_writer import TransactionWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PlainMariaDb]:
    with PlainMariaDb(directory=tmp_path / "server", binlog=True) as running:
        running.fill(8_000_000)
        running.create_ledger()
        yield running


@pytest.fixture
def daemon(server: PlainMariaDb, tmp_path: Path) -> Iterator[Daemon]:
    password = tmp_path / "password"
    password.write_text(server.root_password + "\n")
    password.chmod(0o600)
    table = {"socket": str(server.socket), "user": "root", "password_file": str(password)}
    with Daemon(directory=tmp_path / "daemon", servers={"oempro": table}) as running:
        yield running


def test_a_backup_restores_to_a_consistent_state_although_rows_were_written_meanwhile(
    server: PlainMariaDb, daemon: Daemon, tmp_path: Path
) -> None:
    expected = server.checksum_tables(exclude=[LEDGER])

    with TransactionWriter(server) as writer:
        writer.wait_for_commits(20)
        result = daemon.backup("--json")
        writer.wait_for_commits(writer.commits + 20)

    assert result.exit_code == 0, result.err
    [backup] = daemon.backups()
    archive = daemon.archive(backup)
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", tmp_path], check=True)
    [unpacked] = tmp_path.glob("octeth-backup-*")
    with server_on(unpacked, vendor="mariadb") as restored:
        assert restored.checksum_tables(exclude=[LEDGER]) == expected
        state = restored.ledger_state()
    assert state.is_whole
    assert 40 <= state.rows <= 2 * writer.commits


def test_the_three_files_agree_with_the_catalog_and_with_each_other(daemon: Daemon) -> None:
    daemon.backup()

    [backup] = daemon.backups()
    archive = daemon.archive(backup)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    shown = daemon.ctl("show", backup["id"], "--json").json
    manifest = shown["backup"]["manifest"]
    assert backup["status"] == "good"
    assert backup["sha256"] == digest == manifest["archive"]["sha256"]
    assert archive.with_name(archive.name + ".sha256").read_text() == f"{digest}  {archive.name}\n"
    assert archive.stat().st_mode & 0o777 == 0o600
    assert archive.parent.stat().st_mode & 0o777 == 0o700
    assert daemon.files_left() == []
    subprocess.run(["sha256sum", "--check", "--quiet", archive.name + ".sha256"], cwd=archive.parent, check=True)


def test_the_manifest_holds_what_a_later_restore_needs_to_know(server: PlainMariaDb, daemon: Daemon) -> None:
    daemon.backup()

    manifest = daemon.ctl("show", "latest", "--json").json["backup"]["manifest"]
    assert manifest["server"]["fingerprint"]["oempro"]["tables"] == 4
    assert manifest["server"]["variables"]["innodb_page_size"] == "16384"
    assert manifest["server"]["host_paths"]["data"] == str(server.data_directory)
    assert {"oempro/ledger", "mysql/gtid_slave_pos"} <= {t["name"] for t in manifest["server"]["tablespaces"]}
    assert "--backup" in manifest["engine"]["options"]
    assert manifest["position"]["binlog_file"].startswith("binlog.")
    assert set(manifest["postconditions"].values()) == {"passed"}
    assert {"backup.exit_code", "prepare.exit_code", "read_back.archive_hash"} <= set(manifest["postconditions"])
    assert len(manifest["installation_id"]) == 32


def test_the_archive_has_one_top_directory_named_like_itself(daemon: Daemon, tmp_path: Path) -> None:
    daemon.backup()

    archive = daemon.archive(daemon.backups()[0])
    plain = subprocess.run(["zstd", "-dc", archive], check=True, capture_output=True).stdout
    (tmp_path / "plain.tar").write_bytes(plain)
    with tarfile.open(tmp_path / "plain.tar") as tar:
        tops = {name.split("/")[0] for name in tar.getnames()}
    assert tops == {archive.name.removesuffix(".tar.zst")}
