"""A real octeth-backupd process with directories of its own, and octeth-backupctl to talk to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

PROGRAMS: Final = Path(sys.executable).parent
_READY_SECONDS: Final = 90.0
_STOP_SECONDS: Final = 40.0


class DaemonEndedError(Exception):
    """The daemon ended when it should not; the message holds its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CtlResult:
    """What a call of octeth-backupctl gave."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@dataclass(kw_only=True, eq=False)
class Daemon:
    """A daemon with its configuration; as a context manager it is started, ready, and stopped at the end.

    Args:
        directory: Holds everything: configuration, state, runtime, backups, log.
        servers: Name → keys of its table.
        sections: Section → keys, over the defaults made here: small margins, so that tests need no large disks.
        environment: Added to the daemon's environment.
        path_first: Directories searched for programs before the usual ones.
        command_prefix: Program and arguments that start the daemon, such as one that drops capabilities.
    """

    directory: Path
    servers: Mapping[str, Mapping[str, Any]]
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    path_first: Sequence[Path] = ()
    command_prefix: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config_file = self.directory / "config.toml"
        self.state_directory = self.directory / "state"
        self.runtime_directory = self.directory / "run"
        self.backup_directory = self.directory / "backups"
        self.log_file = self.directory / "daemon.log"
        self.socket = self.runtime_directory / "control.sock"
        self.process: subprocess.Popen[bytes] | None = None
        self.write_config()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running():
            self.stop()

    def write_config(self) -> None:
        """Write the configuration file from ``servers`` and ``sections``."""
        sections: dict[str, dict[str, Any]] = {
            "backup": {"space_margin": "16 MiB", "min_free": "16 MiB", "max_disk_usage_percent": 99},
            "local": {"directory": str(self.backup_directory)},
            "schedules": {"daily": "", "weekly": "", "monthly": "", "retention": "", "timezone": "Europe/Berlin"},
            "daemon": {
                "state_directory": str(self.state_directory),
                "runtime_directory": str(self.runtime_directory),
                "log_format": "json",
                "log_level": "debug",
            },
            "control": {"socket": str(self.socket)},
        }
        for name, keys in self.sections.items():
            sections.setdefault(name, {}).update(keys)
        for name, keys in self.servers.items():
            sections[f"servers.{name}"] = dict(keys)
        lines = []
        for name, keys in sections.items():
            lines += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in keys.items()), ""]
        self.config_file.write_text("\n".join(lines))
        self.config_file.chmod(0o600)

    def start(self, *, wait: bool = True) -> None:
        """Start the process; ``wait`` until it answers.

        Raises:
            DaemonEndedError: It ended instead.
        """
        environment = {
            "PATH": ":".join([*map(str, self.path_first), str(PROGRAMS), os.environ["PATH"], "/usr/sbin", "/sbin"]),
            "LANG": "C.UTF-8",
            **self.environment,
        }
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command_prefix, PROGRAMS / "octeth-backupd", "serve", "--config", self.config_file],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return when the daemon answers."""
        limit = time.monotonic() + _READY_SECONDS
        ready_before = self.log().count('"daemon.ready"') - (1 if self._answers() else 0)
        while time.monotonic() < limit:
            if not self.is_running():
                raise DaemonEndedError(f"exit code {self.exit_code()}:\n{self.log()[-4000:]}")
            if self._answers() and self.log().count('"daemon.ready"') > max(ready_before, 0):
                return
            time.sleep(0.05)
        raise DaemonEndedError(f"not ready after {_READY_SECONDS} s:\n{self.log()[-4000:]}")

    def _answers(self) -> bool:
        try:
            self.api("/v1/status")
        except OSError:
            return False
        return True

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def exit_code(self) -> int | None:
        """How it ended; None while it lives."""
        return None if self.process is None else self.process.poll()

    def stop(self) -> int:
        """End it as systemd would; return its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def wait(self, timeout_seconds: float = _STOP_SECONDS) -> int:
        """Wait for its end; return its exit code."""
        assert self.process is not None
        try:
            return self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self) -> None:
        """End it as the kernel would: nothing is put in order, children live on."""
        self.signal(signal.SIGKILL)
        self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def ctl(self, *arguments: str, timeout_seconds: float = 120, **environment: str) -> CtlResult:
        """Run octeth-backupctl against it."""
        try:
            done = subprocess.run(
                [PROGRAMS / "octeth-backupctl", "--socket", self.socket, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=timeout_seconds,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{error}\n{self.log()[-6000:]}") from error
        return CtlResult(exit_code=done.returncode, out=done.stdout, err=done.stderr)

    def api(self, path: str) -> Any:
        """Ask the control interface itself, which is much quicker than a process; return its document.

        Raises:
            OSError: Nobody answers.
        """
        connection = _ControlConnection(self.socket)
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            return json.loads(connection.getresponse().read())
        except http.client.HTTPException as error:
            raise OSError(f"{path}: {error!r}") from error
        finally:
            connection.close()

    def backup(self, *arguments: str) -> CtlResult:
        """Take a backup and wait for its end."""
        return self.ctl("backup", *arguments, timeout_seconds=240)

    def backups(self) -> list[dict[str, Any]]:
        """Every backup in its catalog, newest first."""
        listed: list[dict[str, Any]] = self.api("/v1/backups")["backups"]
        return listed

    def runs(self) -> list[dict[str, Any]]:
        """The newest runs, newest first; without those in which the daemon uploads what waits, state files among it."""
        listed: list[dict[str, Any]] = self.api("/v1/runs")["runs"]
        return [run for run in listed if run["operation"] != "upload"]

    def steps(self, run_id: str) -> list[dict[str, Any]]:
        """The steps of a run, in order."""
        listed: list[dict[str, Any]] = self.api(f"/v1/runs/{run_id}")["steps"]
        return listed

    def log(self) -> str:
        """Everything it has logged, over all starts."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """Log lines as objects; of one event name only."""
        found = []
        for line in self.log().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if event is None or entry.get("event") == event:
                found.append(entry)
        return found

    def wait_for(self, event: str, *, timeout_seconds: float = 60, **fields: Any) -> dict[str, Any]:
        """Return the first log line with this event name and these fields, as soon as it is there."""
        limit = time.monotonic() + timeout_seconds
        while True:
            was_running = self.is_running()
            for entry in self.log_lines(event):
                if all(entry.get(name) == value for name, value in fields.items()):
                    return entry
            if not was_running or time.monotonic() > limit:
                raise DaemonEndedError(f"no {event} {fields} in the log:\n{self.log()[-4000:]}")
            time.sleep(0.05)

    def archive(self, backup: Mapping[str, Any]) -> Path:
        """Path of a backup's local archive."""
        return self.backup_directory / str(backup["copies"][0]["key"])

    def files_left(self) -> list[Path]:
        """What lies in workspaces, partial files and option files: nothing, when no run is going on."""
        workspace = self.backup_directory / ".workspace"
        return [
            *(workspace.iterdir() if workspace.is_dir() else ()),
            *self.backup_directory.rglob("*.partial"),
            *self.runtime_directory.rglob("*.cnf"),
        ]


class _ControlConnection(http.client.HTTPConnection):
    """HTTP over the control socket, whose path may be too long for an address: so by way of its directory."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        descriptor = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            self.sock.connect(f"/proc/self/fd/{descriptor}/{self._path.name}")
        finally:
            os.close(descriptor)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return str(value) if isinstance(value, int | float) else json.dumps(str(value))
