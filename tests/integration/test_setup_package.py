"""Setup on a host on which the package was just installed: engine by apt, drop-in, start, first backup, restore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.environment.built_package import built_package
from tests.environment.local_repository import PERCONA_RELEASE, set_up_repositories
from tests.environment.packaged_daemon import CONFIGURATION, UNIT, PackagedDaemon
from tests.environment.systemd_host import SystemdHost
from tests.environment.unit_mariadb import UnitMariaDb

if TYPE_CHECKING:
    from collections.abc import Iterator

# The package may have to be built, on a machine that does other things as well.
pytestmark = pytest.mark.timeout(900)

SMALL: Final = (
    "OCTETH_BACKUPD_BACKUP__SPACE_MARGIN=16MiB",
    "OCTETH_BACKUPD_BACKUP__MIN_FREE=16MiB",
    "OCTETH_BACKUPD_BACKUP__MAX_DISK_USAGE_PERCENT=99",
    "OCTETH_BACKUPD_RESTORE__FLUSH_SECONDS=2",
    "OCTETH_BACKUPD_SCHEDULES__TIMEZONE=UTC",
)
INSTALL_XTRABACKUP: Final = f"""
from pathlib import Path
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.domain.setup.engine_install import advise, package_manager
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.setup.engine import run_commands

advice = advise(
    Vendor.MYSQL,
    Version(major=8, minor=0, patch=36),
    in_container=False,
    manager=package_manager(Path("/etc/os-release").read_text()),
    percona_release="{PERCONA_RELEASE}",
)
run_commands(advice.commands, HostRunner(mark=RunMark("setup", "setup"), redactor=Redactor(())), print)
"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[PackagedDaemon]:
    with SystemdHost() as host:
        server = UnitMariaDb(host=host)
        server.set_up()
        server.fill(2_000_000)
        installed = PackagedDaemon(host=host)
        installed.install(built_package())
        set_up_repositories(host)
        yield installed


def test_commands_for_mysql_install_the_xtrabackup_of_its_series(daemon: PackagedDaemon) -> None:
    done = daemon.host.run(["/opt/octeth-backupd/bin/python", "-c", INSTALL_XTRABACKUP])

    assert "$ percona-release enable pxb-80 release" in done.stdout
    assert "xtrabackup version 8.0.35-31" in daemon.host.run(["xtrabackup", "--version"]).stderr


def test_one_command_leads_from_the_package_to_a_backup_and_a_restore_in_the_sandbox(daemon: PackagedDaemon) -> None:
    host = daemon.host
    server = UnitMariaDb(host=host)
    before = server.checksum_tables()
    daemon.drop_in("tests", "[Service]\n" + "".join(f"Environment={variable}\n" for variable in SMALL))

    done = host.run(
        [
            "env", *SMALL, "octeth-backupd", "setup", "--non-interactive", "--unit", "mariadb.service",
            "--server", "oempro", "--create-user", "--admin-password-file", "-", "--databases", "oempro",
            "--install-engine", "--yes", "--start", "--first-backup",
        ],
        text=server.root_password + "\n",
        check=False,
        timeout_seconds=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr + host.journal(UNIT)[-4000:]
    assert "$ apt-get install -y 'mariadb-backup=1:10.11.*'" in done.stdout
    assert server.root_password not in done.stdout + done.stderr
    modes = host.run(["stat", "--format=%a %U:%G", CONFIGURATION, "/etc/octeth-backupd/oempro.password"]).stdout
    assert modes.splitlines() == ["640 root:root", "600 root:root"]
    assert host.systemctl("is-enabled", UNIT).strip() == "enabled"
    assert "/var/lib" in daemon.shown("ReadWritePaths").replace("-", "").split()
    assert len(daemon.told("list")["backups"]) == 1
    server.sql("DROP TABLE oempro.subscribers_1")

    restored = daemon.ctl("restore", "latest", "--yes", check=False)

    assert restored.returncode == 0, restored.stdout + restored.stderr + host.journal(UNIT)[-6000:]
    server.wait_until_ready()
    assert server.checksum_tables() == before
    assert "lacks the privilege" not in host.journal(UNIT)
