"""A lost catalog and a lost host come back; hosts that share a place leave each other alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.daemon import Daemon
from tests.environment.restoring import SERVER_NAME, Restoring, restoring
from tests.environment.s3_servers import RcloneS3

if TYPE_CHECKING:
    from collections.abc import Iterator

DEGRADED = 8
FILL_BYTES = 500_000


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Restoring]:
    with restoring(tmp_path, vendor="mariadb", fill_bytes=FILL_BYTES) as bench:
        yield bench


def sync(daemon: Daemon, *options: str, exit_code: int = 0) -> dict[str, Any]:
    """Sync and return the report."""
    result = daemon.ctl("sync", *options)
    assert result.exit_code == exit_code, result.out + result.err + daemon.log()[-4000:]
    report: dict[str, Any] = daemon.api("/v1/sync")["report"]
    return report


def lose_catalog(daemon: Daemon) -> None:
    daemon.stop()
    for path in daemon.state_directory.glob("catalog.sqlite*"):
        path.unlink()
    daemon.start()


def another_host(directory: Path, like: Daemon, *, backups: Path) -> Daemon:
    """Return a daemon that has nothing but the other one's configuration, and backups in this directory."""
    return Daemon(
        directory=directory, servers=like.servers, sections={**like.sections, "local": {"directory": str(backups)}}
    )


