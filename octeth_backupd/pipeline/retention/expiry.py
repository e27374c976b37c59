"""Delete copies, and keep the catalog true at every moment of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from octeth_backupd.domain.backup import CopyState, RunStatus
from octeth_backupd.domain.retention.copy_detail import EXPIRING, locked_detail
from octeth_backupd.domain.space import format_bytes
from octeth_backupd.errors import BackupdError, RetainedError
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.retention.deletion import delete_files, is_untouched, require_deletable

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
    """

    gone: list[tuple[str, str]] = field(default_factory=list)
    retained: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    freed_bytes: int = 0

    @property
    def words(self) -> str:
        """Return what was done in one line."""
        copies = f"{len(self.gone)} {'copy' if len(self.gone) == 1 else 'copies'} expired"
        words = f"{copies}, {format_bytes(self.freed_bytes)} freed" if self.gone else "nothing expired"
        return f"{words}; {len(self.retained)} locked by their storage" if self.retained else words

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
    """Delete copies of one server one after the other; what fails is told, and the others go on."""

    def __init__(self, context: RunContext, parts: Parts) -> None:
        self._context = context
        self._catalog = parts.catalog
        self._storages = {storage.name: storage for storage in parts.storages}
        self._ours = parts.catalog.installations.ours()
        self._deleted = Deleted()

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
            backup = self._catalog.backup(decision.backup_id)
            copy = next(copy for copy in backup.copies if copy.storage == decision.storage)
            self._delete(storage, backup, copy)
        for problem in self._deleted.problems:
            self._context.warn(problem)
        return self._deleted

    def _delete(self, storage: Storage, backup: Backup, copy: Copy) -> None:
        about = (backup.backup_id, storage.name)
        try:
            require_deletable(storage, backup, copy, ours=self._ours, now=self._now())
            self._note(copy, copy.state, EXPIRING)
            self._delete_files(storage, backup, copy)
        except RetainedError as exc:
            self._note(copy, CopyState.RETAINED, locked_detail(exc.until))
            self._deleted.retained.append(about)
            _log.info("copy.retained", backup_id=backup.backup_id, storage=storage.name, until=str(exc.until))
        except BackupdError as exc:
            self._deleted.problems.append(f"{storage.name}: {backup.backup_id} could not be deleted: {exc.message}")
        else:
            self._note(copy, CopyState.DELETED, f"by run {self._context.run.run_id}")
            self._deleted.gone.append(about)
            self._deleted.freed_bytes += copy.size_bytes
            _log.info("copy.expired", backup_id=backup.backup_id, storage=storage.name, size_bytes=copy.size_bytes)

    def _delete_files(self, storage: Storage, backup: Backup, copy: Copy) -> None:
        try:
            delete_files(storage, backup, copy)
        except BackupdError:
            # A copy of which nothing went is a copy as before; any other is no backup any more and is finished later.
            if is_untouched(storage, backup, copy):
                self._note(copy, copy.state, copy.detail)
            raise

    def _note(self, copy: Copy, state: CopyState, detail: str) -> None:
        self._catalog.set_copy_state(copy.backup_id, copy.storage, state, at=self._now(), detail=detail)

    def _is_pinned(self, backup_id: str) -> bool:
        return any(pin.backup_id == backup_id for pin in self._catalog.holdings.pins(self._context.run.server))

    def _now(self) -> datetime:
        return self._context.clock.now()
