"""Storage backends that copies do not reach, or that lost some."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.refusals import Refusal, refusal_in
from octeth_backupd.domain.notices.words import count_words, moment_words
from octeth_backupd.domain.space import format_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from octeth_backupd.domain.notices.settings import NoticesSettings
    from octeth_backupd.domain.notices.standing import LostCopies, Standing, StorageFacts

_REFUSED: dict[Refusal | None, str] = {
    Refusal.CREDENTIALS: ", access is refused",
    Refusal.CERTIFICATE: ", its certificate is not trusted",
}
_TO_CORRECT = {Refusal.CREDENTIALS: "the credentials", Refusal.CERTIFICATE: "ca_bundle or endpoint_url"}
_LOST = {CopyState.MISSING: "missing", CopyState.CORRUPT: "damaged"}
_WHY_LOST = {
    CopyState.MISSING: "what the catalog expects there is not there; if nothing is, look whether its disk is mounted",
    CopyState.CORRUPT: "what is there is not what was stored",
}
_NAMED = 3
_COUNT = re.compile(r"(\d{1,9}) (missing|corrupt)", re.ASCII)


def storage_subject(storage: str) -> str:
    """Return the subject of what keeps copies from a storage backend."""
    return f"storage:{storage}"


def lost_subject(storage: str, state: CopyState) -> str:
    """Return the subject of what is said of copies that a storage backend lost in one way."""
    return f"lost:{storage}:{state}"


def upload_problem(storage: StorageFacts, standing: Standing, settings: NoticesSettings) -> CurrentProblem | None:
    """Return what keeps copies from a storage backend; None while none waits for longer than it may.

    What a backup's own run could not upload is a problem at once, since that run is told as degraded.
    """
    if not storage.waiting_copies or storage.waiting_since is None:
        return None
    waited = standing.now - storage.waiting_since
    refusal = refusal_in(storage.last_error)
    is_open = any(key.startswith(f"{storage_subject(storage.name)}/") for key in standing.open_keys)
    is_long = waited > timedelta(seconds=settings.upload_pending_seconds)
    if not (storage.was_told_by_run or is_open or is_long or refusal is not None):
        return None
    copies = count_words(storage.waiting_copies, "copy")
    cause = (
        f"{copies} ({format_bytes(storage.waiting_bytes)}) {_wait(storage)} since {moment_words(storage.waiting_since)}"
    )
    hint = "They are tried again, at least once an hour, until they are there."
    if not storage.is_configured:
        cause += f"; no storage of the name {storage.name} is in the configuration any more"
        hint = "Put its section back, or give the copies up with octeth-backupctl delete."
    elif refusal is not None:
        hint = f"Correct {_TO_CORRECT[refusal]} of this storage, and reload."
    if storage.last_error:
        cause += f". The last try: {storage.last_error}"
    return CurrentProblem(
        key=f"{storage_subject(storage.name)}/{refusal or 'upload'}",
        kind=NoticeKind.CREDENTIALS if refusal is not None else NoticeKind.UPLOAD,
        severity=Severity.ERROR if refusal is not None or is_long else Severity.WARNING,
        title=f"{storage.name}: {copies} {_wait(storage)} to be uploaded"
        + (
            f", the {'certificate' if refusal == 'certificate' else 'access'} is refused" if refusal is not None else ""
        ),
        cause=cause,
        hint=hint,
        command="octeth-backupctl doctor",
        since=storage.waiting_since,
    )


def lost_problems(storage: StorageFacts) -> list[CurrentProblem]:
    """Return one problem for each way in which a storage backend lost copies; one more lost is another problem."""
    return [
        CurrentProblem(
            key=f"{lost_subject(storage.name, state)}/{lost.name}",
            kind=NoticeKind.ANOMALY,
            severity=Severity.ERROR,
            title=f"{storage.name}: {count_words(len(lost.backups), 'copy')} "
            f"{'is' if len(lost.backups) == 1 else 'are'} {_LOST[state]}",
            cause=f"{_WHY_LOST[state]}: {_which(lost)}",
            hint="octeth-backupctl list shows which. Look again with sync, mend with sync --repair, or give one up "
            "with delete.",
            command="octeth-backupctl sync",
            since=lost.since,
        )
        for state, lost in sorted(storage.lost.items())
        if lost.backups and state in _LOST
    ]


def is_lost_cause(cause: str, current: Collection[str]) -> bool:
    """Return whether all that a sync says of a storage backend is copies that are lost by problems of their own.

    Args:
        cause: One of the reasons why the sync is degraded: ``s3: 1 missing, 2 corrupt``. It leaves out lost copies
            that were known and can be spared: the problem may be of more copies, never of fewer.
        current: Keys of the problems there are now.
    """
    storage, _, found = cause.partition(": ")
    counts = [_COUNT.fullmatch(one) for one in found.split(", ")]
    return all(one is not None and int(one[1]) <= _lost_count(storage, one[2], current) for one in counts)


def _lost_count(storage: str, state: str, keys: Iterable[str]) -> int:
    subject = f"{lost_subject(storage, CopyState(state))}/"
    return max((int(key.removeprefix(subject).partition("-")[0]) for key in keys if key.startswith(subject)), default=0)


def _which(lost: LostCopies) -> str:
    """Return some of the backups whose copies are lost, and of which servers all are."""
    named = ", ".join(backup_id for _, backup_id in lost.backups[:_NAMED])
    more = len(lost.backups) - _NAMED
    servers = sorted({server for server, _ in lost.backups})
    whose = f"server {servers[0]}" if len(servers) == 1 else f"servers {', '.join(servers)}"
    return f"{named}{f' and {more} more' if more > 0 else ''}, of {whose}"


def _wait(storage: StorageFacts) -> str:
    return "waits" if storage.waiting_copies == 1 else "wait"
