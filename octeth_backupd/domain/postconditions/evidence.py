"""Everything that speaks for or against a backup, as one frozen value; the pipeline gathers it, the checks judge it.

Parts of later steps are None until those steps are done. Paths inside directories are relative, with ``/``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from octeth_backupd.domain.backup import VerifyMode
from octeth_backupd.domain.postconditions.size_bounds import SizeBounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.server import EngineTable, LsnPosition, ServerFacts, Tablespace
    from octeth_backupd.domain.space import SizeHistory


class ExitStatus(Protocol):
    """How a program ended; ``process.command.Completed`` is one."""

    @property
    def program(self) -> str:
        """Return its name."""

    @property
    def exit_code(self) -> int:
        """Return its exit code."""


class JudgedRun(Protocol):
    """An invocation of an engine with its judged log; ``engines.base.EngineRun`` is one."""

    @property
    def completed(self) -> ExitStatus:
        """Return how it ended."""

    @property
    def last_line(self) -> str:
        """Return the last non-empty line."""

    @property
    def error_lines(self) -> tuple[str, ...]:
        """Return the lines of severity error."""


class ExpectedResult(Protocol):
    """What the engine writes when all is well; ``engines.base.Expectation`` is one."""

    @property
    def raw_backup_type(self) -> str:
        """Return ``backup_type`` after the backup."""

    @property
    def prepared_backup_type(self) -> str:
        """Return ``backup_type`` after the prepare."""

    @property
    def checkpoints_files(self) -> tuple[str, ...]:
        """Return the alternative names of the checkpoints file."""

    @property
    def info_files(self) -> tuple[str, ...]:
        """Return the alternative names of the info file."""

    @property
    def binlog_info_files(self) -> tuple[str, ...]:
        """Return the alternative names of the binlog position file."""

    @property
    def required_files(self) -> tuple[tuple[str, ...], ...]:
        """Return groups of alternatives, one of each must exist."""

    @property
    def may_be_empty(self) -> frozenset[str]:
        """Return the metadata files that may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A regular file of a backup.

    Attributes:
        space_id: InnoDB's tablespace id on page 0; None where it was not read, is not written or is no tablespace.
    """

    size_bytes: int
    space_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryState:
    """A backup directory at the end of a step.

    Attributes:
        files: Every regular file.
        texts: Content of the metadata files, by path: checkpoints, info, binlog info, backup-my.cnf.
    """

    files: Mapping[str, FileEntry]
    texts: Mapping[str, str] = field(default_factory=dict)

    def first(self, names: tuple[str, ...]) -> str | None:
        """Return the first of these names that the directory holds."""
        return next((name for name in names if name in self.files), None)

    @property
    def tablespace_bytes(self) -> int:
        """Return the size of all InnoDB files; only where their space ids were read.

        Unlike the server's own list it is whole: MariaDB knows no size of a tablespace that it has not opened yet.
        """
        return sum(entry.size_bytes for entry in self.files.values() if entry.space_id is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAfter:
    """What was asked of the server once more, when the engine had ended; None: it could not be asked."""

    tablespaces: tuple[Tablespace, ...]
    other_tables: tuple[EngineTable, ...]
    lsn: LsnPosition | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """The archive as it was written.

    Attributes:
        stages: Name → exit code of each stage of the pipe that wrote it; 0 for stages inside the daemon.
        archived_bytes: Bytes that went into the compressor.
    """

    stages: Mapping[str, int]
    sha256: str
    size_bytes: int
    top_directory: str
    archived_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveReadBack:
    """The archive as it was read again.

    Attributes:
        files: Member path, with the top directory, → size of each regular file; None when it was only hashed.
    """

    sha256: str
    size_bytes: int
    files: Mapping[str, int] | None = None


class PrepareEvidence(Protocol):
    """What is needed to judge the engine's work itself, whatever is known of the server; ``Evidence`` is one."""

    @property
    def engine(self) -> str:
        """Return the engine's name."""

    @property
    def expectation(self) -> ExpectedResult:
        """Return what the engine writes when all is well."""

    @property
    def backup_run(self) -> JudgedRun | None:
        """Return its backup."""

    @property
    def prepare_run(self) -> JudgedRun | None:
        """Return its prepare."""

    @property
    def raw(self) -> DirectoryState | None:
        """Return the directory before the prepare."""

    @property
    def prepared(self) -> DirectoryState | None:
        """Return the directory after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All evidence about one backup.

    Attributes:
        server: Name of the server, for the results.
        before: The survey's facts, gathered before the engine was started.
        after: Asked again right after the engine had ended.
        raw: The directory as the engine's backup left it.
        prepared: The directory as its prepare left it, with the space ids of the tablespaces.
        previous: Sizes of the last good backup; None: there is none.
        bounds: From which difference on a size is doubted.
    """

    server: str
    engine: str
    expectation: ExpectedResult
    before: ServerFacts
    after: ServerAfter | None = None
    backup_run: JudgedRun | None = None
    raw: DirectoryState | None = None
    prepare_run: JudgedRun | None = None
    prepared: DirectoryState | None = None
    archived: Archived | None = None
    read_back: ArchiveReadBack | None = None
    verify: VerifyMode = VerifyMode.FULL
    previous: SizeHistory | None = None
    bounds: SizeBounds = field(default_factory=SizeBounds)
