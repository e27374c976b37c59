"""Directories that systemd makes for the unit, as defaults.

Source:
    systemd.exec(5), RuntimeDirectory=, StateDirectory=: the variables hold full paths, several separated by colons.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd.control.settings import ControlSettings
from octeth_backupd.daemon.settings import DaemonSettings
from octeth_backupd.settings.keys import value_at

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES = {"STATE_DIRECTORY": "state_directory", "RUNTIME_DIRECTORY": "runtime_directory"}


def service_directories(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the ``[daemon]`` directories that the unit has; empty outside systemd."""
    found = {key: environment[name].split(":")[0] for name, key in _VARIABLES.items() if environment.get(name)}
    return {"daemon": found} if found else {}


def socket_beside(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the control socket's place in a runtime directory that is not the usual one, unless it is configured."""
    runtime = value_at(values, ("daemon", "runtime_directory"))
    usual = DaemonSettings.model_fields["runtime_directory"].get_default()
    if not isinstance(runtime, str) or Path(runtime) == usual or value_at(values, ("control", "socket")) is not None:
        return {}
    if not isinstance(values.get("control", {}), dict):
        return {}
    return {"control": {"socket": str(Path(runtime) / ControlSettings.model_fields["socket"].get_default().name)}}
