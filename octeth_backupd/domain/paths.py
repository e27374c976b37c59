"""Where a server's files are on the host: its path variables, seen through its container's mounts."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import ServerPaths, TablespaceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from octeth_backupd.domain.server import Mount, Tablespace, Version

EXTERNAL_PREFIX = "external:"
"""Roles of directories with tablespaces outside all other roles: the prefix and the server's own path."""

_REDO_DIRECTORY_SINCE = (8, 0, 30)
_KINDS_WITH_PLACE = frozenset({TablespaceKind.SINGLE, TablespaceKind.GENERAL})


def map_to_host(path: PurePosixPath, mounts: Iterable[Mount]) -> Path | None:
    """Return where a container's path is on the host, None when it is in no mount.

    The mount whose destination is the longest prefix wins, as it does in the kernel.
    """
    absolute = normalised(path)
    fitting = [mount for mount in mounts if absolute.is_relative_to(normalised(mount.destination))]
    if not fitting:
        return None
    mount = max(fitting, key=lambda m: len(normalised(m.destination).parts))
    return mount.source / absolute.relative_to(normalised(mount.destination))


def mounts_beneath(path: PurePosixPath, mounts: Iterable[Mount]) -> tuple[Mount, ...]:
    """Return the mounts strictly beneath a path: the host sees empty directories in their place."""
    absolute = normalised(path)
    return tuple(
        mount
        for mount in mounts
        if normalised(mount.destination) != absolute and normalised(mount.destination).is_relative_to(absolute)
    )


def normalised(path: PurePosixPath) -> PurePosixPath:
    """Return an absolute path without ``.``, ``..`` and doubled slashes; symbolic links are not looked at."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts = parts[:-1]
        elif part.strip("/"):
            parts.append(part)
    return PurePosixPath("/", *parts)


def server_roles(
    variables: Mapping[str, str], version: Version, tablespaces: Iterable[Tablespace] = ()
) -> dict[str, PurePosixPath]:
    """Return the server's own absolute path for each role that it has.

    "data", "redo", "undo" and "innodb_home" always; "binlog" (a directory) and "binlog_index" (a file) when it writes
    binary logs; "redo_files" where redo lies in a directory of its own beneath "redo" (MySQL 8.0.30 and later); one
    role ``external:<path>`` for each directory that may hold tablespaces outside of data, undo and innodb_home.

    Args:
        variables: SHOW GLOBAL VARIABLES, names in lower case.
        version: Of the server.
        tablespaces: For those created with DATA DIRECTORY or an absolute path.

    Source:
        MySQL 8.4 manual, 17.14 "InnoDB Startup Options and System Variables": relative paths are relative to datadir.
    """
    data = normalised(PurePosixPath(variables["datadir"]))

    def absolute(value: str) -> PurePosixPath:
        return normalised(data / value)

    roles = {
        "data": data,
        "redo": absolute(variables.get("innodb_log_group_home_dir", "")),
        "undo": absolute(variables.get("innodb_undo_directory", "")),
        "innodb_home": absolute(variables.get("innodb_data_home_dir", "")),
    }
    if _keeps_redo_in_own_directory(variables, version):
        roles["redo_files"] = roles["redo"] / "#innodb_redo"
    if variables.get("log_bin_basename"):
        roles["binlog"] = absolute(variables["log_bin_basename"]).parent
    if variables.get("log_bin_index"):
        roles["binlog_index"] = absolute(variables["log_bin_index"])
    for directory in _external_directories(
        variables, tablespaces, [roles["data"], roles["undo"], roles["innodb_home"]]
    ):
        roles[f"{EXTERNAL_PREFIX}{directory}"] = directory
    return roles


def host_paths(
    roles: Mapping[str, PurePosixPath],
    mounts: Iterable[Mount] | None,
    *,
    overrides: Mapping[str, Path] | None = None,
) -> ServerPaths:
    """Return the roles with their paths on the host.

    Args:
        roles: As ``server_roles`` returns them.
        mounts: Of the server's container; None for a server outside of containers, which sees the host's own paths.
        overrides: Role → host path that the configuration says; what lies beneath follows.
    """
    known = tuple(mounts or ())
    chosen = {role: path for role, path in (overrides or {}).items() if role in roles}
    host: dict[str, Path] = {}
    for role, path in roles.items():
        nearest = max(
            (other for other in chosen if path.is_relative_to(roles[other])),
            key=lambda other: len(roles[other].parts),
            default=None,
        )
        mapped = Path(path) if mounts is None else map_to_host(path, known)
        if nearest is not None and not _is_mounted_closer(path, roles[nearest], known):
            mapped = chosen[nearest] / path.relative_to(roles[nearest])
        if mapped is not None:
            host[role] = mapped
    return ServerPaths(server=dict(roles), host=host)


def system_tablespace_path(variables: Mapping[str, str]) -> PurePosixPath:
    """Return the server's own absolute path of its first system tablespace file, usually ibdata1.

    Source:
        MySQL 8.4 manual, innodb_data_file_path: ``file_name:size[:autoextend[:max:size]]``, files divided by ``;``.
    """
    first = variables.get("innodb_data_file_path", "").partition(";")[0].partition(":")[0] or "ibdata1"
    home = PurePosixPath(variables["datadir"]) / variables.get("innodb_data_home_dir", "")
    return normalised(home / first)


def host_path_of(path: PurePosixPath, paths: ServerPaths) -> Path | None:
    """Return where a file of the server is on the host, by the nearest of its directories; None where it is in none.

    Args:
        path: The server's own; a relative one is relative to its data directory.
        paths: Of the server.
    """
    absolute = normalised(paths.server["data"] / path)
    nearest = max(
        (role for role, directory in paths.server.items() if absolute.is_relative_to(directory)),
        key=lambda role: len(paths.server[role].parts),
        default=None,
    )
    if nearest is None or nearest not in paths.host:
        return None
    return paths.host[nearest] / absolute.relative_to(paths.server[nearest])


def _keeps_redo_in_own_directory(variables: Mapping[str, str], version: Version) -> bool:
    is_mariadb = "mariadb" in variables.get("version", "").lower()
    return not is_mariadb and (version.major, version.minor, version.patch) >= _REDO_DIRECTORY_SINCE


def _is_mounted_closer(path: PurePosixPath, override: PurePosixPath, mounts: tuple[Mount, ...]) -> bool:
    """Return whether a mount beneath an overridden directory holds the path."""
    return any(path.is_relative_to(normalised(mount.destination)) for mount in mounts_beneath(override, mounts))


def _external_directories(
    variables: Mapping[str, str], tablespaces: Iterable[Tablespace], known: Iterable[PurePosixPath]
) -> list[PurePosixPath]:
    """Return the directories with tablespaces that are beneath none of the known ones, nor beneath each other."""
    data = PurePosixPath(variables["datadir"])
    configured = [part.strip() for part in variables.get("innodb_directories", "").split(";")]
    used = [str(PurePosixPath(t.path).parent) for t in tablespaces if t.path and t.kind in _KINDS_WITH_PLACE]
    covered = list(known)
    external: list[PurePosixPath] = []
    for directory in (normalised(data / value) for value in [*configured, *used] if value):
        if not any(directory.is_relative_to(other) for other in covered):
            covered.append(directory)
            external.append(directory)
    return external
