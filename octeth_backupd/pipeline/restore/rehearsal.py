"""Starting a server on staged data before the present one is stopped: the proof that a restore will work."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import mounts_beneath, normalised
from octeth_backupd.domain.restore.gate import corruption_lines
from octeth_backupd.domain.restore.journal import Expected
from octeth_backupd.domain.restore.overrides import is_made_again
from octeth_backupd.domain.server import Vendor
from octeth_backupd.errors import LoginRefusedError, VerificationError
from octeth_backupd.pipeline.restore.login import Login
from octeth_backupd.pipeline.restore.rehearsal_performance import anybody
from octeth_backupd.pipeline.restore.rehearsal_proofs import may_look_at_everything, require_overrides
from octeth_backupd.pipeline.restore.rehearsal_start import Stage
from octeth_backupd.pipeline.restore.table_checks import (
    TableProgress,
    TableReport,
    check_tables,
    largest,
    list_tables,
    read_tables,
    user_schemas,
)
from octeth_backupd.process.files import translated_os_errors
from octeth_backupd.servers.sql_errors import PrivilegeMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path, PurePosixPath

    from octeth_backupd.domain.restore.site import Owner, Site
    from octeth_backupd.domain.server import ContainerFacts, Version
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.rehearsal_performance import Performance
    from octeth_backupd.servers.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalSubject:
    """What is rehearsed, and how the server would be started on it.

    Attributes:
        vendor: Of the server that is started.
        version: Of the server that is started.
        data_directory: The staged one.
        binlog_directory: The staged one, where the server keeps its binary logs outside the data directory.
        server_paths: Role → the server's own path (``data``, ``binlog``, …).
        command: Program and arguments that the server is started with, without any entrypoint.
        container: Whose image and mounts are used; None: the server's program on this host.
        log_bin: The live server writes binary logs.
        owner: Whom the staged files belong to, and whom the server runs as.
        databases: What is looked at; empty: all that are not the server's own.
        logins: In the order to try them.
        deep: Check every table, not just read from it.
        scratch: A directory of mode 0700 for the socket, the pid file and the error log.
    """

    vendor: Vendor
    version: Version
    data_directory: Path
    binlog_directory: Path | None = None
    server_paths: Mapping[str, PurePosixPath]
    command: tuple[str, ...] = ()
    container: ContainerFacts | None = None
    log_bin: bool
    owner: Owner
    databases: tuple[str, ...] = ()
    logins: tuple[Login, ...] = ()
    deep: bool = False
    scratch: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal showed.

    Attributes:
        expected: For the gate to find again; its ``login`` is the source of the one that worked, empty when none did.
        version_text: What the server says it is.
        checked_tables: How many tables were read from, or checked.
        skipped_tables: ``schema.table`` of those that were not, for want of time or because they cannot be.
        notes: What the operator should know, in words.
    """

    expected: Expected
    version_text: str
    checked_tables: int
    skipped_tables: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def subject_of(
    site: Site,
    *,
    data: Path,
    binlog: Path | None,
    scratch: Path,
    databases: tuple[str, ...],
    logins: Iterable[Login],
    deep: bool = False,
) -> RehearsalSubject:
    """Return how a site's server is tried on data that was staged for it; see RehearsalSubject."""
    return RehearsalSubject(
        vendor=site.vendor,
        version=site.version,
        data_directory=data,
        binlog_directory=binlog,
        server_paths=site.server_paths,
        command=site.command,
        container=site.container,
        log_bin=site.log_bin,
        owner=site.owner,
        databases=databases,
        logins=tuple(logins),
        deep=deep,
        scratch=scratch,
    )


