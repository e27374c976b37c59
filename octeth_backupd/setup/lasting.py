"""Are the places of a configuration there tomorrow, and apart from the server's files? Asked before any is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.overlaps import places_around, places_inside
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.process.mounts import TEMPORARY
from octeth_backupd.setup.planning import UNIT, runs_by_systemd
from octeth_backupd.setup.units import has_private_tmp

if TYPE_CHECKING:
    from octeth_backupd.domain.server import ServerPaths
    from octeth_backupd.settings.settings import Settings
    from octeth_backupd.setup.order import Machine


def require_lasting(machine: Machine, settings: Settings, server: str, paths: ServerPaths | None) -> None:
    """Pass when backups, workspace and state have places of their own.

    Args:
        machine: This host.
        settings: The configuration that would be written.
        server: Name of the server.
        paths: Where its files are; None where that is not known.

    Raises:
        ConfigurationError: One is in a directory that the daemon's unit sees another one in place of, or lies among the
            server's files.
    """
    backups = settings.local.directory.resolve()
    workspace = (settings.backup.workspace_directory or settings.local.directory / ".workspace").resolve()
    places = {
        "backup directory": backups,
        "workspace directory": workspace,
        "state directory": settings.daemon.state_directory.resolve(),
    }
    if runs_by_systemd(machine) and has_private_tmp(machine.host_runner, UNIT):
        for what, place in places.items():
            if any(place.is_relative_to(temporary) for temporary in TEMPORARY):
                raise ConfigurationError(
                    f"the {what} {place} would be in a directory of {UNIT}'s own (PrivateTmp=yes), and is lost when "
                    "the daemon stops",
                    hint="Name a directory on a disk, such as /var/backups/octeth.",
                )
    directories = {} if paths is None else {role: Path(path).resolve() for role, path in paths.host.items()}
    trees = {"directory of its backups": backups / server, "workspace directory": workspace}
    found = [*places_inside(places, directories), *places_around(trees, directories)]
    if found:
        raise ConfigurationError(
            "; ".join(found),
            hint="Keep backups and data in directories beside each other: a restore would move the one with the other.",
        )
