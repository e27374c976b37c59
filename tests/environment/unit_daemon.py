"""octeth-backupd as a systemd unit on a host of its own."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import Final

from tests.environment.daemon import Daemon
from tests.environment.systemd_host import SYSTEM_ENVIRONMENT, SystemdHost

UNIT: Final = "octeth-backupd.service"
_STOP_SECONDS: Final = 40.0
_UNIT_FILE: Final = """\
[Unit]
Description=Backups, from the checkout
After=mariadb.service

[Service]
Type=notify
ExecStart={program} serve --config {config}
StandardOutput=append:{log}
StandardError=inherit
Environment=LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 {environment}
KillMode=mixed
TimeoutStopSec=120

[Install]
WantedBy=multi-user.target
"""


@dataclass(kw_only=True, eq=False)
class UnitDaemon(Daemon):
    """See Daemon. Its directory must be mounted on the host; it starts with every boot once it was started.

    Args:
        host: Where it runs.
    """

    host: SystemdHost

    def start(self, *, wait: bool = True) -> None:
        environment = " ".join(f'"{name}={value}"' for name, value in self.environment.items())
        unit = _UNIT_FILE.format(
            program=SYSTEM_ENVIRONMENT / "bin" / "octeth-backupd",
            config=self.config_file,
            log=self.log_file,
            environment=environment,
        )
        self.host.write(f"/etc/systemd/system/{UNIT}", unit)
        self.host.systemctl("daemon-reload")
        self.host.systemctl("enable", "--quiet", UNIT)
        self.host.systemctl("start", "--no-block", UNIT)
        if wait:
            self.wait_until_ready()

    def is_running(self) -> bool:
        shown = self.host.systemctl("show", "--property=ActiveState", UNIT, check=False).strip()
        return shown.removeprefix("ActiveState=") in {"active", "activating", "deactivating", "reloading"}

    def exit_code(self) -> int | None:
        return None if self.is_running() else int(self.host.shown(UNIT, "ExecMainStatus")["ExecMainStatus"])

    def signal(self, number: signal.Signals) -> None:
        self.host.systemctl("kill", "--kill-who=main", f"--signal={number.name}", UNIT)

    def wait(self, timeout_seconds: float = _STOP_SECONDS) -> int:
        limit = time.monotonic() + timeout_seconds
        while (code := self.exit_code()) is None:
            if time.monotonic() > limit:
                raise TimeoutError(f"{UNIT} still runs")
            time.sleep(0.05)
        return code
