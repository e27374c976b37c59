"""One waiting copy after the other to where it belongs, each with its state in the catalog at every moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.events import CopyStored, CopyWaits
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.domain.upload import LOCAL_STORAGE
from octeth_backupd.errors import BackupdError, CancelledError, CatalogError, NotFoundError, StorageError
from octeth_backupd.pipeline.remote_copy import Delivery, deliver
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.pipeline.store_step import keys_beside
from octeth_backupd.pipeline.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts


class Uploader:
    """The uploads of one run.

    Attributes:
        context: The run.
        away: Names of storage backends that failed: nothing more is asked of them in this run.
        problems: What did not arrive, and why.
        stored: Ids of the backups of which a copy arrived.
        stored_bytes: What their archives have together.
    """

    def __init__(self, context: RunContext, parts: Parts) -> None:
        self.context = context
        self._parts = parts
        self._catalog = parts.catalog
        self._steps = StepRunner(context)
        self.away: set[str] = set()
        self.problems: list[str] = []
        self.stored: list[str] = []
        self.stored_bytes = 0

    def bring(self, backup: Backup, copy: Copy) -> None:
        """Upload a waiting copy of a backup, as long as its storage backend has not failed in this run.

        What stands against it becomes a problem; the copy stays pending, or is missing when its source was deleted.

        Args:
            backup: With its manifest.
            copy: In a remote storage backend that is configured.

        Raises:
            BackupdError: The token's reason; or the catalog cannot be used.
        """
        if copy.storage in self.away:
            return
        try:
            self.context.cancellation.raise_if_cancelled()
            key = self._send(backup, copy, self._source(backup))
        except _NoLongerWantedError:
            return
        except _SourceGoneError as exc:
            self._give_up(copy, exc)
        except BackupdError as exc:
            was_cancelled = exc is self.context.cancellation.reason
            self._wait(copy, exc, was_cancelled=was_cancelled)
            if was_cancelled or isinstance(exc, CatalogError):
                raise
        except BaseException as exc:
            self._end(copy, CopyState.PENDING, f"internal error: {type(exc).__name__}")
            raise
        else:
            self._arrived(backup, copy, key)

    def storage_failed(self, storage: str, problem: str) -> None:
        """Note that a storage backend failed: nothing more is asked of it in this run."""
        self.away.add(storage)
        self._publish_waits(storage, storage_failed=True)
        self.tell(f"{storage}: {problem}")

    def copy_failed(self, backup_id: str, storage: str, problem: str) -> None:
        """Note that something about one copy could not be done, and is tried again later."""
        self._publish_waits(storage, backup_id)
        self.tell(f"{storage}: {problem}")

    def tell(self, problem: str) -> None:
        """Note a problem, and say it to whoever watches the run."""
        self.problems.append(problem)
        self.context.warn(problem)

    def _source(self, backup: Backup) -> Path:
        local = next((copy for copy in backup.copies if copy.storage == LOCAL_STORAGE), None)
        if local is None or local.state is CopyState.DELETED:
            raise _SourceGoneError("there is no local archive any more")
        if local.state is CopyState.CORRUPT:
            raise _SourceError(f"the local archive is damaged: {local.detail}")
        storage = next(one for one in self._parts.local_storages if one.name == LOCAL_STORAGE)
        try:
            storage.stat(local.key)
        except NotFoundError as exc:
            # A disk that is not mounted looks like this, too: no reason to give the copy up.
            raise _SourceError(
                f"the local archive is not there: {exc.message}", hint="Look whether its disk is mounted."
            ) from exc
        except StorageError as exc:
            raise _SourceError(exc.message, hint=exc.hint) from exc
        return self._parts.backup_directory / local.key

    def _send(self, backup: Backup, copy: Copy, source: Path) -> str:
        step = f"upload {copy.storage}"
        sent = _Sent()

        def begin(key: str) -> None:
            if not self._catalog.uploads.begin_copy(copy.backup_id, copy.storage, key=key, at=self.context.clock.now()):
                raise _NoLongerWantedError("the backup was deleted meanwhile")

        # Not cancellable as a step: only what is under way knows whether the copy is whole already.
        with (
            self._steps.step(step, cancellable=False),
            Watch(self.context, step=step, measure=lambda: sent.count_bytes, total_bytes=copy.size_bytes),
        ):
            return deliver(
                self._parts.remote_storages[copy.storage],
                Delivery(backup=backup, source=source, key=copy.key, installation_id=self.context.installation_id),
                cancellation=self.context.cancellation,
                on_key=begin,
                on_progress=sent.note,
            )

    def _arrived(self, backup: Backup, copy: Copy, key: str) -> None:
        if not self._end(copy, CopyState.PRESENT, "") and not self._is_recorded(copy, key):
            return
        run, now = self.context.run, self.context.clock.now()
        self._catalog.holdings.add_proof(
            Proof(
                backup_id=copy.backup_id,
                level=ProofLevel.STORED,
                storage=copy.storage,
                proven_at=now,
                run_id=run.run_id,
                detail="uploaded, digests confirmed by the storage backend",
            )
        )
        self.stored.append(copy.backup_id)
        self.stored_bytes += backup.archive_bytes
        self.context.bus.publish(
            CopyStored(run_id=run.run_id, server=run.server, at=now, backup_id=copy.backup_id, storage=copy.storage)
        )

    def _is_recorded(self, copy: Copy, key: str) -> bool:
        """Return whether somebody else has noted that a copy arrived; take back what was deleted meanwhile."""
        copies = self._catalog.backup(copy.backup_id).copies
        now = next(one for one in copies if one.storage == copy.storage)
        if now.state is CopyState.DELETED or now.detail == EXPIRING:
            self._take_back(copy, key)
            return False
        if now.state in READABLE_STATES and now.key == key:
            return True  # a sync found it whole before its end was noted
        self.tell(
            f"{copy.storage}: {copy.backup_id} was uploaded to {key}, and the catalog has it as {now.state} "
            f"under {now.key}: its files were left where they are"
        )
        return False

    def _take_back(self, copy: Copy, key: str) -> None:
        """Delete what arrived of a backup that was deleted while it was under way."""
        words = "was deleted while it was uploaded"
        try:
            for one in reversed(keys_beside(key).in_order):
                self._parts.remote_storages[copy.storage].delete(one)
        except StorageError as exc:
            self.tell(f"{copy.storage}: {copy.backup_id} {words} and could not be taken back: {exc.message}")
        else:
            self.context.warn(f"{copy.storage}: {copy.backup_id} {words}, and was taken back")

    def _give_up(self, copy: Copy, error: _SourceGoneError) -> None:
        self._end(copy, CopyState.MISSING, f"never arrived: {error.message}")
        self.tell(f"{copy.storage}: {copy.backup_id} never arrived and never will: {error.message}")

    def _wait(self, copy: Copy, error: BackupdError, *, was_cancelled: bool) -> None:
        storage_failed = error.retryable and not was_cancelled
        if storage_failed:
            self.away.add(copy.storage)
        self._publish_waits(copy.storage, copy.backup_id, storage_failed=storage_failed, was_cancelled=was_cancelled)
        self._end(copy, CopyState.PENDING, f"{error.message} ({error.hint})" if error.hint else error.message)
        if not was_cancelled:
            self.tell(f"{copy.storage}: {copy.backup_id} is pending: {error.message}")

    def _end(self, copy: Copy, state: CopyState, detail: str) -> bool:
        return self._catalog.uploads.end_copy(
            copy.backup_id, copy.storage, state, at=self.context.clock.now(), detail=detail
        )

    def _publish_waits(
        self, storage: str, backup_id: str = "", *, storage_failed: bool = False, was_cancelled: bool = False
    ) -> None:
        run = self.context.run
        self.context.bus.publish(
            CopyWaits(
                run_id=run.run_id,
                server=run.server,
                at=self.context.clock.now(),
                backup_id=backup_id,
                storage=storage,
                storage_failed=storage_failed,
                was_cancelled=was_cancelled,
            )
        )


class _NoLongerWantedError(CancelledError):
    """The copy does not wait any more."""


class _SourceError(StorageError):
    """The local archive cannot be used now; no storage backend is to blame."""


class _SourceGoneError(_SourceError):
    """The local archive was deleted: there will be none."""


class _Sent:
    """How far an upload is; told from any thread."""

    def __init__(self) -> None:
        self.count_bytes = 0

    def note(self, count_bytes: int) -> None:
        self.count_bytes = max(self.count_bytes, count_bytes)
