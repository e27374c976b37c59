"""Servers that were found on this host, before anybody has logged in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Placement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PROGRAMS = frozenset({"mysqld", "mariadbd", "mysqld_safe", "mariadbd-safe"})
_PORT = "3306/tcp"
_LONGEST_NAME = 63
_NUMBER = re.compile(r"[-_.]\d+$")
_GENERIC = re.compile(r"[-_.]?(?:mysql|mariadb|percona|database|db)\d*$")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "[::1]"})
FALLBACK_NAME = "mysql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A server that a configuration could name.

    Attributes:
        target: Name of the container or unit; path of the socket; or host and port.
        version_text: What the server says of itself before the login; empty when it does not answer.
        image: Of its container.
        data_directory: On this host, as far as that can be seen from outside.
        problem: Why it does not answer.
    """

    placement: Placement
    target: str
    version_text: str = ""
    image: str = ""
    data_directory: PurePosixPath | None = None
    problem: str = ""

    @property
    def flag(self) -> str:
        """Return the option that names it on the command line."""
        match self.placement:
            case Placement.CONTAINER:
                return f"--container {self.target}"
            case Placement.SYSTEMD:
                return f"--unit {self.target}"
            case Placement.ADDRESS:
                return f"--socket {self.target}" if self.target.startswith("/") else f"--address {self.target}"

    def __str__(self) -> str:
        kind = {Placement.CONTAINER: "container ", Placement.SYSTEMD: "systemd unit ", Placement.ADDRESS: ""}
        facts = [f"image {self.image}"] if self.image else []
        facts.append(f"version {self.version_text}" if self.version_text else self.problem or "does not answer")
        if self.data_directory is not None:
            facts.append(f"data in {self.data_directory}")
        return f"{kind[self.placement]}{self.target}: {', '.join(facts)}"


def may_be_server(command: Iterable[str], ports: Iterable[str]) -> bool:
    """Return whether a container is worth a connection: it runs a server's program or has its port.

    Args:
        command: Program and arguments of the container.
        ports: That it exposes, as Docker writes them.
    """
    return _PORT in ports or any(PurePosixPath(word).name in _PROGRAMS for word in command)


def proposed_name(candidate: Candidate, taken: Iterable[str] = ()) -> str:
    """Return a name for the server in the configuration: short, for people, and allowed there.

    Args:
        candidate: The server.
        taken: Names that the configuration has already.
    """
    text = candidate.target.lower().removesuffix(".service")
    if candidate.placement is Placement.ADDRESS:
        host = text.rpartition(":")[0]
        text = FALLBACK_NAME if text.startswith("/") or host in _LOOPBACK else host
    if candidate.placement is Placement.CONTAINER:
        bare = _GENERIC.sub("", _NUMBER.sub("", text))
        text = bare or text
    name = re.sub(r"[^a-z0-9_-]+", "-", text).strip("-_")[:_LONGEST_NAME] or FALLBACK_NAME
    return next(one for one in _numbered(name) if one not in set(taken))


def best_of(candidates: Sequence[Candidate]) -> int:
    """Return the position of the one to propose: the first that answers, else the first."""
    return next((number for number, one in enumerate(candidates) if one.version_text), 0)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1
