"""Questions about the server: which one, what it is called, which databases, where backups go."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Address, Placement
from octeth_backupd.domain.setup.candidates import Candidate, best_of, proposed_name
from octeth_backupd.domain.setup.configuration import USUAL_DIRECTORY, address_problem, split_address
from octeth_backupd.domain.setup.databases import (
    ALL,
    chosen_databases,
    database_problem,
    parse_databases,
    proposed_databases,
)
from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.servers.container import DEFAULT_PORT
from octeth_backupd.setup.discovery import greet_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from octeth_backupd.servers.greeting import Greeting
    from octeth_backupd.setup.order import SetupOrder
    from octeth_backupd.setup.prompt import Prompt

TARGET_FLAGS = "--container, --unit, --socket or --address"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LONGEST_NAME = 63
_OTHER = "another one, by address"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChoice:
    """Which server, and its name in the configuration."""

    name: str
    placement: Placement
    target: str


def choose_server(
    order: SetupOrder,
    prompt: Prompt,
    candidates: Sequence[Candidate],
    *,
    taken: Collection[str],
    greet: Callable[[Address], Greeting | None] = greet_at,
) -> ServerChoice:
    """Return the server that was ordered, or is chosen among those that were found.

    Args:
        order: The flags.
        prompt: Whoever answers.
        candidates: What was found.
        taken: Names that the configuration has already.
        greet: Connects to an address that is typed, and returns what a server says.

    Raises:
        InvalidRequestError: There are none or several, and nobody to ask; or the address or name is none.
        CancelledError: The terminal was closed.
    """
    chosen = _candidate(order, prompt, candidates, greet)
    name = order.server or prompt.text(
        "Its name here (part of paths, never changed later)", flag="--server", default=proposed_name(chosen, taken)
    )
    while problem := _name_problem(name, taken):
        if order.server or not prompt.is_attended:
            raise InvalidRequestError(problem, hint="Give another one with --server.")
        name = prompt.text(f"{problem[:1].upper()}{problem[1:]}. Another name", flag="--server")
    return ServerChoice(name=name, placement=chosen.placement, target=chosen.target)


def choose_databases(
    order: SetupOrder, prompt: Prompt, present: Sequence[str], say: Callable[[str], None]
) -> tuple[str, ...]:
    """Return the databases that the tests of a backup look at.

    Raises:
        InvalidRequestError: One that was ordered is not there.
        CancelledError: The terminal was closed.
    """
    if order.databases is not None:
        ordered = chosen_databases(order.databases, present)
        if problem := database_problem(ordered, present):
            raise InvalidRequestError(problem, hint="Correct --databases.")
        return ordered
    proposed = ",".join(proposed_databases(present)) or ALL
    question = f"Databases that tests of a backup read, with commas between them ({ALL}: every one)"
    while True:
        names = chosen_databases(parse_databases(prompt.text(question, flag="--databases", default=proposed)), present)
        problem = database_problem(names, present)
        if not problem:
            return names
        say(problem)


def choose_directory(order: SetupOrder, prompt: Prompt) -> Path:
    """Return where backups go.

    Raises:
        InvalidRequestError: It cannot be one, and there is nobody to ask.
        CancelledError: The terminal was closed.
    """
    answer = order.directory or Path(
        prompt.text("Directory for backups", flag="--directory", default=str(USUAL_DIRECTORY))
    )
    while problem := _directory_problem(answer):
        if order.directory or not prompt.is_attended:
            raise InvalidRequestError(problem, hint="Give another one with --directory; nothing was changed.")
        answer = Path(prompt.text(f"{problem}. Directory for backups", flag="--directory"))
    return answer


def _candidate(
    order: SetupOrder,
    prompt: Prompt,
    candidates: Sequence[Candidate],
    greet: Callable[[Address], Greeting | None],
) -> Candidate:
    if order.target is not None:
        placement, target = order.target
        if placement is Placement.ADDRESS and (problem := address_problem(target)):
            raise InvalidRequestError(problem, hint="Correct --address or --socket; nothing was changed.")
        return Candidate(placement=placement, target=target)
    if not prompt.is_attended:
        if len(candidates) != 1:
            found = "; ".join(candidate.flag for candidate in candidates) or "none"
            raise InvalidRequestError(
                f"it cannot be said which server is meant; found: {found}", hint=f"Name it with {TARGET_FLAGS}."
            )
        return candidates[0]
    options = [*map(str, candidates), _OTHER]
    number = prompt.choice("Which server?", options, flag=TARGET_FLAGS, default=best_of(candidates))
    if number < len(candidates):
        return candidates[number]
    question = "Path of its socket, or host:port"
    target = prompt.text(question, flag="--address")
    while problem := address_problem(target) or _silence(target, greet):
        target = prompt.text(f"{problem[:1].upper()}{problem[1:]}. {question}", flag="--address")
    return Candidate(placement=Placement.ADDRESS, target=target)


def _silence(target: str, greet: Callable[[Address], Greeting | None]) -> str:
    """Return that no server answers; empty where one does: better said here than after all the other questions."""
    if target.startswith("/"):
        address = Address(unix_socket=target)
    else:
        host, port = split_address(target)
        address = Address(host=host, port=port or DEFAULT_PORT)
    try:
        return "" if greet(address) is not None else f"no server answers at {target}"
    except UnicodeError:  # what no name of a host can be
        return f"{target!r} is no name of a host"


def _directory_problem(directory: Path) -> str:
    if not directory.is_absolute():
        return f"{directory} is no absolute path"
    try:
        there = next(path for path in (directory, *directory.parents) if path.exists())
        return "" if there.is_dir() else f"{there} is no directory"
    except OSError as error:
        return f"{directory} cannot be a directory: {os.strerror(error.errno or 0).lower()}"


def _name_problem(name: str, taken: Collection[str]) -> str:
    if len(name) > _LONGEST_NAME:
        return f"a name of {len(name)} characters is too long: at most {_LONGEST_NAME}"
    if not _NAME.fullmatch(name):
        return f"{name!r} is no name: small letters, digits, - and _"
    return f"a server {name} is configured already" if name in taken else ""
