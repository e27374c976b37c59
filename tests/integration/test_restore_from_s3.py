"""Restores and verifications that read from real S3 servers, through a network that fails."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.fault_proxy import FaultProxy
from tests.environment.proxy_rules import Answer, CorruptAnswer, CutAnswer, Moment, Reset, Rule, SlowDrip
from tests.environment.restoring import restoring
from tests.environment.s3_servers import MotoS3, RcloneS3
from tests.environment.s3_state import s3_client
from tests.environment.second_copy import add_s3_copy
from tests.faults.test_restore_faults import begin_restore, ended, last_run, nothing_changed, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.environment.restoring import Contents, Restoring
    from tests.environment.s3_servers import S3Server

FAILED = 1
MIB = 1 << 20
ARCHIVES = "*.tar"


class Stored:
    """A server with one backup, of which one copy lies on this host and one in S3, behind a proxy."""

    def __init__(self, bench: Restoring, server: S3Server, proxy: FaultProxy) -> None:
        self.bench = bench
        self.server = server
        self.proxy = proxy
        bench.change(1)
        self.backup = bench.back_up()
        self.at_backup: Contents = bench.contents()
        self.local: Path = bench.daemon.archive(self.entry())
        self.object_key = add_s3_copy(bench.daemon, self.backup, self.local, proxy)
        self.whole = self.local.with_name("kept-for-the-tests")
        shutil.copy2(self.local, self.whole)
        self._marks = 1

    def entry(self) -> dict[str, Any]:
        [found] = [entry for entry in self.bench.daemon.backups() if entry["id"] == self.backup]
        return found

    def copy(self, storage: str) -> dict[str, Any]:
        [found] = [copy for copy in self.entry()["copies"] if copy["storage"] == storage]
        return dict(found)

    def reset(self) -> None:
        """Put everything back as it was, but for the server's contents, which no backup has."""
        self.proxy.forget()
        shutil.copy2(self.whole, self.local)
        self.put_object(self.whole.read_bytes())
        verified = self.bench.daemon.ctl("verify", self.backup, timeout_seconds=60)
        assert verified.exit_code in {0, 8}, verified.out + verified.err
        self.proxy.forget()
        self._marks += 1
        self.bench.change(self._marks)

    def put_object(self, content: bytes) -> None:
        s3_client(self.server).put_object(Bucket=self.server.bucket, Key=self.object_key, Body=content)


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """Rclone's server, which checks signatures, unless a test wishes for another."""
    kind: type[S3Server] = getattr(request, "param", RcloneS3)
    with (
        kind() as server,
        FaultProxy(server) as proxy,
        restoring(
            tmp_path_factory.mktemp("s3"),
            vendor="mariadb",
            fill_bytes=16_000_000,
            sections={
                "restore": {"flush_seconds": 2, "max_safety_copies": 20},
                "compression": {"algorithm": "none"},  # as large as it gets: many ranges
            },
        ) as bench,
    ):
        yield Stored(bench, server, proxy)


@pytest.fixture
def stored(shared: Stored) -> Stored:
    shared.reset()
    return shared


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


@pytest.mark.parametrize("shared", [RcloneS3, MotoS3], indirect=True)
def test_a_backup_without_its_local_copy_is_restored_from_s3_and_shown_beforehand(stored: Stored) -> None:
    stored.local.unlink()

    plan = stored.bench.daemon.ctl("restore", "latest", "--dry-run", "--json").json["plan"]
    stored.bench.restore("latest")

    assert (plan["archive"]["storage"], plan["archive"]["is_remote"]) == ("s3", True)
    assert plan["archive"]["fetch_bytes"] == stored.whole.stat().st_size
    assert "the copy in local cannot be read" in plan["archive"]["reason"]
    assert stored.bench.contents() == stored.at_backup
    assert "fetched from s3" in recorded(stored.bench)
    assert not stored.local.exists()


NETWORKS = {
    "resets": [
        Rule(fault=Reset(moment=Moment.IN_ANSWER), method="GET", key=ARCHIVES, first=2, times=3),
        Rule(fault=Reset(), method="GET", key=ARCHIVES, first=6, times=1),
    ],
    "cut bodies": [Rule(fault=CutAnswer(after_bytes=100_000), method="GET", key=ARCHIVES, times=4)],
    "busy": [Rule(fault=Answer(), method="GET", key=ARCHIVES, times=3)],
    "slow drip": [Rule(fault=SlowDrip(bytes_per_second=4 * MIB), method="GET", key=ARCHIVES)],
}


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_that_fails_in_the_middle_changes_nothing_of_what_is_restored(stored: Stored, network: str) -> None:
    stored.local.unlink()
    rules = NETWORKS[network]
    for rule in rules:
        rule.seen = rule.struck = 0
    stored.proxy.rules.extend(rules)

    stored.bench.restore(stored.backup)

    assert rules[0].struck > 0
    assert stored.bench.contents() == stored.at_backup


