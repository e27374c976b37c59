"""Directories that backups, scratch space and the daemon's own files must keep clear of."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from octeth_backupd.process.mounts import TEMPORARY, mount_of
from octeth_backupd.settings.keys import locate, value_at
from octeth_backupd.settings.problems import Problem
from octeth_backupd.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OWN = ("local.directory", "backup.workspace_directory", "daemon.state_directory", "daemon.runtime_directory")
_LASTING = ("local.directory", "daemon.state_directory")
_FILLED = (*_LASTING, "backup.workspace_directory")
_SYSTEM = frozenset(
    f"/{name}"
    for name in (
        *("", "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run"),
        *("sbin", "srv", "sys", "tmp", "usr", "var", "var/backups", "var/lib", "var/run", "var/tmp"),
    )
)
_KERNEL = ("/dev", "/proc", "/sys")
_VOLATILE = ("/run", "/var/run")


def directory_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the directories that cannot be meant.

    Args:
        values: Raw merged values; those that are no absolute path are left to other rules.
    """
    own = {key: path for key in _OWN if (path := _path(values, key)) is not None}
    for key, path in own.items():
        yield from tuple(_impossible(key, path)) or _temporary(key, path)
        yield from _inside_server_data(key, path, values)
    yield from _workspace_among_backups(own, values)


def _impossible(key: str, path: PurePosixPath) -> Iterator[Problem]:
    example = _default(key) or PurePosixPath("/var/backups/octeth/.workspace")
    hint = f"Give it a directory of its own, such as {example}."
    if str(path) in _SYSTEM:
        yield Problem(path=key, message=f"{path} belongs to the system", hint=hint)
    elif any(path.is_relative_to(kernel) for kernel in _KERNEL):
        yield Problem(path=key, message=f"{path} is not on a disk", hint=hint)
    elif key in _LASTING and any(path.is_relative_to(volatile) for volatile in _VOLATILE):
        yield Problem(path=key, message=f"{path} is lost when the machine restarts", hint=hint)


def _temporary(key: str, path: PurePosixPath) -> Iterator[Problem]:
    """Yield a place that ends with the daemon or the machine; only the unit itself can tell that /tmp is its own."""
    if key not in _FILLED:
        return
    hint = f"Give it a directory on a disk, such as {_default(key) or '/var/backups/octeth/.workspace'}."
    mount = mount_of(Path(path))
    if mount is not None and mount.is_private:
        message = f"{path} is in a {mount.point} that only the daemon's unit sees, and is lost when the daemon stops"
        yield Problem(path=key, message=message, hint=hint)
    elif any(path.is_relative_to(place) for place in TEMPORARY):
        message = f"{path} is lost when the daemon stops, if its unit runs with PrivateTmp=yes as the shipped one does"
        yield Problem(path=key, message=message, hint=hint, is_warning=True)
    elif key in _LASTING and mount is not None and mount.is_in_memory and not mount.is_shut:
        message = f"{path} is on a file system in memory ({mount.point}): it is lost when the machine restarts"
        yield Problem(path=key, message=message, hint=hint, is_warning=True)


def _inside_server_data(key: str, path: PurePosixPath, values: Mapping[str, Any]) -> Iterator[Problem]:
    servers = values.get("servers")
    for name in servers if isinstance(servers, dict) else ():
        data = _path(values, f"servers.{name}.data_directory")
        if data is None:
            continue
        where = f"the data directory of servers.{name}"
        hint = "Keep backups and data in directories beside each other."
        if path == data or path.is_relative_to(data):
            yield Problem(path=key, message=f"{path} is {'' if path == data else 'inside '}{where}", hint=hint)
        elif data.is_relative_to(path):
            yield Problem(path=key, message=f"{path} contains {where}", hint=hint)


def _workspace_among_backups(own: Mapping[str, PurePosixPath], values: Mapping[str, Any]) -> Iterator[Problem]:
    key = "backup.workspace_directory"
    backups, workspace = own.get("local.directory"), own.get(key)
    if backups is None or workspace is None:
        return
    servers = values.get("servers")
    trees = [backups / str(name) for name in (servers if isinstance(servers, dict) else ())]
    if workspace == backups or any(workspace.is_relative_to(tree) for tree in trees):
        hint = f"Leave it empty for {backups / '.workspace'}, or name a directory apart."
        yield Problem(path=key, message=f"{workspace} is where finished backups lie", hint=hint)


def _path(values: Mapping[str, Any], key: str) -> PurePosixPath | None:
    value = value_at(values, key.split("."))
    if value is None:
        return _default(key)
    if not isinstance(value, str) or not value.startswith("/") or ".." in value.split("/"):
        return None
    return PurePosixPath("/" + value.strip("/"))


def _default(key: str) -> PurePosixPath | None:
    field = locate(Settings, key.split(".")).field
    default = field.get_default() if field is not None else None
    return PurePosixPath(default) if default is not None else None
