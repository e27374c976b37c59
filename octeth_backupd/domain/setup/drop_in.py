"""The drop-in of the unit: what the daemon may write beside its usual directories."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.setup.configuration import USUAL_DIRECTORY
from octeth_backupd.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ROOT = PurePosixPath("/")
_HOMES = (PurePosixPath("/home"), PurePosixPath("/root"), PurePosixPath("/run/user"))
# Of these roles a file is named, or nothing that changes places.
_NOT_DIRECTORIES = frozenset({"binlog_index"})


def writable_directories(
    host_paths: Mapping[str, PurePosixPath], directory: PurePosixPath
) -> tuple[PurePosixPath, ...]:
    """Return what must be writable: the parents of the server's directories, and the directory of backups.

    A directory of the server changes places with another in a restore, which takes its parent, as one entry. What lies
    beneath another entry is not named again: nothing can be exchanged between two entries.

    Args:
        host_paths: Role → directory of the server on this host.
        directory: Of backups.

    Raises:
        ConfigurationError: A path cannot be written into a unit file; whoever may make tablespaces names directories.
    """
    for role, path in host_paths.items():
        _require_one_line(f"the directory of role {role!r}", str(path))
    wanted = {path.parent for role, path in host_paths.items() if role not in _NOT_DIRECTORIES and path != _ROOT}
    if directory != USUAL_DIRECTORY:
        wanted.add(directory)
    wanted.discard(_ROOT)
    return tuple(
        sorted(path for path in wanted if not any(path != other and path.is_relative_to(other) for other in wanted))
    )


def unprotected_roots(host_paths: Mapping[str, PurePosixPath]) -> tuple[PurePosixPath, ...]:
    """Return directories of the server that lie directly beneath ``/``: to write beside them is to write everywhere."""
    return tuple(
        sorted({path for role, path in host_paths.items() if role not in _NOT_DIRECTORIES and path.parent == _ROOT})
    )


def drop_in_text(server: str, directories: Iterable[PurePosixPath], *, backups: PurePosixPath, unit: str = "") -> str:
    """Return the text of a server's drop-in; empty where nothing needs one.

    Args:
        server: Its name, for the comment.
        directories: From ``writable_directories``.
        backups: Where backups go: the daemon waits until it is mounted.
        unit: Of a server outside Docker, after which the daemon starts.

    Raises:
        ConfigurationError: A name or path has a line break or another character that a unit file cannot hold.
    """
    listed = list(directories)
    _require_one_line("the server's name", server)
    _require_one_line("the server's unit", unit)
    for path in (*listed, backups):
        _require_one_line("a directory", str(path))
    head = [f"After={unit}"] if unit else []
    if backups in listed:
        head.append(f"RequiresMountsFor={_quoted(backups)}")
    if not listed and not head:
        return ""
    lines = [f"# Server {server}: written by octeth-backupd setup."]
    if head:
        lines += ["[Unit]", *head, ""]
    if listed:
        lines += ["[Service]", *_service_lines(listed)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _require_one_line(what: str, text: str) -> None:
    """Pass when systemd, which root runs, would read a text as the one value that it is."""
    if not text.isprintable():
        raise ConfigurationError(
            f"{what} has a character that no unit file can hold: {text!r}",
            hint="Find out who made it and why; then rename it, and run setup again.",
        )


def _service_lines(directories: list[PurePosixPath]) -> Iterator[str]:
    # A directory that is gone, as on the worst day, must not keep the daemon from starting.
    yield from (f"ReadWritePaths={_quoted(path, ignore_missing=True)}" for path in directories)
    if any(path.is_relative_to(home) for path in directories for home in _HOMES):
        yield "ProtectHome=no"


def _quoted(path: PurePosixPath, *, ignore_missing: bool = False) -> str:
    """Return a path as unit files have it.

    Source:
        systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers".
    """
    text = ("-" if ignore_missing else "") + str(path)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if escaped != text or " " in text or "'" in text else text
