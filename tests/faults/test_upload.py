"""Uploads to real object storage that is down, slow or cut off, by daemons that are stopped and killed."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.daemon import Daemon
from tests.environment.database_containers import MariaDbContainer
from tests.environment.fault_proxy import FaultProxy
from tests.environment.s3_servers import MotoS3, RcloneS3
from tests.environment.s3_state import assert_bucket_is_clean, assert_object, object_bytes, objects
from tests.faults.conftest import write_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.environment.s3_servers import S3Endpoint, S3Server
    from tests.faults.conftest import MakeDaemon

PREFIX = "octeth"
SUFFIXES = ("", ".sha256", ".json")
DEGRADED = 8
A_PART = {"partNumber": None}


@pytest.fixture(params=[RcloneS3, MotoS3], ids=["rclone", "moto"])
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    with request.param() as running:
        yield running


@pytest.fixture
def proxy(server: S3Server) -> Iterator[FaultProxy]:
    with FaultProxy(server) as running:
        yield running


def bucket(endpoint: S3Endpoint, **keys: Any) -> dict[str, Any]:
    """Return the table of a bucket: small parts, and slow enough to be caught at one."""
    return {
        "bucket": endpoint.bucket,
        "prefix": PREFIX,
        "region": endpoint.region,
        "endpoint_url": endpoint.endpoint_url,
        "access_key_id": endpoint.access_key_id,
        "secret_access_key": endpoint.secret_access_key,
        "part_size": "5 MiB",
        "parallel_parts": 2,
        **keys,
    }


def sections(s3: Mapping[str, Any], **more: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the configuration of archives that are not compressed, so that they have many parts."""
    return {"s3": s3, "compression": {"algorithm": "none"}, **more}


def wait_until(is_so: Callable[[], bool], what: str, *, seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, what
        time.sleep(0.05)


def copies(daemon: Daemon) -> dict[str, dict[str, Any]]:
    """Return the copies of the newest backup by storage."""
    [newest, *_] = daemon.backups()
    return {copy["storage"]: copy for copy in newest["copies"]}


def state(daemon: Daemon, storage: str = "s3") -> str:
    return str(copies(daemon)[storage]["state"])


def uploads(daemon: Daemon, storage: str = "s3") -> dict[str, Any]:
    return next(one for one in daemon.api("/v1/status")["uploads"] if one["storage"] == storage)


def assert_everything_is_in(endpoint: S3Endpoint, daemon: Daemon) -> None:
    """Fail unless the bucket holds exactly the backups of the catalog, whole, and nothing half done.

    The daemon writes its state file beside them, at a moment of its own choice.
    """
    keys = {f"{PREFIX}/{copy['key']}" for backup in daemon.backups() for copy in backup["copies"]}
    state_file = f"{PREFIX}/oempro/state-{daemon.api('/v1/status')['installation_id']}.json"
    wait_until(lambda: state_file in objects(endpoint), "the state file never came")
    assert_bucket_is_clean(endpoint, keys={key + suffix for key in keys for suffix in SUFFIXES} | {state_file})
    for backup in daemon.backups():
        key = f"{PREFIX}/{next(copy['key'] for copy in backup['copies'] if copy['storage'] != 'local')}"
        assert_object(endpoint, key, sha256=backup["sha256"])
        assert object_bytes(endpoint, f"{key}.sha256").decode() == f"{backup['sha256']}  {backup['archive_name']}\n"


def test_a_backup_is_uploaded_by_its_own_run(make_daemon: MakeDaemon, server: S3Server) -> None:
    daemon = make_daemon(sections=sections(bucket(server)))
    daemon.start()

    result = daemon.backup()

    assert result.exit_code == 0, result.err + daemon.log()[-3000:]
    assert_everything_is_in(server, daemon)
    assert [step["name"] for step in daemon.steps(daemon.runs()[0]["id"])][-3:] == ["record", "upload s3", "expire"]
    assert "local, s3\n" in daemon.ctl("list").out


def test_storage_that_is_down_degrades_the_run_is_seen_and_gets_everything_when_it_returns(
    make_daemon: MakeDaemon, server: S3Server, proxy: FaultProxy
) -> None:
    daemon = make_daemon(sections=sections(bucket(proxy)))
    daemon.start()
    proxy.stop()
    first, second = daemon.backup(), daemon.backup()
    status, listed = uploads(daemon), daemon.ctl("list").out
    told = daemon.ctl("status").out
    proxy.start()
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: uploads(daemon)["pending_copies"] == 0, "the copies never arrived")

    assert [first.exit_code, second.exit_code] == [DEGRADED, DEGRADED], first.out + first.err
    assert (status["pending_copies"], status["configured"]) == (2, True)
    assert status["last_error"]
    assert status["next_try_at"]
    assert listed.count("local, s3 (pending)") == 2
    assert status["last_error"] in told
    assert_everything_is_in(server, daemon)
    assert [run["status"] for run in daemon.runs() if run["operation"] == "backup"] == [
        "degraded",
        "degraded",
    ]