def rehearse(context: RunContext, parts: Parts, subject: RehearsalSubject, *, step: str = "rehearse") -> Rehearsal:
    """Start a server on staged data, look at it, and stop it cleanly; what lies there then is what goes live.

    A second start without accounts follows where none of the logins works, or may see everything.

    Args:
        context: The run; cancelling it ends the server at once.
        parts: The configuration's object graph.
        subject: What is rehearsed.
        step: Name of the step, for the progress events.

    Raises:
        VerificationError: The server does not start or stop, a table cannot be read or is damaged, or none of the
            configured databases is there.
        RestoreError: An override does not hold: the rehearsal is not isolated.
        ProgramTimeoutError: It took too long.
        DockerError: The Docker engine cannot be reached or refused.
        ProgramError: The server's program cannot be run on this host.
    """
    before = _names(subject.data_directory)
    stage = Stage(context, parts, subject)
    look = _Look(context, parts, subject, step)
    try:
        login, findings, notes = _start_as_live(stage, subject, look)
        if findings is None:
            findings = _start_without_accounts(stage, look)
        _remove_what_is_made_again(subject, before)
    finally:
        stage.clear()
    return Rehearsal(
        expected=Expected(
            tables=findings.counts,
            largest=findings.largest,
            gtid=findings.gtid,
            login=login,
        ),
        version_text=findings.version_text,
        checked_tables=findings.report.checked,
        skipped_tables=tuple(findings.report.skipped),
        notes=(*notes, *findings.notes, *findings.report.notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Findings:
    """What a server on the data said."""

    version_text: str
    gtid: str
    counts: dict[str, int]
    largest: tuple[str, ...]
    report: TableReport
    notes: tuple[str, ...]


def _start_as_live(
    stage: Stage, subject: RehearsalSubject, look: _Look
) -> tuple[str, _Findings | None, tuple[str, ...]]:
    """Start the server with its accounts; return the login that works, what it showed, and what is worth knowing."""
    findings: _Findings | None = None
    notes: list[str] = []
    with stage.server(skip_grants=False) as performance:
        with performance.entered(subject.logins, query_timeout_seconds=stage.limit_seconds) as entry:
            if isinstance(entry, LoginRefusedError):
                source = ""
                notes.append(f"login: {entry.message}")
            else:
                session, login = entry
                source = login.source
                try:
                    if may_look_at_everything(session):
                        findings = look.at(stage, performance, session, login)
                        session.rows("SHUTDOWN")
                    else:
                        notes.append(f"login: {login.user} may not see everything; looked at without accounts")
                except PrivilegeMissingError as exc:
                    findings = None
                    notes.append(f"looked at without accounts: {exc.message}")
        if findings is None:
            performance.terminate()
        else:
            performance.require_clean_end()
    _require_sound_log(stage)
    return source, findings, tuple(notes)


def _start_without_accounts(stage: Stage, look: _Look) -> _Findings:
    """Start the server so that it lets everybody in."""
    nobody = anybody()
    with stage.server(skip_grants=True) as performance:
        with performance.entered([nobody], query_timeout_seconds=stage.limit_seconds) as entry:
            if isinstance(entry, LoginRefusedError):
                raise VerificationError(f"the server lets nobody in, even without accounts: {entry.message}") from entry
            session, login = entry
            findings = look.at(stage, performance, session, login)
            session.rows("SHUTDOWN")
        performance.require_clean_end()
    _require_sound_log(stage)
    return findings


class _Look:
    """Looking at a server that answers: is it isolated, is the data there and whole."""

    def __init__(self, context: RunContext, parts: Parts, subject: RehearsalSubject, step: str) -> None:
        self._context = context
        self._parts = parts
        self._subject = subject
        self._step = step

    def at(self, stage: Stage, performance: Performance, session: Session, login: Login) -> _Findings:
        """Return what is found.

        Raises:
            VerificationError: Something is not as it must be.
            PrivilegeMissingError: The account may not ask.
        """
        subject = self._subject
        require_overrides(session, stage.overrides, subject.vendor, subject.version)
        schemas, notes = self._schemas(session)
        tables = list_tables(session, schemas)
        connection_id = int(session.value("SELECT CONNECTION_ID()"))
        progress = TableProgress(self._context, self._step, tables)
        if subject.deep:
            report = check_tables(
                session,
                tables,
                budget_seconds=self._parts.restore.check_table_seconds,
                monotonic_seconds=self._context.clock.monotonic_seconds,
                interrupt=lambda: performance.interrupt_others(login, connection_id),
                on_table=progress.done,
            )
        else:
            report = read_tables(session, tables, on_table=progress.done)
        counts = {schema: sum(t.schema == schema and bool(t.engine) for t in tables) for schema in schemas}
        return _Findings(
            version_text=str(session.value("SELECT VERSION()")),
            gtid=self._gtid(session),
            counts=counts,
            largest=largest(tables),
            report=report,
            notes=notes,
        )

    def _schemas(self, session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the schemas to look at, and what is to be said about those that are missing."""
        present = user_schemas(session)
        wanted = self._subject.databases or present
        found = tuple(name for name in wanted if name in present)
        missing = [name for name in wanted if name not in present]
        if missing and not found:
            raise VerificationError(
                f"none of the configured databases is in the backup: {', '.join(missing)}",
                hint="Choose another backup, or correct databases of the server in the configuration.",
            )
        return found, tuple(f"database {name} is not in the backup" for name in missing)

    def _gtid(self, session: Session) -> str:
        if self._subject.vendor is Vendor.MARIADB:
            return ""
        return "".join(str(session.value("SELECT @@GLOBAL.gtid_executed") or "").split())


def _require_sound_log(stage: Stage) -> None:
    """Pass when the server's error log speaks of no damage."""
    lines = corruption_lines(stage.error_log())
    if lines:
        raise VerificationError(
            f"the server's log in the rehearsal says: {' | '.join(lines[:3])}",
            hint="This backup does not restore whole; use another one.",
        )


def _names(directory: Path) -> frozenset[str]:
    with translated_os_errors(directory):
        return frozenset(path.name for path in directory.iterdir())


def _remove_what_is_made_again(subject: RehearsalSubject, before: frozenset[str]) -> None:
    """Remove what the server made and would make again, and the empty places that mounts needed."""
    data = normalised(subject.server_paths["data"])
    mounts = subject.container.mounts if subject.container is not None else ()
    mounted = {normalised(mount.destination).relative_to(data).parts[0] for mount in mounts_beneath(data, mounts)}
    for name in sorted(_names(subject.data_directory) - before):
        path = subject.data_directory / name
        with translated_os_errors(path):
            if is_made_again(name) or (name in mounted and _is_empty(path)):
                _remove(path)


def _is_empty(path: Path) -> bool:
    return not any(path.iterdir()) if path.is_dir() and not path.is_symlink() else path.lstat().st_size == 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
