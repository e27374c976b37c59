"""What setup says: what was found, what a check gave, when the next backups are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.space import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.server import ServerFacts, ServerPaths
    from octeth_backupd.domain.setup.candidates import Candidate

_VENDORS = {"mysql": "MySQL", "percona": "Percona Server", "mariadb": "MariaDB"}
_MARKS = {
    CheckStatus.PASSED: "ok     ",
    CheckStatus.WARNING: "warning",
    CheckStatus.FAILED: "FAILED ",
    CheckStatus.UNKNOWN: "unknown",
}
_TROUBLE = frozenset({CheckStatus.FAILED, CheckStatus.UNKNOWN})


def found_lines(candidates: Iterable[Candidate], docker_problem: str, *, is_asked: bool = False) -> Iterator[str]:
    """Yield the servers that were found on this host.

    Args:
        candidates: In the order of their numbers.
        docker_problem: Why Docker could not be asked; empty when it could, or is not there.
        is_asked: A question which one is meant comes next, and lists them itself.
    """
    listed = [str(candidate) for candidate in candidates]
    yield "Servers on this host:" if listed else "No MySQL or MariaDB server was found on this host."
    if not is_asked:
        yield from (f"  {number}. {text}" for number, text in enumerate(listed, 1))
    if docker_problem:
        yield f"  Docker was not asked: {docker_problem}"


def server_lines(facts: ServerFacts, paths: ServerPaths | None, *, free_bytes: int, directory: str) -> Iterator[str]:
    """Yield what is known of the server that was chosen, after the login.

    Args:
        facts: Of the server.
        paths: Where its files are; None where that could not be found out.
        free_bytes: Room where backups will go.
        directory: That place.
    """
    yield f"{_VENDORS[facts.vendor]} {facts.version_text}, {format_bytes(facts.data_bytes)} of data"
    data = paths.data_directory if paths is not None else None
    yield f"its data directory on this host: {data or 'not visible from here'}"
    yield f"backups go to {directory}: {format_bytes(free_bytes)} free there"


def check_lines(results: Iterable[CheckResult]) -> Iterator[str]:
    """Yield every check; one that did not pass with its cause, what to do, and the command."""
    for result in results:
        yield f"  {_MARKS[result.status]} {result.name}: {result.summary}"
        if result.status is CheckStatus.PASSED:
            continue
        yield from (f"          {text}" for text in (result.cause, result.fix) if text)
        yield from (f"          $ {line}" for line in result.command.splitlines())


def all_hold(results: Iterable[CheckResult]) -> bool:
    """Return whether a backup can be made: no check failed, and none is unknown."""
    return not any(result.status in _TROUBLE for result in results)


def due_lines(due: Iterable[tuple[datetime, str]]) -> Iterator[str]:
    """Yield the next due times.

    Args:
        due: Time, in the schedules' zone, and what is due, in order.
    """
    listed = [f"  {at:%A %Y-%m-%d %H:%M %Z}: {what}" for at, what in due]
    yield "Next due:" if listed else "No schedule is set: backups are made on demand only."
    yield from listed