def test_a_damaged_local_copy_gives_way_to_s3_by_itself_and_is_marked(stored: Stored) -> None:
    stored.local.write_bytes(flipped(stored.local.read_bytes()))

    stored.bench.restore("latest")

    assert stored.bench.contents() == stored.at_backup
    assert stored.copy("local")["state"] == "corrupt"
    assert stored.copy("s3")["state"] == "present"
    assert "the copy in local was passed over" in recorded(stored.bench)


def test_a_damaged_object_is_not_restored_and_the_server_goes_on(stored: Stored) -> None:
    stored.local.unlink()
    stored.put_object(flipped(stored.whole.read_bytes()))

    with nothing_changed(stored.bench):
        refused = stored.bench.restore(stored.backup, check=False)

    assert refused.exit_code == FAILED
    assert last_run(stored.bench)["error_code"] == "verification_failed"
    assert stored.copy("s3")["state"] == "corrupt"


def test_a_byte_that_changes_on_the_way_is_not_restored_and_the_server_goes_on(stored: Stored) -> None:
    """Nothing but the checksum of the whole notices it where there is no TLS."""
    stored.local.unlink()
    stored.proxy.rules.append(Rule(fault=CorruptAnswer(offset=5000), method="GET", key=ARCHIVES))

    with nothing_changed(stored.bench):
        refused = stored.bench.restore(stored.backup, check=False)

    assert refused.exit_code == FAILED


def test_a_storage_that_refuses_in_the_middle_ends_the_restore_and_leaves_nothing(stored: Stored) -> None:
    stored.local.unlink()
    denied = Answer(status=403, code="AccessDenied", message="Access Denied")
    stored.proxy.rules.append(Rule(fault=denied, method="GET", key=ARCHIVES, first=2))

    with nothing_changed(stored.bench):
        refused = stored.bench.restore(stored.backup, check=False)

    assert refused.exit_code == FAILED
    assert last_run(stored.bench)["error_code"] == "storage"
    assert stored.copy("s3")["state"] == "present"


def test_a_restore_that_waits_for_a_storage_is_cancelled_at_once(stored: Stored) -> None:
    stored.local.unlink()
    stored.proxy.rules.append(Rule(fault=Answer(), method="GET", key=ARCHIVES, first=2))

    with nothing_changed(stored.bench):
        run_id = begin_restore(stored.bench, stored.backup)
        wait_until(lambda: stored.proxy.count(method="GET", key=ARCHIVES) > 2)
        stored.bench.daemon.ctl("cancel", run_id)
        run = ended(stored.bench, run_id)

    assert run["status"] == "cancelled"


def test_a_deep_verification_from_s3_is_a_proof_of_that_copy(stored: Stored) -> None:
    result = stored.bench.daemon.ctl("verify", stored.backup, "--deep", "--storage", "s3", timeout_seconds=200)

    assert result.exit_code == 0, result.out + result.err
    assert ("s3", "L3") in proofs(stored)


def test_each_copy_is_verified_by_name_and_network_trouble_says_nothing_about_it(stored: Stored) -> None:
    good = stored.bench.daemon.ctl("verify", stored.backup, "--storage", "s3", timeout_seconds=60)
    assert good.exit_code == 0, good.out + good.err
    assert ("s3", "L0b") in proofs(stored)

    stored.proxy.rules.append(Rule(fault=Answer(status=403, code="AccessDenied", message="Access Denied")))
    both = stored.bench.daemon.ctl("verify", stored.backup, timeout_seconds=60)
    assert both.exit_code == 8, both.out + both.err
    assert stored.copy("s3")["state"] == "present"

    stored.proxy.forget()
    stored.put_object(flipped(stored.whole.read_bytes()))
    damaged = stored.bench.daemon.ctl("verify", stored.backup, "--storage", "s3", timeout_seconds=60)
    assert damaged.exit_code == FAILED
    assert (stored.copy("s3")["state"], stored.copy("local")["state"]) == ("corrupt", "present")


@pytest.mark.parametrize("shared", [MotoS3], indirect=True)
def test_an_object_in_glacier_is_refused_with_the_command_that_brings_it_back(stored: Stored) -> None:
    stored.local.unlink()
    s3_client(stored.server).put_object(
        Bucket=stored.server.bucket,
        Key=stored.object_key,
        Body=stored.whole.read_bytes(),
        StorageClass="GLACIER",
    )

    with nothing_changed(stored.bench):
        refused = stored.bench.restore(stored.backup, check=False)

    said = refused.out + refused.err
    assert refused.exit_code == FAILED
    assert "archived_copy" in said
    assert "aws s3api restore-object" in said


def proofs(stored: Stored) -> set[tuple[str, str]]:
    """Return storage and level of every proof of the backup."""
    catalog = stored.bench.daemon.state_directory / "catalog.sqlite"
    with closing(sqlite3.connect(catalog)) as connection:
        query = "SELECT storage, level FROM proofs WHERE backup_id = ?"
        return {(str(storage), str(level)) for storage, level in connection.execute(query, (stored.backup,))}


def wait_until(condition: Any) -> None:
    limit = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)
