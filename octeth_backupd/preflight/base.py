"""The contract of preflight checks.

A check answers one question about a server and the places a backup needs, before anything is done. It changes nothing
that it does not undo, raises no ``BackupdError`` and does not depend on other checks having run: when something it
needs was not found out, it says ``unknown`` and what it waits for. ``failed`` prevents a run, ``warning`` does not.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from octeth_backupd.domain.backup import Mode
from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.space import SpacePolicy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.domain.server import ContainerFacts, LsnPosition, ServerFacts
    from octeth_backupd.domain.space import FileSystem, SizeHistory
    from octeth_backupd.engines.base import Engine, EngineVersion
    from octeth_backupd.errors import BackupdError
    from octeth_backupd.servers.settings import ServerSettings
    from octeth_backupd.servers.survey import Survey
    from octeth_backupd.servers.unit_standing import UnitStanding
    from octeth_backupd.storage.base import Storage


class Placed(Protocol):
    """Where the engine's program will run; ``engines.selection.EnginePlacement`` is one."""

    @property
    def kind(self) -> str:
        """Return ``host`` or ``sidecar``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A server with everything around it that a backup needs, as it was found.

    Attributes:
        state_directory: Of the daemon; None: not looked at.
        unit: Of the server; None: it has none, or was not found.
        engine: None with ``engine_error`` when none could be chosen, or nothing is known of the server.
        engine_version: None with ``engine_version_error`` when the program did not say.
        placement: None with ``placement_error`` when there is no place to run it.
        identity: Compares the files with the server and says how in words; raises ``IdentityError``.
        file_systems: Under the workspace, the backups and, where the host sees it, the server's data.
        later_lsn: The redo position once more, some time after the survey; None: not measured.
        open_files_limit: What a program that the daemon starts may have open at most; 0: no limit.
        previous: Sizes of the last good backup.
        find_program: Returns the path of a program, or None.
    """

    server: str
    settings: ServerSettings
    survey: Survey
    storages: tuple[Storage, ...]
    workspace_directory: Path
    backup_directory: Path
    state_directory: Path | None = None
    unit: UnitStanding | None = None
    engine: Engine | None = None
    engine_error: BackupdError | None = None
    engine_version: EngineVersion | None = None
    engine_version_error: BackupdError | None = None
    placement: Placed | None = None
    placement_error: BackupdError | None = None
    identity: Callable[[], str] | None = None
    file_systems: tuple[FileSystem, ...] = ()
    space_policy: SpacePolicy = field(default_factory=SpacePolicy)
    mode: Mode = Mode.PREPARED
    previous: SizeHistory | None = None
    later_lsn: LsnPosition | None = None
    open_files_limit: int = 0
    compression: str = "zstd"
    find_program: Callable[[str], str | None] = shutil.which

    @property
    def facts(self) -> ServerFacts | None:
        """Return what the server said in SQL."""
        return self.survey.facts

    @property
    def container(self) -> ContainerFacts | None:
        """Return the server's container."""
        return self.survey.location.container if self.survey.location else None


class Check(Protocol):
    """One question; its docstring asks it.

    Attributes:
        name: Stable name, part of the control interface.
    """

    name: str

    def run(self, subject: Subject) -> CheckResult:
        """Answer the question; never raises a BackupdError."""


def passed(check: Check, subject: Subject, summary: str) -> CheckResult:
    """Say that all is well."""
    return CheckResult(name=check.name, server=subject.server, status=CheckStatus.PASSED, summary=summary)


def warning(
    check: Check, subject: Subject, summary: str, *, cause: str = "", fix: str = "", command: str = ""
) -> CheckResult:
    """Say that a backup is possible, with this reservation."""
    return CheckResult(
        name=check.name,
        server=subject.server,
        status=CheckStatus.WARNING,
        summary=summary,
        cause=cause,
        fix=fix,
        command=command,
    )


def failed(
    check: Check, subject: Subject, summary: str, *, fix: str, cause: str = "", command: str = ""
) -> CheckResult:
    """Say that no backup is possible until somebody does something."""
    return CheckResult(
        name=check.name,
        server=subject.server,
        status=CheckStatus.FAILED,
        summary=summary,
        cause=cause,
        fix=fix,
        command=command,
    )


def unknown(check: Check, subject: Subject, waits_for: str) -> CheckResult:
    """Say that the question could not be asked, and what it waits for."""
    return CheckResult(
        name=check.name,
        server=subject.server,
        status=CheckStatus.UNKNOWN,
        summary=f"not asked: {waits_for}",
        fix="Repair what failed before it; this check then answers by itself.",
    )


NOT_LOGGED_IN = "nothing could be asked of the server"
