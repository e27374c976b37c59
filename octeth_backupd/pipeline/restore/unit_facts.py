"""What systemd says of a server's unit: whether it runs, and what it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.server_options import is_server_program
from octeth_backupd.servers.unit_names import unit_itself

if TYPE_CHECKING:
    from octeth_backupd.pipeline.restore.server_program import Ask

_ARGUMENTS = re.compile(r"argv\[\]=(.*?) ; ignore_errors=")
_PROPERTIES = "Id,LoadState,ActiveState,FragmentPath,MainPID,ExecStart"
_OWN_FILES = Path("/etc/systemd/system")
_ENDED = frozenset({"inactive", "failed", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """A unit as it is now.

    Attributes:
        exists: systemd knows it.
        is_running: It runs, starts or is being stopped.
        command: Program and arguments; empty where nobody knows.
        name: Of the unit itself; what was asked for may be an alias.
        outranking_file: The unit's file where no mask has an effect; None where one has.
        is_known: systemd could be asked.
    """

    exists: bool
    is_running: bool
    command: tuple[str, ...] = ()
    name: str = ""
    outranking_file: Path | None = None
    is_known: bool = True


def read_unit(unit: str, ask: Ask, *, process_directory: Path = Path("/proc")) -> UnitFacts:
    """Return what systemd says; where there is no systemd, a unit that does not exist.

    Args:
        unit: Its name.
        ask: Runs programs on this host.
        process_directory: Where processes are looked at.
    """
    output, values = _shown(unit, ask)
    name = unit_itself(values) or unit
    if values.get("LoadState") == "error" and name != unit:
        output, values = _shown(name, ask)
    file = Path(values.get("FragmentPath", ""))
    return UnitFacts(
        exists=values.get("LoadState", "") not in {"", "not-found"},
        is_running=values.get("ActiveState", "") not in _ENDED,
        command=_running_command(values.get("MainPID", ""), process_directory) or started_command(output),
        name=name,
        is_known="LoadState" in values,
        outranking_file=file if values.get("LoadState") == "loaded" and file.parent == _OWN_FILES else None,
    )


def _shown(unit: str, ask: Ask) -> tuple[str, dict[str, str]]:
    output = ask("systemctl", ("show", f"--property={_PROPERTIES}", "--", unit)) or ""
    return output, {name: value for name, _, value in (line.partition("=") for line in output.splitlines())}


def started_command(output: str) -> tuple[str, ...]:
    """Return program and arguments of ``ExecStart`` in the output of ``systemctl show``, variables left out."""
    match = _ARGUMENTS.search(output)
    words = match[1].split() if match else []
    return tuple(word for word in words if not word.startswith("$"))


def _running_command(process_id: str, process_directory: Path) -> tuple[str, ...]:
    if not process_id.isdigit() or process_id == "0":
        return ()
    try:
        words = (process_directory / process_id / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return ()
    command = tuple(word.decode(errors="replace") for word in words if word)
    return command if command and is_server_program(command[0]) else ()
