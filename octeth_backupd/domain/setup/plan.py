"""What setup writes: every file with its mode, as one plan that is shown before it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.setup.one_line import one_line
from octeth_backupd.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


class Present(StrEnum):
    """What is where the configuration will be."""

    NOTHING = "nothing"
    BLANK = "blank"
    """A file that sets nothing, such as the one that the package brings."""
    IN_USE = "in use"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """A file to be written.

    Attributes:
        is_secret: Its content is never shown.
        kept_as: Where the file that it replaces is kept; None where there is none, or none worth keeping.
        replaces: Something is there already.
    """

    path: PurePosixPath
    content: str = field(repr=False)
    mode: int
    is_secret: bool = False
    kept_as: PurePosixPath | None = None
    replaces: bool = False

    def lines(self) -> Iterator[str]:
        """Yield what is shown before it is written."""
        yield f"{'replace' if self.replaces else 'write'} {self.path} ({self.mode:04o}, root:root)"
        if self.kept_as is not None:
            yield f"  what is there is kept as {self.kept_as}"
        if self.is_secret:
            yield "  the password, which is not shown"
            return
        yield from (f"  | {line}".rstrip() for line in self.content.splitlines())


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that will be done on this host, in order.

    Attributes:
        keeps_account: The account is there already.
        directories: Directory → mode, for those that are not there.
        commands: Run after the files are written.
        notes: What the operator must know.
    """

    files: tuple[PlannedFile, ...]
    directories: tuple[tuple[PurePosixPath, int], ...] = ()
    account: str = ""
    keeps_account: bool = False
    grants: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Return all of it for people, each line as one: names come from the server, and could fake others."""
        return map(one_line, self._lines())

    def _lines(self) -> Iterator[str]:
        if self.account:
            yield (
                f"give the account {self.account}, which is there, a new random password, and grant it:"
                if self.keeps_account
                else f"create the account {self.account} with a random password, and grant it:"
            )
            yield from (f"  {statement}" for statement in self.grants)
        yield from (f"make the directory {path} ({mode:04o})" for path, mode in self.directories)
        for file in self.files:
            yield from file.lines()
        yield from (f"run {' '.join(command)}" for command in self.commands)
        yield from (f"mind: {note}" for note in self.notes)


def require_leave(present: Present, *, path: PurePosixPath, add: bool, force: bool) -> None:
    """Pass when the configuration may be written.

    Args:
        present: What is there.
        path: Where.
        add: A server is to be added to what is there.
        force: What is there may be replaced.

    Raises:
        ConfigurationError: It is in use and neither was asked for; or there is nothing to add to.
    """
    if present is Present.IN_USE and not (add or force):
        raise ConfigurationError(
            f"{path} is in use, and is not overwritten",
            hint="Add a server to it with --add, or replace it with --force, which keeps a copy.",
        )
    if add and present is not Present.IN_USE:
        raise ConfigurationError(
            f"there is no configuration in {path} that a server could be added to", hint="Run setup without --add."
        )


def copy_name(path: PurePosixPath, now: datetime) -> PurePosixPath:
    """Return where the file that is replaced is kept: beside it, with the time."""
    return path.with_name(f"{path.name}.{now:%Y-%m-%d_%H-%M-%S}.before")
