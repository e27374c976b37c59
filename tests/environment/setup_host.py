"""A host on which octeth-backupd setup is run: directories of its own, a systemctl that only notes what it is told."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.environment.daemon import PROGRAMS, Daemon

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECONDS: Final = 120.0
_SYSTEMCTL: Final = """\
#!/bin/sh
printf '%s\\n' "$*" >>"{calls}"
case "$*" in *show*octeth-backupd.service) echo LoadState=loaded; exit;; esac
case "$*" in *is-active*|*list-units*|*show*) exit 3;; esac
"""
# A mount namespace of its own: to setup this host runs systemd and has no bash tool, whatever it really has.
_ALONE: Final = (
    "mount -t tmpfs none /run/systemd && mkdir -p /run/systemd/system && "
    'mount --bind "$UNITS" /etc/systemd/system && exec "$@"'
)


class SetUpDaemon(Daemon):
    """A daemon with the configuration that setup wrote."""

    def write_config(self) -> None:
        """Leave the file as it is."""


@dataclass(kw_only=True)
class SetupHost:
    """A host; everything lies beneath a directory.

    Args:
        directory: Holds all of it.
        path_first: Directories searched for programs before the usual ones.
    """

    directory: Path
    path_first: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.units = self.directory / "units"
        self.units.mkdir(parents=True)
        self.calls = self.directory / "systemctl.calls"
        programs = self.directory / "programs"
        programs.mkdir()
        (programs / "systemctl").write_text(_SYSTEMCTL.format(calls=self.calls))
        (programs / "systemctl").chmod(0o755)
        self.programs = programs
        self.etc = self.directory / "daemon"
        self.config = self.etc / "config.toml"
        self.backups = self.directory / "backups"

    def variables(self) -> dict[str, str]:
        """Return what keeps setup and daemon within the directory, and asks for no large disk."""
        run = self.etc / "run"
        return {
            "OCTETH_BACKUPD_DAEMON__STATE_DIRECTORY": str(self.etc / "state"),
            "OCTETH_BACKUPD_DAEMON__RUNTIME_DIRECTORY": str(run),
            "OCTETH_BACKUPD_DAEMON__LOG_FORMAT": "json",
            "OCTETH_BACKUPD_DAEMON__LOG_LEVEL": "debug",
            "OCTETH_BACKUPD_CONTROL__SOCKET": str(run / "control.sock"),
            "OCTETH_BACKUPD_SCHEDULES__TIMEZONE": "UTC",
            "OCTETH_BACKUPD_BACKUP__SPACE_MARGIN": "16 MiB",
            "OCTETH_BACKUPD_BACKUP__MIN_FREE": "16 MiB",
            "OCTETH_BACKUPD_BACKUP__MAX_DISK_USAGE_PERCENT": "99",
            "OCTETH_BACKUPD_RESTORE__FLUSH_SECONDS": "2",
            **self.environment,
        }

    def command(self, *arguments: str | Path) -> list[str | Path]:
        """Return the command line of setup in this host."""
        program = [PROGRAMS / "octeth-backupd", "setup", "--config", self.config, *arguments]
        return ["unshare", "--mount", "sh", "-ec", _ALONE, "sh", *program]

    def process_environment(self) -> dict[str, str]:
        """Return the environment of setup."""
        path = ":".join([*map(str, self.path_first), str(self.programs), str(PROGRAMS), os.environ["PATH"]])
        return {"PATH": path, "LANG": "C.UTF-8", "UNITS": str(self.units), **self.variables()}

    def set_up(self, *arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run setup with nobody at a terminal, and this standard input."""
        return subprocess.run(
            self.command("--non-interactive", *arguments),
            env=self.process_environment(),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            start_new_session=True,
        )

    def daemon(self) -> SetUpDaemon:
        """Return a daemon with the configuration that was written."""
        daemon = SetUpDaemon(directory=self.etc, servers={}, environment=self.variables(), path_first=self.path_first)
        daemon.backup_directory = self.backups
        return daemon


class Conversation:
    """Setup at a terminal of its own: what it shows, and what is typed.

    Args:
        host: On which it runs.
        arguments: Of setup.
    """

    def __init__(self, host: SetupHost, *arguments: str | Path) -> None:
        command = [str(word) for word in host.command(*arguments)]
        environment = host.process_environment()
        self.shown = ""
        self._seen = 0
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:  # pragma: no cover - in the child
            os.execvpe(command[0], command, environment)

    def wait_for(self, text: str, *, timeout_seconds: float = _SECONDS) -> None:
        """Return when a text has been shown since the last one that was waited for."""
        limit = time.monotonic() + timeout_seconds
        while (found := self.shown.find(text, self._seen)) < 0:
            assert time.monotonic() < limit, f"{text!r} is not shown:\n{self.shown}"
            assert self._read(), f"it ended without {text!r}:\n{self.shown}"
        self._seen = found + len(text)

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._terminal, text.encode() + b"\n")

    def press(self, key: bytes) -> None:
        """Type a key, such as Ctrl-C."""
        os.write(self._terminal, key)

    def end(self) -> int:
        """Read to the end and return the exit code."""
        limit = time.monotonic() + _SECONDS
        while self._read():
            assert time.monotonic() < limit, f"it does not end:\n{self.shown}"
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], 1.0)
        if not ready:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # the other end of a terminal is gone
            return False
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
