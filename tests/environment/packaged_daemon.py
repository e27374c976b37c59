"""octeth-backupd as its package installs it, on a host of its own: the shipped unit, the usual directories."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.environment.systemd_host import SystemdHost

UNIT: Final = "octeth-backupd.service"
CONFIGURATION: Final = "/etc/octeth-backupd/config.toml"
BACKUP_DIRECTORY: Final = "/var/backups/octeth"
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class PackagedDaemon:
    """The daemon of a host on which the package is installed."""

    host: SystemdHost

    def install(self, package: Path) -> str:
        """Install the package as an operator does; return what is said."""
        done = self.host.run(
            ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--reinstall", package],
            timeout_seconds=300,
        )
        return done.stdout + done.stderr

    def ctl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run octeth-backupctl."""
        return self.host.run(["octeth-backupctl", *arguments], check=check, timeout_seconds=300)

    def told(self, *arguments: str) -> Any:
        """Return what octeth-backupctl says as JSON."""
        return json.loads(self.ctl("--json", *arguments).stdout)

    def drop_in(self, name: str, text: str) -> None:
        """Write a drop-in of the unit, which counts at its next start."""
        self.host.write(f"/etc/systemd/system/{UNIT}.d/{name}.conf", text)
        self.host.systemctl("daemon-reload")

    def shown(self, name: str) -> str:
        """Return a property of the unit."""
        return self.host.shown(UNIT, name).get(name, "")

    def wait_for(self, name: str, value: str, *, timeout_seconds: float = 60) -> None:
        """Return when a property of the unit has a value."""
        limit = time.monotonic() + timeout_seconds
        while (present := self.shown(name)) != value:
            assert time.monotonic() < limit, f"{name} is {present!r}: {self.host.journal(UNIT)[-4000:]}"
            time.sleep(_POLL_SECONDS)

    def entries(self, *matches: str) -> list[dict[str, Any]]:
        """Return the unit's journal entries with these fields."""
        output = self.host.run(["journalctl", "-u", "octeth-backupd", *matches, "-o", "json", "--no-pager"]).stdout
        return [json.loads(line) for line in output.splitlines()]
