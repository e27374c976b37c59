"""Does a daemon of this host have a run that goes on? Asked before anything is changed under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.control.settings import ControlSettings
from octeth_backupd.errors import BusyError
from octeth_backupd.settings.load import examine

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.setup.order import Machine, SetupOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOn:
    """A run that holds a server, as the daemon tells it."""

    run_id: str
    operation: str
    server: str

    def __str__(self) -> str:
        return f"{self.operation} of {self.server} ({self.run_id})"


def require_nothing_goes_on(order: SetupOrder, machine: Machine) -> None:
    """Pass when no run would be met: its password would be changed under it, or a restart would cancel it.

    A dry run meets nothing, and passes.

    Raises:
        BusyError: The daemon has a run that goes on; the message names it.
    """
    runs = () if order.dry_run else machine.runs(_socket(order, machine))
    if runs:
        words = "; ".join(map(str, runs))
        raise BusyError(
            f"this goes on, and nothing was changed: {words}",
            hint="Wait for its end (octeth-backupctl runs shows it), or end it: octeth-backupctl cancel "
            f"{runs[0].run_id}; then run setup again.",
        )


def _socket(order: SetupOrder, machine: Machine) -> Path:
    """Return the socket of the configuration that is there; the usual one where none can be used."""
    settings = examine(order.config, machine.environment).settings if order.config.exists() else None
    return settings.control.socket if settings is not None else ControlSettings().socket
