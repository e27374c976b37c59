"""Whether the files on the host are those of the server that answers."""

from __future__ import annotations

import configparser
import socket
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import host_path_of
from octeth_backupd.domain.server import TablespaceKind, Vendor
from octeth_backupd.errors import IdentityError, MetadataError
from octeth_backupd.servers.host_files import read_file_number, system_tablespace_on_host
from octeth_backupd.servers.pages import read_space_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from octeth_backupd.domain.server import ServerFacts, ServerPaths, Tablespace
    from octeth_backupd.servers.host_files import FileNumber

MOST_FILES = 2000
_SHOWN = 3
_COMPARED_KINDS = frozenset({TablespaceKind.SINGLE, TablespaceKind.GENERAL})
"""The system tablespace has the same id in every server; undo tablespaces change theirs while the server runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityEvidence:
    """What speaks for the files being the server's.

    Attributes:
        reasons: In words, at least one.
        matching_files: Data files whose first page has the id that the server lists.
        unwritten_files: Data files whose first page the server has not written yet.
    """

    reasons: tuple[str, ...]
    matching_files: int = 0
    unwritten_files: int = 0

    def __str__(self) -> str:
        return "; ".join(self.reasons)


def check_identity(
    facts: ServerFacts,
    paths: ServerPaths,
    *,
    seen_by_server: FileNumber | None,
    list_again: Callable[[], Sequence[Tablespace]],
    host_name: str | None = None,
) -> IdentityEvidence:
    """Return why the files on the host are the server's.

    MySQL's ``auto.cnf`` must hold its uuid. The system tablespace must be the same file for the server and on the host,
    where the server's view can be had. Data files must begin with the ids that the server lists; since tables may be
    rebuilt at any moment, what does not fit is compared with a fresh list before it counts.

    Args:
        facts: What the server said in SQL.
        paths: Its paths.
        seen_by_server: The system tablespace as the server itself sees it; None where that cannot be had.
        list_again: Returns the server's tablespaces now.
        host_name: Of this machine; for tests.

    Raises:
        IdentityError: They are not, or nothing speaks for it.
        ServerError: The tablespaces could not be listed again.
    """
    data = _data_directory(paths)
    reasons: list[str] = []
    if facts.vendor is not Vendor.MARIADB:
        reasons.append(_compare_uuid(data, facts.identity.server_uuid))
    reasons += _compare_system_tablespace(facts, paths, seen_by_server)
    matching, unwritten = _compare_pages(facts.tablespaces, paths, list_again)
    if matching:
        reasons.append(f"{matching} data files begin with the tablespace ids that the server lists")
    if facts.vendor is Vendor.MARIADB and seen_by_server is None:
        _require_same_machine(facts, data, host_name or socket.gethostname())
        reasons.append(f"the server runs on this machine ({facts.identity.hostname})")
        if not matching:
            raise IdentityError(
                f"nothing shows that {data} belongs to the server at {facts.address}: no data file can be compared",
                hint="Log in over the server's Unix socket, or create an InnoDB table and wait a minute.",
            )
    return IdentityEvidence(reasons=tuple(reasons), matching_files=matching, unwritten_files=unwritten)


def read_auto_cnf(data_directory: Path) -> str:
    """Return the server uuid in a MySQL data directory.

    Raises:
        IdentityError: There is none.

    Source:
        MySQL 8.4 manual, 19.1.6 "Replication and Binary Logging Options": ``[auto]`` with ``server-uuid``.
    """
    path = data_directory / "auto.cnf"
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8", errors="replace"))
        values = {key.replace("_", "-"): value for key, value in parser["auto"].items()}
        return values["server-uuid"].strip()
    except (OSError, configparser.Error, KeyError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no server-uuid in it"
        raise IdentityError(
            f"{data_directory} shows no server uuid: {path.name}: {reason}",
            hint="Check data_directory, and that the server has been started on it at least once.",
        ) from error


def _data_directory(paths: ServerPaths) -> Path:
    data = paths.data_directory
    if data is None:
        raise IdentityError(
            f"the server's data directory {paths.server['data']} is in no mount of its container",
            hint="Mount a directory or volume of the host there; what lies in the container's own layer is lost with "
            "the container and cannot be backed up.",
        )
    try:
        data.stat()
    except OSError as error:
        raise IdentityError(
            f"the server's data directory {data} cannot be looked at on this host: {(error.strerror or '').lower()}",
            hint="Check that the server runs on this machine and that the daemon runs as root; else set "
            "data_directory to where the directory is.",
        ) from error
    return data


def _compare_uuid(data: Path, server_uuid: str) -> str:
    found = read_auto_cnf(data)
    if found.lower() != server_uuid.lower():
        raise IdentityError(
            f"{data} belongs to another server: its auto.cnf says {found}, the server that answers is {server_uuid}",
            hint="Correct container, address or data_directory: they must all be of one server.",
        )
    return f"auto.cnf holds the server's uuid {server_uuid}"


def _compare_system_tablespace(
    facts: ServerFacts, paths: ServerPaths, seen_by_server: FileNumber | None
) -> tuple[str, ...]:
    if seen_by_server is None:
        return ()
    path = system_tablespace_on_host(facts, paths)
    on_host = read_file_number(path)
    if on_host is None:
        raise IdentityError(
            f"the server's system tablespace is not on this host: {path or 'not in any mount'}",
            hint="Check that the server runs on this machine, and data_directory where it is set.",
        )
    if on_host != seen_by_server:
        raise IdentityError(
            f"{path} is not the file that the server has open: device {on_host.device} inode {on_host.inode} here, "
            f"device {seen_by_server.device} inode {seen_by_server.inode} there",
            hint="Correct container, address or data_directory: they must all be of one server.",
        )
    return (f"{path} is the same file for the server and on the host",)


def _compare_pages(
    tablespaces: Iterable[Tablespace], paths: ServerPaths, list_again: Callable[[], Sequence[Tablespace]]
) -> tuple[int, int]:
    """Return how many data files match and how many could not be judged."""
    sample = _sample([t for t in tablespaces if t.kind in _COMPARED_KINDS and t.path and not t.discarded])
    answers = {t: _problem(t, paths) for t in sample}
    if any(answers.values()):
        still = {(t.space_id, t.name): t for t in list_again() if not t.discarded}
        again = {
            still[t.space_id, t.name] for t, problem in answers.items() if problem and (t.space_id, t.name) in still
        }
        problems = [problem for problem in (_problem(t, paths) for t in again) if problem]
        if problems:
            more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            raise IdentityError(
                f"{paths.data_directory} does not hold the server's tablespaces: {'; '.join(problems[:_SHOWN])}{more}",
                hint="Correct container, address or data_directory: they must all be of one server. A mount beneath "
                "the data directory hides its files from the host, too.",
            )
    matching = sum(problem == "" for problem in answers.values())
    return matching, sum(problem is None for problem in answers.values())


def _sample(tablespaces: Sequence[Tablespace]) -> Sequence[Tablespace]:
    """Return at most ``MOST_FILES`` of them, spread evenly."""
    step = -(-len(tablespaces) // MOST_FILES) or 1
    return tablespaces[::step]


def _problem(tablespace: Tablespace, paths: ServerPaths) -> str | None:
    """Return what does not fit, empty when all does, None when the page was not written yet."""
    path = host_path_of(PurePosixPath(tablespace.path), paths)
    if path is None:
        return f"{tablespace.path} is in no mount"
    try:
        space_id = read_space_id(path)
    except OSError as error:
        return f"{path}: {(error.strerror or '').lower()}"
    except MetadataError as error:
        return error.message
    if space_id is None:
        return None
    if space_id != tablespace.space_id:
        return f"{path} is tablespace {space_id}, the server's has id {tablespace.space_id}"
    return ""


def _require_same_machine(facts: ServerFacts, data: Path, host_name: str) -> None:
    """Refuse a server that runs elsewhere: a twin of it on this machine would pass every other comparison."""
    if facts.identity.hostname.partition(".")[0].lower() != host_name.partition(".")[0].lower():
        raise IdentityError(
            f"the server at {facts.address} runs on {facts.identity.hostname}, so {data} on {host_name} is not its own",
            hint="Run the daemon where the server runs; name its container if it has one, or its Unix socket.",
        )
