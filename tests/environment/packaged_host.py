"""A host with the package installed beside MariaDB as a unit, configured and running."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.environment.docker_engine import SYSTEMD_IMAGE
from tests.environment.packaged_daemon import CONFIGURATION, UNIT, PackagedDaemon
from tests.environment.systemd_host import SystemdHost
from tests.environment.unit_mariadb import UnitMariaDb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.environment.docker_engine import Mount

PASSWORD_FILE: Final = "/etc/octeth-backupd/oempro.password"
CONFIG: Final = f"""\
[servers.oempro]
systemd_unit = "mariadb.service"
password_file = "{PASSWORD_FILE}"
databases = ["oempro"]

[backup]
space_margin = "16 MiB"
min_free = "16 MiB"
max_disk_usage_percent = 99

[schedules]
daily = "0 4 * * *"
weekly = ""
monthly = ""
timezone = "Europe/Berlin"

[restore]
flush_seconds = 2
"""
_WAIT_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class PackagedHost:
    """What there is on it."""

    host: SystemdHost
    server: UnitMariaDb
    daemon: PackagedDaemon

    def backed_up(self) -> str:
        """Make a backup and return its id."""
        self._done("backup")
        return str(self.daemon.told("list")["backups"][0]["id"])

    def restored(self, backup: str) -> None:
        """Restore it in place."""
        self._done("restore", backup, "--yes")
        self.server.wait_until_ready()

    def wait_until_it_runs(self, pattern: str) -> None:
        """Return when a program with such a command line runs."""
        limit = time.monotonic() + _WAIT_SECONDS
        while self.host.run(["pgrep", "-f", "--", pattern], check=False).returncode != 0:
            assert time.monotonic() < limit, f"nothing like {pattern!r} runs"
            time.sleep(_POLL_SECONDS)

    def _done(self, *arguments: str) -> None:
        done = self.daemon.ctl(*arguments, check=False)
        assert done.returncode == 0, done.stdout + done.stderr + self.host.journal(UNIT)[-6000:]


@contextmanager
def packaged_host(package: Path, *, image: str = SYSTEMD_IMAGE, mounts: Sequence[Mount] = ()) -> Iterator[PackagedHost]:
    """Install a package on a host of its own; the daemon backs up its MariaDB, and may restore it."""
    with SystemdHost(image=image, mounts=mounts) as host:
        server = UnitMariaDb(host=host)
        server.set_up()
        server.fill(2_000_000)
        daemon = PackagedDaemon(host=host)
        daemon.install(package)
        host.write(PASSWORD_FILE, server.root_password + "\n", mode=0o600)
        host.write(CONFIGURATION, CONFIG, mode=0o640)
        daemon.drop_in("server", "[Service]\nReadWritePaths=/var/lib\n")
        host.systemctl("start", UNIT)
        yield PackagedHost(host=host, server=server, daemon=daemon)