def tree(directory: Path) -> dict[str, tuple[int, int]]:
    """Return every file beneath a directory with what would change if it were written; state files apart.

    A state file is written whenever something new is said of its own installation's backups.
    """
    return {
        str(path.relative_to(directory)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_file() and not path.name.startswith("state-")
    }


def test_a_lost_catalog_comes_back_and_the_server_is_restored_from_it(bench: Restoring) -> None:
    bench.back_up()
    backup = bench.back_up()
    at_backup = bench.contents()
    known = bench.daemon.backups()
    bench.change(1)
    lose_catalog(bench.daemon)
    assert bench.daemon.backups() == []
    assert "octeth-backupctl sync" in bench.daemon.api("/v1/status")["warnings"][0]

    report = sync(bench.daemon)

    assert (report["storages"][0]["added"], report["problems"]) == (2, [])
    assert [one["id"] for one in bench.daemon.backups()] == [one["id"] for one in known]
    assert bench.daemon.api("/v1/status")["warnings"] == []
    bench.restore("latest")
    assert bench.contents() == at_backup
    assert bench.daemon.ctl("verify", backup).exit_code == 0


def test_a_new_host_with_nothing_but_its_configuration_restores_what_the_lost_one_backed_up(
    bench: Restoring, tmp_path: Path
) -> None:
    bench.back_up()
    at_backup = bench.contents()
    lost = bench.daemon.api("/v1/status")["installation_id"]
    bench.daemon.stop()
    bench.server.stop()
    for path in bench.server.data_directory.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    with another_host(tmp_path / "new", bench.daemon, backups=bench.daemon.backup_directory) as daemon:
        host = Restoring(server=bench.server, daemon=daemon)
        report = sync(daemon)
        assert [(one["installation_id"], one["is_ours"]) for one in report["installations"]] == [(lost, False)]
        assert "(foreign)" in daemon.ctl("list").out

        host.restore("latest")

        assert host.contents() == at_backup
        assert sync(daemon, "--adopt", lost[:8])["adopted"] == lost
        assert "(foreign)" not in daemon.ctl("list").out


def test_two_hosts_that_share_a_place_and_a_servers_name_leave_each_other_alone(
    bench: Restoring, tmp_path: Path
) -> None:
    shared = bench.daemon.backup_directory
    mine = bench.back_up()

    with another_host(tmp_path / "other", bench.daemon, backups=shared) as daemon:
        theirs = Restoring(server=bench.server, daemon=daemon).back_up()
        before = tree(shared)

        for host in (bench.daemon, daemon, bench.daemon, daemon):
            assert sync(host, "--repair")["problems"] == []

        assert tree(shared) == before
        for host, own in ((bench.daemon, mine), (daemon, theirs)):
            assert {one["id"] for one in host.backups()} == {mine, theirs}
            assert host.api("/v1/backups/latest")["backup"]["id"] == own


def test_what_is_gone_cut_or_put_there_is_found_and_nothing_of_it_touched(bench: Restoring) -> None:
    for _ in range(3):
        bench.back_up()
    daemon = bench.daemon
    gone, cut, whole = (daemon.archive(backup) for backup in daemon.backups())
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    stranger = daemon.backup_directory / "daily" / "octeth-backup-2026-01-01_02-00-00.tar.gz"
    stranger.parent.mkdir()
    stranger.write_bytes(b"x")
    (daemon.backup_directory / SERVER_NAME / "notes.txt").write_text("mine")
    before = tree(daemon.backup_directory)

    report = sync(daemon, "--repair", exit_code=DEGRADED)

    assert report["storages"][0]["counts"] == {"missing": 1, "corrupt": 1, "legacy": 1, "unknown": 1}
    assert tree(daemon.backup_directory) == before
    assert [one["status"] for one in daemon.backups()] == ["missing", "corrupt", "good"]
    assert daemon.api("/v1/backups/latest")["backup"]["archive_name"] == whole.name


def test_a_tree_that_is_not_there_loses_nothing(bench: Restoring) -> None:
    bench.back_up()
    away = bench.daemon.backup_directory.rename(bench.daemon.directory / "away")

    result = bench.daemon.ctl("sync")

    assert result.exit_code == 1
    assert "does not exist" in result.err
    assert [one["status"] for one in bench.daemon.backups()] == ["good"]
    away.rename(bench.daemon.backup_directory)
    assert sync(bench.daemon)["storages"][0]["changed"] == 0


def test_doctor_tries_the_storage(bench: Restoring) -> None:
    checks = bench.daemon.api("/v1/doctor")["checks"]

    names = [check["name"] for check in checks if not check["server"]]
    assert [name for name in names if name.startswith("storage_")] == [
        "storage_mount",
        "storage_write",
        "storage_space",
    ]


@pytest.fixture(scope="module")
def bucket() -> Iterator[RcloneS3]:
    with RcloneS3(arguments=("--dir-cache-time", "0s")) as server:  # files are laid into its directory
        yield server


def know_bucket(daemon: Daemon, server: RcloneS3, prefix: str, **changes: str) -> None:
    """Tell the daemon of a bucket from now on."""
    section = {
        "bucket": server.bucket,
        "prefix": prefix,
        "region": server.region,
        "endpoint_url": server.endpoint_url,
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
    }
    daemon.stop()
    daemon.sections = {**daemon.sections, "s3": section | changes}
    daemon.write_config()
    daemon.start()


def upload(daemon: Daemon, server: RcloneS3, prefix: str) -> Path:
    """Lay the daemon's whole local tree into the bucket, and return where the bucket's files are."""
    there = server.bucket_directory / prefix
    shutil.copytree(
        daemon.backup_directory,
        there,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns(".*"),
        copy_function=shutil.copy,
    )
    return there


def test_catalog_and_tree_of_a_lost_disk_come_back_from_the_bucket(bucket: RcloneS3, tmp_path: Path) -> None:
    with restoring(tmp_path, vendor="mariadb", fill_bytes=FILL_BYTES) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        known = bench.daemon.api(f"/v1/backups/{backup}")["backup"]
        upload(bench.daemon, bucket, "lost")
        know_bucket(bench.daemon, bucket, "lost")
        bench.daemon.stop()
        shutil.rmtree(bench.daemon.backup_directory)
        bench.daemon.start()
        lose_catalog(bench.daemon)

        report = sync(bench.daemon, exit_code=DEGRADED)

        local, remote = report["storages"]
        assert (local["storage"], "does not exist" in local["problem"]) == ("local", True)
        assert (remote["storage"], remote["added"], remote["problem"]) == ("s3", 1, "")
        latest = bench.daemon.api("/v1/backups/latest")["backup"]
        assert (latest["id"], latest["sha256"], latest["manifest"]) == (backup, known["sha256"], known["manifest"])
        assert [(copy["storage"], copy["state"]) for copy in latest["copies"]] == [("s3", "present")]
        bench.restore("latest")
        assert bench.contents() == at_backup


def test_two_hosts_share_a_bucket_a_prefix_and_a_servers_name(bucket: RcloneS3, tmp_path: Path) -> None:
    with (
        restoring(tmp_path / "one", vendor="mariadb", fill_bytes=FILL_BYTES) as bench,
        another_host(tmp_path / "two", bench.daemon, backups=tmp_path / "two" / "tree") as other,
    ):
        other.backup_directory = tmp_path / "two" / "tree"
        mine = bench.back_up()
        theirs = Restoring(server=bench.server, daemon=other).back_up()
        upload(bench.daemon, bucket, "shared")
        there = upload(other, bucket, "shared")
        for host in (bench.daemon, other):
            know_bucket(host, bucket, "shared")
        before = tree(there)

        for host in (bench.daemon, other, bench.daemon, other):
            assert sync(host, "--repair")["problems"] == []

        assert tree(there) == before
        for host, own, foreign in ((bench.daemon, mine, theirs), (other, theirs, mine)):
            copies = {one["id"]: [copy["storage"] for copy in one["copies"]] for one in host.backups()}
            assert copies == {own: ["local", "s3"], foreign: ["s3"]}
            assert host.api("/v1/backups/latest")["backup"]["id"] == own


def test_a_bucket_that_refuses_the_key_loses_nothing(bucket: RcloneS3, tmp_path: Path) -> None:
    with restoring(tmp_path, vendor="mariadb", fill_bytes=FILL_BYTES) as bench:
        bench.back_up()
        upload(bench.daemon, bucket, "refused")
        know_bucket(bench.daemon, bucket, "refused")
        assert sync(bench.daemon)["storages"][1]["added"] == 1
        know_bucket(bench.daemon, bucket, "refused", secret_access_key="wrong")

        report = sync(bench.daemon, exit_code=DEGRADED)

        assert report["storages"][1]["problem"]
        assert {copy["state"] for copy in bench.daemon.backups()[0]["copies"]} == {"present"}
