"""What a journal that cannot be read keeps from being done: nobody knows whether its restore is over.

The catalog knows whose restore it was, and whether that run ended well. One of a run that nobody knows may concern any
server: restores of all of them wait, and backups go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.errors import NotFoundError, PreflightError

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.journals import UnreadableJournal


def unreadable_refusals(parts: Parts, server: str) -> tuple[Refusal, ...]:
    """Return that a restore of this server may not be over, or one of a server that nobody knows.

    Raises:
        StorageError: The journals' directory cannot be read.
        CatalogError: The catalog cannot be asked.
    """
    found = []
    for journal in parts.journals.unreadable():
        run = _run_of(parts, journal)
        if run is None or (run.server == server and not _is_over(run)):
            found.append(Refusal(code="unreadable_journal", message=journal.error, hint=_advice(journal)))
    return tuple(found)


def backups_blocked(parts: Parts, server: str) -> str:
    """Return why no backup of this server can be taken: a restore of it may not be over; empty: it can."""
    for journal in parts.journals.unreadable():
        run = _run_of(parts, journal)
        if run is not None and run.server == server and not _is_over(run):
            return f"restore {journal.restore_id} may not be over: {journal.error}"
    return ""


def require_readable(parts: Parts, server: str) -> None:
    """Pass when no restore of a server may be unfinished without anybody knowing.

    Raises:
        PreflightError: One may be.
    """
    reason = backups_blocked(parts, server)
    if reason:
        raise PreflightError(reason, hint="octeth-backupctl status says what to do.")


def unreadable_warnings(parts: Parts) -> tuple[str, ...]:
    """Return what to say of each journal that cannot be read, until it can or is moved away."""
    words = []
    for journal in parts.journals.unreadable():
        run = _run_of(parts, journal)
        if run is None:
            kept_off = "restores of all servers are refused"
        elif _is_over(run):
            kept_off = f"the restore of {run.server} had succeeded, but nothing removes its safety copy any more"
        else:
            kept_off = f"backups and restores of {run.server} are refused"
        words.append(f"{journal.error}; {kept_off}. {_advice(journal)}")
    return tuple(words)


def _run_of(parts: Parts, journal: UnreadableJournal) -> Run | None:
    try:
        return parts.catalog.run(journal.restore_id)
    except NotFoundError:
        return None


def _is_over(run: Run) -> bool:
    return run.status is RunStatus.SUCCESS


def _advice(journal: UnreadableJournal) -> str:
    return (
        "Make sure that the server runs on one complete data set, and see what directories named "
        f".octeth-backupd-{journal.restore_id} hold; then move the file away: "
        f"mv {journal.path} {journal.path}.unreadable"
    )
