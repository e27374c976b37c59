"""Upgrades of the Debian package: from an earlier one, and in the middle of a restore."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.migrations import MIGRATIONS
from tests.environment.audit_fault import Stop, stop_at, stoppable
from tests.environment.built_package import built_package
from tests.environment.docker_engine import Mount
from tests.environment.earlier_package import earlier_package, renumbered_package
from tests.environment.gate import Gate
from tests.environment.older_catalog import CATALOG, make_catalog_older, schema_version
from tests.environment.packaged_daemon import CONFIGURATION, UNIT
from tests.environment.packaged_host import CONFIG, packaged_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.environment.packaged_host import PackagedHost

# Packages may have to be built, on a machine that does other things as well.
pytestmark = pytest.mark.timeout(1800)

SERVER_STILL_RUNS = (" state=fencing$",)
SERVER_HAS_STOPPED = (" state=swapping$", "")
NEWEST_SCHEMA = MIGRATIONS[-1].version


@pytest.fixture(scope="module")
def newest() -> Path:
    return built_package()


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param(earlier_package, id="of a commit"),
        pytest.param(renumbered_package, id="of this tree", marks=pytest.mark.long),
    ],
)
def test_upgrade_from_an_earlier_package_keeps_everything_and_has_a_way_back(
    earlier: Callable[[], Path], newest: Path
) -> None:
    older = earlier()
    with packaged_host(older) as installed:
        host, daemon = installed.host, installed.daemon
        backup = installed.backed_up()
        daemon.ctl("pause", "--schedule", "daily")
        [schedule] = daemon.told("schedules")["schedules"]
        known = schema_version(host)
        if known == NEWEST_SCHEMA:
            host.systemctl("stop", UNIT)
            make_catalog_older(host)
        present = schema_version(host)

        said = daemon.install(newest)
        if known == NEWEST_SCHEMA:
            host.systemctl("start", UNIT)

        assert re.search(r"Unpacking octeth-backupd \(\S+-1~deb12\) over \(\S+-0~deb12\)", said), said
        assert daemon.shown("ActiveState") == "active", host.journal(UNIT)[-4000:]
        assert present < schema_version(host) == NEWEST_SCHEMA
        assert host.run(["cat", CONFIGURATION]).stdout == CONFIG
        assert [kept["id"] for kept in daemon.told("list")["backups"]] == [backup]
        assert daemon.told("schedules")["schedules"] == [{**schedule, "next_due": None}]
        installed.restored(backup)
        go_back(installed, older, to_copy=None if known == NEWEST_SCHEMA else present)
        assert [kept["id"] for kept in daemon.told("list")["backups"]] == [backup]


def go_back(installed: PackagedHost, package: Path, *, to_copy: int | None) -> None:
    """Do what docs/how-to/upgrade.md says; with the copy of a schema, where the older release needs it."""
    host, directory = installed.host, CATALOG.rpartition("/")[0]
    host.run(["apt-get", "install", "-y", "--allow-downgrades", package], timeout_seconds=300)
    if to_copy is None:
        assert installed.daemon.shown("ActiveState") == "active"
        return
    assert installed.daemon.shown("ActiveState") != "active"
    assert "is from a newer release" in host.journal(UNIT)
    host.systemctl("stop", UNIT)
    copied = f"mkdir newer; mv catalog.sqlite* newer/; cp -p newer/catalog.sqlite.schema-{to_copy} catalog.sqlite"
    host.run(["sh", "-ec", f"cd {directory}; {copied}"])
    host.systemctl("start", UNIT)


@pytest.fixture(scope="module")
def faults() -> Iterator[Path]:
    """Return a directory that the unit sees, which has a /tmp of its own, under the same path as this machine."""
    directory = Path(tempfile.mkdtemp(prefix="octeth-backupd-test-", dir="/srv"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def stopping(faults: Path, newest: Path) -> Iterator[PackagedHost]:
    """Return a host whose daemon waits at gates in the middle of its restores."""
    with packaged_host(newest, mounts=(Mount(source=faults),)) as installed:
        environment = " ".join(f'"{name}={value}"' for name, value in stoppable(faults).items())
        installed.daemon.drop_in("faults", f"[Service]\nEnvironment={environment}\nReadWritePaths={faults}\n")
        installed.host.systemctl("restart", UNIT)
        yield installed


@pytest.mark.parametrize(
    ("patterns", "server_runs"),
    [
        pytest.param(SERVER_STILL_RUNS, True, id="before the server stopped"),
        pytest.param(SERVER_HAS_STOPPED, False, id="after the server stopped"),
    ],
)
def test_upgrade_in_the_middle_of_a_restore_waits_for_its_end(
    stopping: PackagedHost, faults: Path, newest: Path, patterns: tuple[str, ...], server_runs: bool
) -> None:
    daemon, server = stopping.daemon, stopping.server
    before, backup = server.checksum_tables(), stopping.backed_up()
    server.sql("CREATE TABLE oempro.later (id INT PRIMARY KEY)")
    gate = Gate(faults / f"gate-{time.monotonic_ns()}")
    stop_at(faults, [Stop(patterns=patterns, gate=gate)])
    main, said = daemon.shown("MainPID"), list[str]()
    upgrade = threading.Thread(target=lambda: said.append(daemon.install(newest)))

    [_, ordered] = daemon.ctl("--json", "restore", backup, "--yes", "--detach").stdout.splitlines()
    run = json.loads(ordered)["run"]["id"]
    gate.wait_until_reached(60)
    upgrade.start()
    try:
        stopping.wait_until_it_runs("^sleep 5$")
        meanwhile = daemon.shown("MainPID"), server.is_running()
    finally:
        gate.open()
        upgrade.join()

    assert meanwhile == (main, server_runs)
    assert "waiting for the end of: restore of oempro" in said[0]
    assert [shown["status"] for shown in daemon.told("runs")["runs"] if shown["id"] == run] == ["success"]
    assert daemon.shown("ActiveState") == "active"
    assert daemon.shown("MainPID") != main
    server.wait_until_ready()
    assert server.checksum_tables() == before
