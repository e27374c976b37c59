"""Look at the server's files on the host: where they are, whose they are, which file it is."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import host_path_of, host_paths, normalised, server_roles, system_tablespace_path
from octeth_backupd.errors import ServerError
from octeth_backupd.servers.survey import DataOwner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path, PurePosixPath

    from octeth_backupd.domain.server import Location, ServerFacts, ServerPaths
    from octeth_backupd.servers.settings import ServerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNumber:
    """What makes two paths the same file, whatever they are called."""

    device: int
    inode: int


def find_paths(
    name: str,
    facts: ServerFacts,
    location: Location,
    settings: ServerSettings,
    resolve_links: Callable[[Sequence[PurePosixPath]], Mapping[PurePosixPath, PurePosixPath]],
) -> ServerPaths:
    """Return the server's paths, on the host where they can be mapped; the configuration's own say-so wins.

    Args:
        name: Of the server in the configuration, for messages.
        facts: What it said in SQL.
        location: Where it runs.
        settings: For ``data_directory`` and ``binlog_directory``.
        resolve_links: Follows symbolic links as the server sees them; asked about paths in none of the mounts.

    Raises:
        ServerError: The configuration names another directory than the one that was found.
    """
    mounts = location.container.mounts if location.container is not None else None
    roles = server_roles(facts.variables, facts.version, facts.tablespaces)
    found = host_paths(roles, mounts)
    if found.unmapped:
        real = resolve_links([roles[role] for role in found.unmapped])
        followed = host_paths({role: normalised(real.get(path, path)) for role, path in roles.items()}, mounts)
        found = type(found)(server=found.server, host=followed.host)
    configured = {"data": settings.data_directory, "binlog": settings.binlog_directory}
    overrides = {role: path for role, path in configured.items() if path is not None}
    for role, path in overrides.items():
        _refuse_another_directory(name, role, path, found)
    return host_paths(roles, mounts, overrides=overrides) if overrides else found


def read_owner(directory: Path | None) -> DataOwner | None:
    """Return whom a directory belongs to, None where it cannot be looked at."""
    if directory is None:
        return None
    try:
        status = directory.stat()
    except OSError:
        return None
    return DataOwner(user_id=status.st_uid, group_id=status.st_gid, mode=stat.S_IMODE(status.st_mode))


def read_file_number(path: Path | None) -> FileNumber | None:
    """Return the number of a file, None where it cannot be looked at."""
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return FileNumber(device=status.st_dev, inode=status.st_ino)


def system_tablespace_on_host(facts: ServerFacts, paths: ServerPaths) -> Path | None:
    """Return the first file of the system tablespace on the host."""
    return host_path_of(system_tablespace_path(facts.variables), paths)


def _refuse_another_directory(name: str, role: str, configured: Path, found: ServerPaths) -> None:
    """Refuse a configured directory that exists beside the one that was found, and is not it."""
    mapped = found.host.get(role)
    here, there = read_file_number(configured), read_file_number(mapped)
    if here is not None and there is not None and here != there:
        key = "data_directory" if role == "data" else "binlog_directory"
        raise ServerError(
            f"{key} is configured as {configured}, but the server's own {found.server[role]} is {mapped} on this host",
            hint=f"Remove {key} from [servers.{name}], or correct it.",
        )
