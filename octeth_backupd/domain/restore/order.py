"""What was ordered: the wishes of the operator that go along with a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.domain.retention.order import DeleteOrder, RetentionOrder
from octeth_backupd.domain.upload import UploadOrder

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOrder:
    """A restore as it was ordered.

    Attributes:
        backup_id: Whole id of a catalog entry; empty with ``archive``.
        archive: A file outside the catalog.
        target_directory: Where to lay prepared files down instead of the server; None: replace the server's data.
        rehearse: Start a server on the staged data before the present one is stopped.
        force: Go on without a checksum, or with a wrong one; recorded.
        force_foreign: Replace data that is not known to be this server's.
        keep_server_uuid: Carry ``auto.cnf`` over (MySQL).
        cancel_running: Cancel a backup of this server that is going on instead of being refused.
        old_password: Of the configured account as of the backup's time.
    """

    backup_id: str = ""
    archive: Path | None = None
    target_directory: Path | None = None
    rehearse: bool = True
    force: bool = False
    force_foreign: bool = False
    keep_server_uuid: bool = False
    cancel_running: bool = False
    old_password: SecretStr | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOrder:
    """A verification as it was ordered.

    Attributes:
        deep: Start a server on the backup and check every table.
        storage: Name of the one storage backend whose copy is read; empty: every copy, or the best one with ``deep``.
    """

    deep: bool = False
    storage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalOrder:
    """Something to be done with a restore that has a journal: undo it, or resolve it after a crash."""

    restore_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOrder:
    """A comparison of catalog and storage backends.

    Attributes:
        adopt: The installation whose backups are taken over, or the beginning of its id; empty: none.
        repair: Remove what is orphaned and ours, write what is missing beside an archive of ours, and believe that a
            storage backend lost everything where none of its copies is found.
        server: Only this server's backups; None: all.
    """

    adopt: str = ""
    repair: bool = False
    server: str | None = None


Order = RestoreOrder | VerifyOrder | JournalOrder | UploadOrder | RetentionOrder | DeleteOrder | SyncOrder
