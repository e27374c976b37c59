"""The power switch of a server outside Docker, which runs as a systemd unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.journal import RestartPolicy
from octeth_backupd.errors import BackupdError, DockerError, ProgramError, ServerError, ServerStillRunningError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.servers.power.base import LOG_LINES, POLL_SECONDS, PowerState
from octeth_backupd.servers.power.neighbours import containers_holding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.process.docker import Docker

MASKED = RestartPolicy(name="masked")
UNMASKED = RestartPolicy(name="unmasked")
_CALL_SECONDS = 30
_END_SECONDS = 60
_PROPERTIES = "LoadState,ActiveState,SubState,Job,ExecMainStatus,FragmentPath"
_AT_REST = frozenset({"inactive", "failed", ""})


class SystemdPower:
    """See servers.power.base.Power.

    A unit is fenced by a runtime mask. Masking makes systemd forget the unit's own settings, its time limit for
    stopping among them, and ``systemctl stop`` would then send KILL after 90 seconds: a server is stopped by the
    signal that it stops on, sent to its main process.

    Args:
        unit: Such as ``mysql.service``.
        docker: Where containers may have the server's directories mounted; may be absent.
        clock: For the time limit of ``stop``.
        search_path: Where systemctl and journalctl are looked up, as in PATH.

    Source:
        systemd 252, systemctl(1), ``mask``, ``kill``; systemd.service(5), ``TimeoutStopSec=``.
    """

    def __init__(self, unit: str, *, docker: Docker, clock: Clock, search_path: str | None = None) -> None:
        self._unit = unit
        self._docker = docker
        self._clock = clock
        self._runner = HostRunner(mark=RunMark("power", unit), redactor=Redactor(), path=search_path)

    def state(self) -> PowerState:
        """See Power.state."""
        shown = self._show()
        if shown["LoadState"] == "not-found":
            return PowerState(exists=False)
        running = _is_running(shown)
        status = shown["ExecMainStatus"]
        return PowerState(
            exists=True,
            is_running=running,
            policy=MASKED if shown["LoadState"] == "masked" else UNMASKED,
            exit_code=int(status) if status.isdigit() and not running else None,
        )

    def fence(self) -> None:
        """See Power.fence.

        A runtime mask ends with a reboot.

        Raises:
            ServerError: systemd will not mask the unit.
        """
        shown = self._show()
        if shown["LoadState"] in {"masked", "not-found"}:
            return
        self._systemctl("mask", "--runtime", self._unit)
        if self._show()["LoadState"] != "masked":
            self._systemctl("unmask", "--runtime", self._unit)
            raise ServerError(
                f"a runtime mask of {self._unit} has no effect, because {shown['FragmentPath'] or 'its file'} outranks "
                "it",
                hint="Move the unit's file from /etc/systemd/system to /usr/local/lib/systemd/system, then run "
                "systemctl daemon-reload.",
            )

    def unfence(self, policy: RestartPolicy) -> None:
        """See Power.unfence."""
        if policy != MASKED:
            self._systemctl("unmask", "--runtime", self._unit)

    def stop(self, *, timeout_seconds: float, wait: Callable[[float], None]) -> None:
        """See Power.stop; the unit is fenced first, or ``Restart=always`` would start it again."""
        deadline = self._clock.monotonic_seconds() + timeout_seconds
        if not _is_running(self._show()):
            return
        self.fence()
        asked = False
        while _is_running(shown := self._show()):
            if not asked:
                self._ask_to_stop(shown)
                asked = True
            elif self._clock.monotonic_seconds() >= deadline:
                raise ServerStillRunningError(
                    f"{self._unit} still runs {timeout_seconds:g} s after it was asked to stop",
                    hint=f"It is not killed. See what it waits for: journalctl --unit={self._unit} --lines=50",
                )
            else:
                wait(POLL_SECONDS)

    def end(self) -> None:
        """See Power.end.

        Raises:
            ServerStillRunningError: Not even that ended it.
        """
        if not _is_running(self._show()):
            return
        self.fence()
        self._systemctl("kill", "--kill-who=all", "--signal=KILL", self._unit, fine=True)
        self._systemctl("stop", self._unit, timeout_seconds=_END_SECONDS)
        if _is_running(self._show()):
            raise ServerStillRunningError(
                f"{self._unit} cannot even be killed",
                hint="Its process hangs in the kernel, most often on its storage: see dmesg.",
            )

    def start(self) -> None:
        """See Power.start; a unit that is fenced can only be started without its fence."""
        shown = self._show()
        if shown["LoadState"] == "not-found":
            raise ServerError(
                f"the unit {self._unit} does not exist any more", hint="Install it again, then systemctl daemon-reload."
            )
        if _is_running(shown):
            return
        if shown["LoadState"] == "masked":
            self._systemctl("unmask", "--runtime", self._unit)
        self._systemctl("reset-failed", self._unit, fine=True)
        self._systemctl("start", "--no-block", self._unit)

    def log_since(self, at: datetime) -> tuple[str, ...]:
        """See Power.log_since; what the server writes into a file of its own is not in the journal."""
        lines: list[str] = []
        command = Command(
            program="journalctl",
            arguments=(
                f"--unit={self._unit}",
                f"--since=@{at.timestamp():.6f}",
                f"--lines={LOG_LINES}",
                "--output=cat",
                "--no-pager",
                "--quiet",
            ),
            low_priority=False,
        )
        try:
            completed = self._runner.run(
                command, on_line=lines.append, cancellation=Cancellation(), timeout_seconds=_CALL_SECONDS
            )
        except ProgramError:
            return ()  # no journal here
        return tuple(lines) if completed.exit_code == 0 else ()

    def other_users(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """See Power.other_users."""
        try:
            return containers_holding(self._docker, paths, but="")
        except DockerError:
            return ()  # a host without Docker has no containers

    def _ask_to_stop(self, shown: Mapping[str, str]) -> None:
        """Send the signal that servers stop on; where no process is, end systemd's waiting for the next start."""
        if shown["SubState"] == "auto-restart":
            self._systemctl("stop", "--no-block", self._unit)
        else:
            self._systemctl("kill", "--kill-who=main", "--signal=TERM", self._unit, fine=True)

    def _show(self) -> Mapping[str, str]:
        lines = self._systemctl("show", f"--property={_PROPERTIES}", self._unit)
        found = dict(line.split("=", 1) for line in lines if "=" in line)
        if "LoadState" not in found:
            raise ServerError(f"systemctl says nothing of {self._unit}", retryable=True)
        return dict.fromkeys(_PROPERTIES.split(","), "") | found

    def _systemctl(
        self, *arguments: str, fine: bool = False, timeout_seconds: float = _CALL_SECONDS
    ) -> tuple[str, ...]:
        """Return what systemctl prints; a refusal is an error unless it is ``fine``.

        Raises:
            ServerError: systemctl refused, is missing or hangs.
        """
        command = Command(program="systemctl", arguments=arguments, low_priority=False)
        lines: list[str] = []
        try:
            completed = self._runner.run(
                command, on_line=lines.append, cancellation=Cancellation(), timeout_seconds=timeout_seconds
            )
        except BackupdError as exc:
            raise ServerError(f"systemd cannot be asked: {exc.message}", hint=exc.hint, retryable=True) from exc
        if completed.exit_code != 0 and not fine:
            raise ServerError(
                f"systemctl {arguments[0]} {self._unit} failed: {' '.join(lines) or completed.exit_code}",
                hint=f"Try it by hand: systemctl {' '.join(arguments)}",
                retryable=arguments[0] == "show",
            )
        return tuple(lines)


def _is_running(shown: Mapping[str, str]) -> bool:
    """Return whether a process of the unit lives, or systemd is about to start or stop one."""
    return shown["ActiveState"] not in _AT_REST or shown["Job"] not in {"", "0"}
