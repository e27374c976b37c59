"""A restore in place of MySQL 9 that is a systemd unit outside Docker, by the shipped unit in its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.environment.availability import require_mysql_image
from tests.environment.built_package import built_package
from tests.environment.docker_engine import MYSQL_SYSTEMD_IMAGE
from tests.environment.packaged_bench import PASSWORD_FILE
from tests.environment.packaged_daemon import CONFIGURATION, PackagedDaemon
from tests.environment.packaged_daemon import UNIT as DAEMON_UNIT
from tests.environment.systemd_host import SystemdHost
from tests.environment.unit_mysql import STANDIN_PROGRAM, UNIT, UnitMySql, install_standin_here

if TYPE_CHECKING:
    from collections.abc import Iterator

# Package and image may have to be built, on a machine that does other things as well.
pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

CONFIG = f"""\
[servers.oempro]
systemd_unit = "{UNIT}"
password_file = "{PASSWORD_FILE}"
databases = ["oempro"]

[engines.xtrabackup]
program = "{STANDIN_PROGRAM}"

[backup]
space_margin = "16 MiB"
min_free = "16 MiB"
max_disk_usage_percent = 99

[schedules]
daily = ""
weekly = ""
monthly = ""
timezone = "UTC"

[restore]
flush_seconds = 2
"""


@pytest.fixture(scope="module")
def host() -> Iterator[SystemdHost]:
    with SystemdHost(image=require_mysql_image(MYSQL_SYSTEMD_IMAGE)) as booted:
        yield booted


def test_restore_and_undo_of_a_mysql_unit(host: SystemdHost) -> None:
    package = built_package()
    host.copy_in(package, "/root")
    # The package is for Debian 12's Python, which this system has, but not by that name.
    host.run(["dpkg", "--force-depends", "--install", f"/root/{package.name}"])
    server = UnitMySql(host=host)
    server.set_up()
    server.fill(2_000_000)
    install_standin_here(host)
    daemon = PackagedDaemon(host=host)
    host.write(PASSWORD_FILE, server.root_password + "\n", mode=0o600)
    host.write(CONFIGURATION, CONFIG, mode=0o640)
    daemon.drop_in("server", "[Service]\nReadWritePaths=/var/lib\n")
    host.systemctl("start", DAEMON_UNIT)

    run(daemon, "backup")
    at_backup = (server.checksum_tables(), server.gtid_executed())
    server.sql("CREATE TABLE oempro.later (id INT PRIMARY KEY)")
    before = (server.checksum_tables(), server.gtid_executed())
    run(daemon, "restore", "latest", "--yes")
    server.wait_until_ready()
    restored = (server.checksum_tables(), server.gtid_executed())
    unit = host.shown(UNIT, "LoadState", "ActiveState", "UnitFileState")
    run(daemon, "undo", "--server", "oempro", "--yes")
    server.wait_until_ready()

    assert restored == at_backup != before
    assert (server.checksum_tables(), server.gtid_executed()) == before
    assert unit == {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
    rehearsed = [line for line in host.journal().splitlines() if "-rehearsal-" in line and "systemd[1]" in line]
    assert any("Started" in line for line in rehearsed), rehearsed


def run(daemon: PackagedDaemon, *arguments: str) -> None:
    done = daemon.ctl(*arguments, check=False)
    assert done.returncode == 0, done.stdout + done.stderr + daemon.host.journal(DAEMON_UNIT)[-6000:]
