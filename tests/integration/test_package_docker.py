"""The installed package beside a server in Docker: its directories and the Docker socket under the shipped sandbox."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.environment.built_package import built_package
from tests.environment.database_containers import MariaDbContainer, unique_name
from tests.environment.docker_engine import Mount, shared_engine
from tests.environment.packaged_daemon import CONFIGURATION, UNIT, PackagedDaemon
from tests.environment.systemd_host import SystemdHost

if TYPE_CHECKING:
    from collections.abc import Iterator

# The package may have to be built, on a machine that does other things as well.
pytestmark = pytest.mark.timeout(900)

CONFIG = """\
[servers.oempro]
container = "{container}"
password_file = "/etc/octeth-backupd/oempro.password"
databases = ["oempro"]

[backup]
space_margin = "16 MiB"
min_free = "16 MiB"
max_disk_usage_percent = 99

[local]
directory = "{directory}/backups"

[daemon]
runtime_directory = "{directory}/run"

[control]
socket = "/run/octeth-backupd/control.sock"

[schedules]
daily = ""
weekly = ""
monthly = ""
timezone = "UTC"

[restore]
flush_seconds = 2
"""


@pytest.fixture
def shared_directory() -> Iterator[Path]:
    """Return a directory that the unit sees, which is given a /tmp of its own, under the same path as this machine."""
    directory = Path(tempfile.mkdtemp(prefix="octeth-backupd-test-", dir="/srv"))
    yield directory
    shutil.rmtree(directory)


def test_server_in_docker_is_backed_up_and_its_backup_unpacked_and_tried_in_the_sandbox(shared_directory: Path) -> None:
    """Not restored in place: to the engine this host is a container, too, and one that mounts the server's data."""
    # The engine runs outside this host, and sees of it what is mounted: its option files must lie there.
    for own in ("backups", "run"):
        (shared_directory / own).mkdir(mode=0o700)
    data = shared_directory / "mysql" / "data"
    data.parent.mkdir()
    target = shared_directory / "mysql" / "restored"
    name = unique_name("packaged")
    host = SystemdHost(mounts=(Mount(source=shared_directory),), docker_socket=True)
    with MariaDbContainer(data_directory=data, name=name) as server, host:
        server.fill(2_000_000)
        before = server.checksum_tables()
        daemon = PackagedDaemon(host=host)
        daemon.install(built_package())
        host.write("/etc/octeth-backupd/oempro.password", server.root_password + "\n", mode=0o600)
        host.write(CONFIGURATION, CONFIG.format(container=name, directory=shared_directory), mode=0o640)
        writable = f"{shared_directory}/backups {shared_directory}/run {data.parent}"
        daemon.drop_in("directories", f"[Service]\nReadWritePaths={writable}\n")
        host.systemctl("start", UNIT)

        for command in (
            ("backup",),
            ("verify", "latest", "--deep"),
            ("restore", "latest", "--to", str(target), "--yes"),
        ):
            done = daemon.ctl(*command, check=False)
            assert done.returncode == 0, done.stdout + done.stderr + host.journal(UNIT)[-6000:]

        with MariaDbContainer(data_directory=target, name=unique_name("restored")) as restored:
            assert restored.checksum_tables() == before
        assert_stop_leaves_no_sidecar(daemon, server)


def assert_stop_leaves_no_sidecar(daemon: PackagedDaemon, server: MariaDbContainer) -> None:
    """Stop the daemon while the engine of a backup waits in its sidecar for the server."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("BACKUP STAGE START")
        daemon.ctl("backup", "--detach")
        limit = time.monotonic() + 60
        while not sidecars(daemon):
            assert time.monotonic() < limit, daemon.host.journal(UNIT)[-4000:]
            time.sleep(0.1)
        daemon.host.systemctl("stop", UNIT)

    assert sidecars(daemon) == []
    assert daemon.shown("Result") == "success"


def sidecars(daemon: PackagedDaemon) -> list[str]:
    """Return the names of the daemon's sidecars, running or not."""
    installation = daemon.host.run(["cat", "/var/lib/octeth-backupd/installation-id"]).stdout.strip()
    listed = shared_engine().client.containers.list(
        all=True, filters={"label": f"octeth-backupd.installation={installation}"}, ignore_removed=True
    )
    return [str(container.name) for container in listed]
