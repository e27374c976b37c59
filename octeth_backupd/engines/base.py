"""The contract of engines.

An engine makes a hot physical backup in an empty directory and prepares it there. It runs one program through a
``Runner`` and says what it expects of the result; it does *not* judge the result: exit code, log and metadata files
come back as evidence, and ``domain.postconditions`` decides. An engine never sees a password: the option file holds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.server import Address, ServerFacts, Vendor, Version
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.command import Completed, Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineVersion:
    """What ``--version`` of an engine's program says."""

    version: Version
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRequest:
    """What an engine is asked to back up.

    Attributes:
        target_directory: Does not exist yet; its parent does. The same path for host and sidecar.
        option_file: Holds user and password under ``[client]``; first argument, mode 0600.
        address: The server as seen from where the program runs.
        paths: Role → path as seen from where the program runs ("data", "binlog", "binlog_index", "redo", "undo",
            "innodb_home"); only what differs from the server's own say-so matters to the engine.
    """

    target_directory: Path
    option_file: Path
    address: Address
    paths: Mapping[str, str]
    parallel: int
    open_files_limit: int
    lock_ddl_timeout_seconds: int
    facts: ServerFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRun:
    """The evidence an invocation leaves: exit code, judged lines of its log.

    Attributes:
        last_line: Last non-empty line printed.
        error_lines: Lines of severity error, in order, at most 50.
        options: The arguments it was given; no secret is among them.
    """

    completed: Completed
    last_line: str
    error_lines: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What this engine writes when all is well.

    Attributes:
        raw_backup_type: ``backup_type`` in the checkpoints file after the backup.
        prepared_backup_type: The same after the prepare.
        checkpoints_files: Names the checkpoints file may have (MariaDB renamed its files in 11.1); likewise the others.
        required_files: Groups of alternatives, one of each must exist and not be empty.
        may_be_empty: Metadata files that may be empty.
    """

    raw_backup_type: str
    prepared_backup_type: str
    checkpoints_files: tuple[str, ...]
    info_files: tuple[str, ...]
    binlog_info_files: tuple[str, ...]
    required_files: tuple[tuple[str, ...], ...] = ()
    may_be_empty: frozenset[str] = field(default_factory=frozenset)


class Engine(Protocol):
    """One engine. The suite in ``tests/contracts/test_engines.py`` holds every one to this.

    Attributes:
        name: ``xtrabackup`` or ``mariadb-backup``.
        expectation: What its result looks like.
    """

    name: str
    vendors: frozenset[Vendor]
    expectation: Expectation

    def version(self, runner: Runner, *, cancellation: Cancellation) -> EngineVersion:
        """Ask the program for its version.

        Raises:
            ProgramError: It is missing where the runner runs; the hint names the package.
            EngineError: It said something that is no version.
        """

    def check_fit(self, version: EngineVersion, facts: ServerFacts) -> CheckResult:
        """Answer whether this version can back up that server; ``fix`` and ``command`` name the exact package."""

    def backup(
        self,
        request: BackupRequest,
        runner: Runner,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        timeout_seconds: float,
    ) -> EngineRun:
        """Make the backup in ``request.target_directory``.

        Raises:
            ProgramError: The program could not be started or took too long.
            BackupdError: The token's reason.
        """

    def prepare(
        self,
        target_directory: Path,
        runner: Runner,
        *,
        memory_bytes: int,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        open_files_limit: int,
        timeout_seconds: float = 0,
    ) -> EngineRun:
        """Apply the redo log to a backup, in place.

        Raises:
            ProgramError: The program could not be started or took too long.
            BackupdError: The token's reason.
        """

    def required_grants(self, facts: ServerFacts) -> tuple[str, ...]:
        """Return the privileges the login needs as the server spells them; for a table: ``SELECT ON db.table``."""
