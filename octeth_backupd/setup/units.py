"""systemd units of MySQL and MariaDB servers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, InvalidRequestError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.servers.unit_names import unit_itself

if TYPE_CHECKING:
    from octeth_backupd.process.host import HostRunner

_PATTERNS = ("mysql*.service", "mariadb*.service", "percona*.service")
_NAMES = ("mysql.service", "mysqld.service", "mariadb.service")
_SECONDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUnit:
    """A unit, under its own name."""

    name: str
    is_active: bool


def server_units(host_runner: HostRunner) -> tuple[ServerUnit, ...]:
    """Return the units of servers; none where systemd does not run, or cannot be asked."""
    if not host_runner.finds("systemctl"):
        return ()
    listed = _lines(host_runner, "list-units", "--type=service", "--all", "--plain", "--no-legend", *_PATTERNS)
    names = dict.fromkeys([*(line.split()[0] for line in listed if line.split()), *_NAMES])
    found: dict[str, ServerUnit] = {}
    for name in names:
        shown = dict(
            line.partition("=")[::2]
            for line in _lines(host_runner, "show", "--property=Id,LoadState,ActiveState,FragmentPath,Type", name)
        )
        if shown.get("LoadState") != "loaded" or shown.get("Type") == "oneshot":
            continue
        unit = ServerUnit(name=unit_itself(shown), is_active=shown.get("ActiveState") == "active")
        found.setdefault(unit.name, unit)
    return tuple(found.values())


def has_unit(host_runner: HostRunner, unit: str) -> bool:
    """Return whether systemd knows a unit by a file of its own, as a package brings it."""
    return "LoadState=loaded" in _lines(host_runner, "show", "--property=LoadState", unit)


def require_unit(host_runner: HostRunner, unit: str) -> None:
    """Pass when a unit is there, or systemd cannot be asked.

    Raises:
        InvalidRequestError: systemd has no such unit; what answers at the usual socket would be another server.
    """
    if "LoadState=not-found" in _lines(host_runner, "show", "--property=LoadState", unit):
        raise InvalidRequestError(
            f"the unit {unit} does not exist; nothing was changed",
            hint=f"Name the server's with --unit; those that are there: systemctl list-units {_shell_patterns()}",
        )


def _shell_patterns() -> str:
    return " ".join(f"'{pattern}'" for pattern in _PATTERNS)


def has_private_tmp(host_runner: HostRunner, unit: str) -> bool:
    """Return whether a unit sees another ``/tmp`` than the host; systemd has several words for it."""
    shown = _lines(host_runner, "show", "--property=PrivateTmp", unit)
    return any(line.startswith("PrivateTmp=") and line != "PrivateTmp=no" for line in shown)


def _lines(host_runner: HostRunner, *arguments: str) -> list[str]:
    lines: list[str] = []
    command = Command(program="systemctl", arguments=("--no-pager", *arguments), low_priority=False)
    try:
        ended = host_runner.run(command, on_line=lines.append, cancellation=Cancellation(), timeout_seconds=_SECONDS)
    except BackupdError:
        return []
    return lines if ended.exit_code == 0 else []
