"""The package for Debian 13, built on one and installed on one: Python 3.13, systemd 257, MariaDB 11.8."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.environment.built_package import built_package_for_trixie
from tests.environment.docker_engine import TRIXIE_IMAGE
from tests.environment.packaged_daemon import UNIT
from tests.environment.packaged_host import packaged_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.environment.packaged_host import PackagedHost

# An image and a package may have to be built.
pytestmark = [pytest.mark.long, pytest.mark.timeout(2400)]

MOST_EXPOSURE = 2.5


@pytest.fixture(scope="module")
def trixie() -> Iterator[PackagedHost]:
    with packaged_host(built_package_for_trixie(), image=TRIXIE_IMAGE) as installed:
        yield installed


def test_it_runs_on_what_debian_13_has(trixie: PackagedHost) -> None:
    python = trixie.host.run(["/opt/octeth-backupd/bin/python", "--version"]).stdout
    systemd = trixie.host.run(["systemctl", "--version"]).stdout

    assert python.startswith("Python 3.13.")
    assert systemd.startswith("systemd 257 ")
    assert trixie.daemon.shown("ActiveState") == "active"
    assert trixie.daemon.ctl("--version").stdout.startswith("octeth-backupctl ")


def test_unit_is_clean_and_little_exposed(trixie: PackagedHost) -> None:
    verified = trixie.host.run(["systemd-analyze", "verify", "--man=no", UNIT], check=False)
    security = trixie.host.run(["systemd-analyze", "security", "--no-pager", UNIT]).stdout

    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", security)
    assert verified.returncode == 0, verified.stderr
    assert [line for line in verified.stderr.splitlines() if "octeth" in line] == []
    assert found is not None
    assert float(found[1]) <= MOST_EXPOSURE


def test_restarts_come_at_growing_intervals(trixie: PackagedHost) -> None:
    shown = trixie.host.shown(UNIT, "RestartSteps", "RestartMaxDelayUSec")

    assert shown == {"RestartSteps": "5", "RestartMaxDelayUSec": "10min"}


def test_backup_and_restore_work_in_the_sandbox(trixie: PackagedHost) -> None:
    before = trixie.server.checksum_tables()
    backup = trixie.backed_up()
    trixie.server.sql("CREATE TABLE oempro.later (id INT PRIMARY KEY)")

    trixie.restored(backup)

    assert trixie.server.checksum_tables() == before
    assert trixie.daemon.told("list")["backups"][0]["server_version"].startswith("11.8.")
