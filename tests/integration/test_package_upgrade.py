"""Upgrades of the Debian package: from an earlier one, and in the middle of a restore."""

from __future__ import annotations

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

    from tests.environment.earlier_package import EarlierPackage
    from tests.environment.packaged_host import PackagedHost

# Packages may have to be built, on a machine that does other things as well.
pytestmark = pytest.mark.timeout(1800)

SERVER_STILL_RUNS = (" state=fencing$",)
SERVER_HAS_STOPPED = (" state=swapping$", "")
NEWEST_SCHEMA = MIGRATIONS[-1].version


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param(earlier_package, id="of a commit"),
        pytest.param(renumbered_package, id="of this tree", marks=pytest.mark.long),
    ],
)
def test_upgrade_from_an_earlier_package_keeps_everything(earlier: Callable[[], EarlierPackage]) -> None:
    package, newer = earlier(), built_package()
    with packaged_host(package.path) as installed:
        host, daemon = installed.host, installed.daemon
        backup = installed.backed_up()
        daemon.ctl("pause", "--schedule", "daily")
        schedules = daemon.told("schedules")["schedules"]
        if not package.is_of_a_commit:
            host.systemctl("stop", UNIT)
            make_catalog_older(host)
        schema = schema_version(host)

        said = daemon.install(newer)
        if not package.is_of_a_commit:
            host.systemctl("start", UNIT)

        assert "Unpacking octeth-backupd (0.1.0-1~deb12) over (0.1.0-0~deb12)" in said
        assert daemon.shown("ActiveState") == "active", host.journal(UNIT)[-4000:]
        assert schema < NEWEST_SCHEMA
        assert schema_version(host) == NEWEST_SCHEMA
        assert host.run(["ls", f"{CATALOG}.schema-{schema}"]).stdout
        assert host.run(["cat", CONFIGURATION]).stdout == CONFIG
        assert [kept["id"] for kept in daemon.told("list")["backups"]] == [backup]
        [schedule] = daemon.told("schedules")["schedules"]
        assert (schedule["schedule"], schedule["paused"]) == ("daily", True)
        assert schedule["cron"] == schedules[0]["cron"]
        assert schedule["paused_by"] == schedules[0]["paused_by"]
        installed.restored(backup)


@pytest.fixture(scope="module")
def faults() -> Iterator[Path]:
    """Return a directory that the unit sees, which has a /tmp of its own, under the same path as this machine."""
    directory = Path(tempfile.mkdtemp(prefix="octeth-backupd-test-", dir="/srv"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def stopping(faults: Path) -> Iterator[PackagedHost]:
    """Return a host whose daemon waits at gates in the middle of its restores."""
    with packaged_host(built_package(), mounts=(Mount(source=faults),)) as installed:
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
    stopping: PackagedHost, faults: Path, patterns: tuple[str, ...], server_runs: bool
) -> None:
    daemon, server = stopping.daemon, stopping.server
    before, backup = server.checksum_tables(), stopping.backed_up()
    server.sql("CREATE TABLE oempro.later (id INT PRIMARY KEY)")
    gate = Gate(faults / f"gate-{time.monotonic_ns()}")
    stop_at(faults, [Stop(patterns=patterns, gate=gate)])
    main, said = daemon.shown("MainPID"), list[str]()
    upgrade = threading.Thread(target=lambda: said.append(daemon.install(built_package())))

    run = daemon.told("restore", backup, "--yes", "--detach")["run"]["id"]
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
