"""The power switch of a server outside Docker, which runs as a systemd unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.restore.journal import RestartPolicy
from octeth_backupd.errors import BackupdError, DockerError, ProgramError, ServerError, ServerStillRunningError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.own_unit import own_unit
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.servers.power.base import LOG_LINES, POLL_SECONDS, PowerState
from octeth_backupd.servers.power.neighbours import containers_holding
from octeth_backupd.servers.unit_names import unit_itself

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.process.docker import Docker

_log = structlog.get_logger("power")

MASKED = "masked"
MASKED_UNTIL_REBOOT = "masked-runtime"
UNMASKED = "unmasked"
_CALL_SECONDS = 30
_END_SECONDS = 60
_PROPERTIES = "Id,LoadState,ActiveState,SubState,Job,ExecMainStatus,FragmentPath,UnitFileState,TriggeredBy"
_IN_ANY_ORDER = ("--job-mode=ignore-dependencies",)
_AT_REST = frozenset({"inactive", "failed", ""})


class SystemdPower:
    """See servers.power.base.Power.

    A unit is fenced by a mask, which outlives a reboot. Masking makes systemd forget the unit's own settings, its time
    limit for stopping among them, and ``systemctl stop`` would then send KILL after 90 seconds: a server is stopped by
    the signal that it stops on, sent to its main process.

    A name may be an alias, such as Debian's ``mysql.service`` for ``mariadb.service``: a mask of the alias would not
    keep the server from starting, and while the unit is masked systemd says that the alias does not run. So everything
    is said to, and asked of, the unit itself.

    A socket unit that starts the server, such as Debian's ``mariadb.socket``, fails with the first connection to a
    masked server, and not even starts at boot. It is started again before the server, which then listens where it did.

    The daemon's own unit is ordered after its servers, and systemd starts no unit while another one that is ordered
    against it stops: a server that is to be up before the daemon ends would wait for that very end. While the daemon's
    own unit stops, the order is therefore ignored.

    Args:
        unit: Such as ``mysql.service``.
        docker: Where containers may have the server's directories mounted; may be absent.
        clock: For the time limit of ``stop``.
        search_path: Where systemctl and journalctl are looked up, as in PATH.
        daemon_unit: The unit that this process belongs to; empty: none.

    Source:
        systemd 252, systemctl(1), ``mask``, ``kill``, ``--job-mode=``; systemd.service(5), ``TimeoutStopSec=``;
        systemd.socket(5); systemd.unit(5), ``Before=``.
    """

    def __init__(
        self, unit: str, *, docker: Docker, clock: Clock, search_path: str | None = None, daemon_unit: str | None = None
    ) -> None:
        self._configured = unit
        self._daemon_unit = own_unit() if daemon_unit is None else daemon_unit
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
            policy=RestartPolicy(name=_mask(shown), triggers=self._active(shown["TriggeredBy"].split())),
            exit_code=int(status) if status.isdigit() and not running else None,
        )

    def fence(self) -> None:
        """See Power.fence.

        Raises:
            ServerError: systemd will not mask the unit.
        """
        shown = self._show()
        if shown["LoadState"] == "not-found" or _mask(shown) == MASKED:
            return
        unit = shown["Id"]
        words = self._systemctl("mask", unit, fine=True)
        masked = self._show()
        if masked["LoadState"] != "masked":
            raise ServerError(
                f"{unit} cannot be masked, so that nothing would keep it from starting: {' '.join(words)}",
                hint=f"A unit whose file is in /etc/systemd/system ({shown['FragmentPath']}) cannot be masked: move it "
                f"to /usr/local/lib/systemd/system, then run: systemctl daemon-reload && systemctl reenable {unit}",
            )

    def unfence(self, policy: RestartPolicy) -> None:
        """See Power.unfence."""
        shown = self._show()
        unit, now = shown["Id"], _mask(shown)
        if now != policy.name:
            if now != UNMASKED:
                self._unmask(unit)
            if policy.name == MASKED:
                self._systemctl("mask", unit)
            elif policy.name == MASKED_UNTIL_REBOOT:
                self._systemctl("mask", "--runtime", unit)
        if not _is_running(shown):
            self._start_triggers(policy)

    def stop(self, *, timeout_seconds: float, wait: Callable[[float], None]) -> None:
        """See Power.stop; the unit is fenced first, or ``Restart=always`` would start it again."""
        deadline = self._clock.monotonic_seconds() + timeout_seconds
        if not _is_running(self._show()):
            return
        self.fence()
        asked = False
        while _is_running(shown := self._show()):
            unit = shown["Id"]
            if not asked:
                self._ask_to_stop(shown)
                asked = True
            elif self._clock.monotonic_seconds() >= deadline:
                raise ServerStillRunningError(
                    f"{unit} still runs {timeout_seconds:g} s after it was asked to stop",
                    hint=f"It is not killed. See what it waits for: journalctl --unit={unit} --lines=50",
                )
            else:
                wait(POLL_SECONDS)

    def end(self) -> None:
        """See Power.end.

        Raises:
            ServerStillRunningError: Not even that ended it.
        """
        shown = self._show()
        if not _is_running(shown):
            return
        self.fence()
        unit = shown["Id"]
        self._systemctl("kill", "--kill-who=all", "--signal=KILL", unit, fine=True)
        order = _IN_ANY_ORDER if self._is_daemon_stopping() else ()
        self._systemctl("stop", *order, unit, timeout_seconds=_END_SECONDS)
        if _is_running(self._show()):
            raise ServerStillRunningError(
                f"{unit} cannot even be killed",
                hint="Its process hangs in the kernel, most often on its storage: see dmesg.",
            )

    def start(self, policy: RestartPolicy | None = None, /) -> None:
        """See Power.start; a unit that is fenced can only be started without its fence."""
        shown = self._show()
        unit = shown["Id"]
        if shown["LoadState"] == "not-found":
            raise ServerError(
                f"the unit {unit} does not exist any more", hint="Install it again, then systemctl daemon-reload."
            )
        if _is_running(shown):
            return
        if _mask(shown) != UNMASKED:
            self._unmask(unit)
        if policy is not None:
            self._start_triggers(policy)
        self._systemctl("reset-failed", unit, fine=True)
        self._systemctl("start", "--no-block", unit)
        if self._is_daemon_stopping():  # asked afterwards: what was queued before the stop does not wait for it
            self._systemctl("start", "--no-block", *_IN_ANY_ORDER, unit)

    def log_since(self, at: datetime) -> tuple[str, ...]:
        """See Power.log_since; what the server writes into a file of its own is not in the journal."""
        lines: list[str] = []
        command = Command(
            program="journalctl",
            arguments=(
                f"--unit={self._show()['Id']}",
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
            order = _IN_ANY_ORDER if self._is_daemon_stopping() else ()
            self._systemctl("stop", "--no-block", *order, shown["Id"])
        else:
            self._systemctl("kill", "--kill-who=main", "--signal=TERM", shown["Id"], fine=True)

    def _is_daemon_stopping(self) -> bool:
        """Return whether the daemon's own unit stops; no, where systemd does not say.

        What was done to the server before the question was done whatever becomes of the answer.
        """
        try:
            return self._daemon_unit != "" and self._ask_for(self._daemon_unit)["ActiveState"] == "deactivating"
        except ServerError as exc:
            _log.warning("power.daemon_unit_unknown", unit=self._daemon_unit, error=exc.message)
            return False

    def _unmask(self, unit: str) -> None:
        self._systemctl("unmask", unit)
        self._systemctl("unmask", "--runtime", unit)

    def _active(self, units: list[str]) -> tuple[str, ...]:
        """Return those units that wait for something to start the server by."""
        return tuple(unit for unit in units if self._ask_for(unit)["ActiveState"] == "active")

    def _start_triggers(self, policy: RestartPolicy) -> None:
        """Start what listened for the server before the fence; it refuses once the server itself runs."""
        for unit in policy.triggers:
            if self._ask_for(unit)["ActiveState"] == "active":
                continue
            self._systemctl("reset-failed", unit, fine=True)
            words = self._systemctl("start", unit, fine=True)
            if self._ask_for(unit)["ActiveState"] != "active":
                _log.warning("power.trigger_not_started", unit=unit, words=" ".join(words))

    def _show(self) -> Mapping[str, str]:
        """Return what systemd says of the unit itself, whatever alias was configured."""
        shown = self._ask_for(self._configured)
        unit = unit_itself(shown)
        return shown if unit == shown["Id"] == self._configured else self._ask_for(unit)

    def _ask_for(self, unit: str) -> Mapping[str, str]:
        lines = self._systemctl("show", f"--property={_PROPERTIES}", unit)
        found = dict(line.split("=", 1) for line in lines if "=" in line)
        if "LoadState" not in found:
            raise ServerError(f"systemctl says nothing of {unit}", retryable=True)
        return dict.fromkeys(_PROPERTIES.split(","), "") | {"Id": unit} | found

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
                f"systemctl {arguments[0]} {arguments[-1]} failed: {' '.join(lines) or completed.exit_code}",
                hint=f"Try it by hand: systemctl {' '.join(arguments)}",
                retryable=arguments[0] == "show",
            )
        return tuple(lines)


def _is_running(shown: Mapping[str, str]) -> bool:
    """Return whether a process of the unit lives, or systemd is about to start or stop one."""
    return shown["ActiveState"] not in _AT_REST or shown["Job"] not in {"", "0"}


def _mask(shown: Mapping[str, str]) -> str:
    if shown["LoadState"] != "masked":
        return UNMASKED
    return MASKED_UNTIL_REBOOT if shown["UnitFileState"] == MASKED_UNTIL_REBOOT else MASKED