def test_local_copies_go_only_when_every_storage_has_its_own(make_daemon: MakeDaemon, server: S3Server) -> None:
    with RcloneS3(bucket="offsite") as second, FaultProxy(second) as proxy:
        daemon = make_daemon(
            sections=sections(bucket(server), **{"storages.offsite": bucket(proxy), "local": {"keep": False}})
        )
        daemon.start()
        proxy.stop()
        result = daemon.backup()
        meanwhile = {storage: copy["state"] for storage, copy in copies(daemon).items()}
        local_meanwhile = [path.name for path in daemon.backup_directory.glob("oempro/*/*")]
        proxy.start()
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: state(daemon, "local") == "deleted", "the local copy stayed")

        assert result.exit_code == DEGRADED
        assert meanwhile == {"local": "present", "s3": "present", "offsite": "pending"}
        assert len(local_meanwhile) == len(SUFFIXES)
        assert list(daemon.backup_directory.glob("oempro/*/*")) == []
        assert_everything_is_in(server, daemon)
        assert_everything_is_in(second, daemon)


def test_a_daemon_that_is_stopped_leaves_the_copy_pending_and_the_next_one_brings_it(
    make_daemon: MakeDaemon, server: S3Server, proxy: FaultProxy
) -> None:
    daemon = make_daemon(sections=sections(bucket(proxy, rate_limit="10 MiB")))
    daemon.start()
    daemon.ctl("backup", "--detach")
    wait_until(lambda: proxy.count(method="PUT", query=A_PART) >= 2, "no part was sent")
    exit_code = daemon.stop()
    daemon.start()
    wait_until(lambda: state(daemon) == "present", "the copy never arrived")

    assert exit_code == 0
    assert_everything_is_in(server, daemon)
    [backup] = [run for run in daemon.runs() if run["operation"] == "backup"]
    assert (backup["status"], "the daemon was stopped" in backup["error"]) == ("degraded", True)


def test_kill_at_every_fifth_part_of_a_real_backup_leaves_one_whole_object(
    tmp_path: Path, server: S3Server, proxy: FaultProxy
) -> None:
    with MariaDbContainer(data_directory=tmp_path / "data") as database:
        database.fill(60_000_000)
        table = {"container": database.name, "password_file": str(write_password(database, tmp_path))}
        daemon = Daemon(
            directory=tmp_path / "daemon",
            servers={"oempro": table},
            sections=sections(bucket(proxy, rate_limit="20 MiB")),
        )
        with daemon:
            daemon.ctl("backup", "--detach")
            wait_until(lambda: bool(daemon.backups()), "no backup was made")
            kills = kill_at_every_fifth_part(daemon, proxy)
            wait_until(lambda: state(daemon) == "present", "the copy never arrived")

            assert kills >= 2, "the archive is too small for this test to prove anything"
            assert_everything_is_in(server, daemon)
            assert daemon.files_left() == []
            operations = [(run["operation"], run["status"]) for run in reversed(daemon.api("/v1/runs")["runs"])]
            assert operations == [
                ("backup", "degraded"),
                *(kills - 1) * [("upload", "interrupted")],
                ("upload", "success"),
            ]


def kill_at_every_fifth_part(daemon: Daemon, proxy: FaultProxy) -> int:
    """Kill the daemon whenever five more parts were begun, start it again, and return how often until all is there."""
    kills = 0
    while True:
        proxy.forget()
        wait_until(
            lambda: state(daemon) == "present" or proxy.count(method="PUT", query=A_PART) >= 5,
            f"no five more parts after {kills} kills:\n{daemon.log()[-3000:]}",
        )
        if state(daemon) == "present":
            return kills
        daemon.kill()
        kills += 1
        daemon.start()
