"""The only list of operations: what a run of each executes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation
from octeth_backupd.pipeline.hooks.hooked import back_up_with_hooks, restore_with_hooks
from octeth_backupd.pipeline.restore.resolve import remove_expired, resolve, undo
from octeth_backupd.pipeline.retention.operations import apply_retention, delete_backup
from octeth_backupd.pipeline.sync.sync import sync
from octeth_backupd.pipeline.upload import upload_waiting
from octeth_backupd.pipeline.verify import verify_backup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.pipeline.result import Execute

OPERATIONS: Mapping[Operation, Execute] = {
    Operation.BACKUP: back_up_with_hooks,
    Operation.VERIFY: verify_backup,
    Operation.RESTORE: restore_with_hooks,
    Operation.UNDO: undo,
    Operation.RESOLVE: resolve,
    Operation.EXPIRE: remove_expired,
    Operation.UPLOAD: upload_waiting,
    Operation.RETENTION: apply_retention,
    Operation.DELETE: delete_backup,
    Operation.SYNC: sync,
}
