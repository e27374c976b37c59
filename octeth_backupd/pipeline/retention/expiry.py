"""Delete copies, and keep the catalog true at every moment of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from octeth_backupd.domain.backup import CopyState, Origin, RunStatus
from octeth_backupd.domain.retention.copy_detail import locked_detail
from octeth_backupd.domain.retention.reasons import ReasonCode
from octeth_backupd.domain.space import format_bytes
from octeth_backupd.domain.sync.comparison import CopyChange
from octeth_backupd.errors import BackupdError, RetainedError
from octeth_backupd.pipeline.remote_copy import missing_of
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.retention.deletion import NothingThereError, delete_copy, has_first_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.domain.retention.decisions import CopyDecision
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage

_log = structlog.get_logger("retention")
_LISTED = 1000


@dataclass(slots=True, kw_only=True)
class Deleted:
    """What became of copies that were to go.

    Attributes:
        gone: (backup, storage) of those that are deleted.
        retained: Those that an object lock holds.
        problems: What stood in the way of the others, in words.
        freed_bytes: Size of the archives that were removed.
        absent: How many of those that are deleted had no file any more.
    """

    gone: list[tuple[str, str]] = field(default_factory=list)
    retained: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    freed_bytes: int = 0
    absent: int = 0

    @property
    def words(self) -> str:
        """Return what was done in one line."""
        copies = f"{len(self.gone)} {'copy' if len(self.gone) == 1 else 'copies'} expired"
        words = f"{copies}, {self._freed_words}" if self.gone else "nothing expired"
        return f"{words}; {len(self.retained)} locked by their storage" if self.retained else words

    @property
    def _freed_words(self) -> str:
        if self.absent == len(self.gone):
            return "nothing freed: no file of it was there" if self.absent == 1 else "nothing freed: no file was there"
        freed = f"{format_bytes(self.freed_bytes)} freed"
        return f"{freed} ({self.absent} of them had no file any more)" if self.absent else freed

    def result(self, **detail: Any) -> RunResult:
        """Return it as the outcome of a run: degraded where something should have gone and did not."""
        told: dict[str, Any] = {
            "outcome": self.words,
            "expired_copies": len(self.gone),
            "freed_bytes": self.freed_bytes,
            "retained_copies": len(self.retained),
            "expired": [f"{backup_id} ({storage})" for backup_id, storage in self.gone[:_LISTED]],
            **detail,
        }
        if not self.problems:
            return RunResult(detail=told)
        return RunResult(status=RunStatus.DEGRADED, detail={**told, "degraded": self.problems})


class Deletion:
    """Delete copies of one server one after the other; what fails is told, and the others go on.

    The catalog is not believed about the copies for whose sake others go: their storage backends are asked first. One
    that is away is not asked again.
    """

    def __init__(self, context: RunContext, parts: Parts) -> None:
        self._context = context
        self._catalog = parts.catalog
        self._storages = {storage.name: storage for storage in parts.storages}
        self._deleted = Deleted()
        self._waiting: Counter[str] = Counter()  # storage backends that are away, and how many copies wait for them

    def carry_out(self, decisions: Iterable[CopyDecision]) -> Deleted:
        """Delete copies in this order; a cancelled run ends between two of them.

        A local copy goes only when the remote ones that were to go before it have gone. What was pinned since the plan
        was made stays.
        """
        for decision in decisions:
            if self._context.cancellation.is_cancelled:
                break
            waits_for = {(decision.backup_id, name) for name in decision.after}
            if not waits_for <= set(self._deleted.gone) or self._is_pinned(decision.backup_id):
                continue
            storage = self._storages.get(decision.storage)
            if storage is None:
                self._deleted.problems.append(f"{decision.storage} is not configured: {decision.backup_id} stays there")
                continue
            away = next((name for name in (storage.name, *decision.staying) if name in self._waiting), None)
            if away is not None:
                self._waiting[away] += 1
                continue
            self._delete(storage, self._catalog.backup(decision.backup_id), decision)
        self._deleted.problems.extend(
            f"{name}: {count} more wait for it" for name, count in self._waiting.items() if count
        )
        for problem in self._deleted.problems:
            self._context.warn(problem)
        return self._deleted

    def _delete(self, storage: Storage, backup: Backup, decision: CopyDecision) -> None:
        copy = _copy_in(backup, storage.name)
        about = (backup.backup_id, storage.name)
        if not all(self._is_there(backup, name, going=storage.name) for name in decision.staying):
            return
        try:
            was_begun = any(reason.code is ReasonCode.EXPIRES_BEGUN for reason in decision.reasons)
            if was_begun and has_first_file(storage, backup, copy):
                return  # nothing of it went: the mark is taken away before the next plan
            removed = delete_copy(self._catalog, storage, backup, copy, staying=decision.staying, now=self._now())
            if removed is None:
                _log.info("copy.not_as_planned", backup_id=backup.backup_id, storage=storage.name)
                return
        except RetainedError as exc:
            self._note(copy, CopyState.RETAINED, locked_detail(exc.until))
            self._deleted.retained.append(about)
            _log.info("copy.retained", backup_id=backup.backup_id, storage=storage.name, until=str(exc.until))
        except NothingThereError as exc:
            self._note(copy, CopyState.MISSING, exc.message)
            self._failed(storage.name, f"{backup.backup_id}: {exc.message}. {exc.hint}")
        except BackupdError as exc:
            self._failed(storage.name, f"{backup.backup_id} could not be deleted: {exc.message}", exc)
        else:
            self._note(copy, CopyState.DELETED, f"by run {self._context.run.run_id}")
            self._deleted.gone.append(about)
            freed_bytes = removed.get(copy.key, 0)
            self._deleted.freed_bytes += freed_bytes
            self._deleted.absent += not removed
            _log.info("copy.expired", backup_id=backup.backup_id, storage=storage.name, size_bytes=freed_bytes)

    def _is_there(self, backup: Backup, name: str, *, going: str) -> bool:
        """Return whether a copy that stays is where it should be, so that another one may go."""
        copy = _copy_in(backup, name)
        kept = f"{backup.backup_id} stays in {going}, as its copy here"
        try:
            missing = missing_of(self._storages[name], copy, has_manifest=backup.origin is not Origin.LEGACY)
        except BackupdError as exc:
            self._failed(name, f"{kept} could not be looked at: {exc.message}", exc)
            return False
        if missing:
            change = CopyChange(copy=copy, state=CopyState.MISSING, detail=missing)
            self._catalog.found.change_copies([change], self._now())  # unless somebody has just deleted it
            self._failed(name, f"{kept} is not what it was: {missing}")
        return not missing

    def _failed(self, name: str, problem: str, exc: BackupdError | None = None) -> None:
        self._deleted.problems.append(f"{name}: {problem}")
        if exc is not None and exc.retryable:
            self._waiting[name] = 0

    def _note(self, copy: Copy, state: CopyState, detail: str) -> None:
        self._catalog.set_copy_state(copy.backup_id, copy.storage, state, at=self._now(), detail=detail)

    def _is_pinned(self, backup_id: str) -> bool:
        return any(pin.backup_id == backup_id for pin in self._catalog.holdings.pins(self._context.run.server))

    def _now(self) -> datetime:
        return self._context.clock.now()


def _copy_in(backup: Backup, storage: str) -> Copy:
    return next(copy for copy in backup.copies if copy.storage == storage)
