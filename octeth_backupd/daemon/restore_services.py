"""What the control interface asks about restores; see control.services.Services for the contract of each method."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from octeth_backupd.control.confirmation import check_confirmation
from octeth_backupd.daemon.coordinator import chosen_server
from octeth_backupd.domain.backup import Operation, Trigger
from octeth_backupd.domain.names import LATEST
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.order import JournalOrder, RestoreOrder
from octeth_backupd.domain.restore.plan import of_another_run
from octeth_backupd.errors import InvalidRequestError, NotFoundError
from octeth_backupd.pipeline.restore.planning import plan_restore
from octeth_backupd.pipeline.restore.refusals import refused
from octeth_backupd.pipeline.restore.unreadable import unreadable_warnings

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.control.services import RestoreRequest
    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.domain.backup import Backup, Run
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.restore.plan import RestorePlan
    from octeth_backupd.pipeline.parts import Parts

PLAN_ID = "plan"
SHOWN_ID = "RUN"
"""Stands for the id of the run in the paths of a plan that is only shown."""
_LIST = "See octeth-backupctl list."
_EMPTY = (
    "This catalog knows no backup of it. On a new host, or after the catalog was lost, octeth-backupctl sync reads "
    "what lies on the disk and in the buckets of the configuration."
)


class RestoreServices:
    """Plans, restores and undoes on request.

    Args:
        strays: Returns what is to be said of directories that no journal knows.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        coordinator: Coordinator,
        clock: Clock,
        installation_id: str,
        parts: Callable[[], Parts],
        strays: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._catalog = catalog
        self._coordinator = coordinator
        self._clock = clock
        self._installation_id = installation_id
        self._parts = parts
        self._strays = strays

    def plan(self, request: RestoreRequest) -> RestorePlan:
        """See Services.plan_restore."""
        server, order = self._understood(request)
        parts = self._parts()
        run_id = f"{PLAN_ID}-{secrets.token_hex(4)}"
        plan = plan_restore(
            order,
            server,
            parts,
            installation_id=self._installation_id,
            run_id=run_id,
            clock=self._clock,
        )
        return of_another_run(plan, run_id, SHOWN_ID)

    def restore(self, request: RestoreRequest, *, confirm: str, requested_by: str) -> Run:
        """See Services.request_restore."""
        server, order = self._understood(request)
        if order.target_directory is None:
            check_confirmation(confirm, server=server)
        cancelled = order.cancel_running and self._cancel_backups(request, server, requested_by)
        return self._coordinator.submit(
            Operation.RESTORE,
            server=server,
            trigger=Trigger.MANUAL,
            requested_by=requested_by,
            wait=cancelled,
            backup_id=order.backup_id or None,
            order=order,
        )

    def undo(self, server: str, *, confirm: str, requested_by: str) -> Run:
        """See Services.request_undo."""
        name = chosen_server(server, tuple(self._parts().servers))
        check_confirmation(confirm, server=name)
        # What a restore that was taken back left aside had not passed: nobody wants it back by undo.
        copies = [copy for copy in self._parts().journals.safety_copies_of(name) if copy.state is State.COMMITTED]
        if not copies:
            raise InvalidRequestError(
                f"there is nothing to undo: no safety copy of server {name} is left",
                hint="octeth-backupctl status shows the safety copies. Restore a backup instead.",
            )
        return self._coordinator.submit(
            Operation.UNDO,
            server=name,
            trigger=Trigger.MANUAL,
            requested_by=requested_by,
            wait=False,
            order=JournalOrder(restore_id=copies[0].restore_id),
        )

    def journals(self, server: str | None) -> list[Journal]:
        """See Services.restores."""
        if server is not None:
            server = chosen_server(server, tuple(self._parts().servers))
        return [
            journal
            for journal in self._parts().journals.all()
            if server in {None, journal.server} and (journal.is_open or journal.holds_safety_copy)
        ]

    def warnings(self) -> tuple[str, ...]:
        """Return what somebody must look at: journals that cannot be read, data that no journal knows."""
        return (*unreadable_warnings(self._parts()), *self._strays())

    def _understood(self, request: RestoreRequest) -> tuple[str, RestoreOrder]:
        """Return which server is meant, and the order with the whole id of the backup."""
        names = tuple(self._parts().servers)
        backup = None if request.file is not None else self._find(request, names)
        of_backup = backup.server if backup is not None and backup.server in names else None
        server = chosen_server(request.server or of_backup, names)
        return server, RestoreOrder(
            backup_id=backup.backup_id if backup is not None else "",
            archive=request.file,
            target_directory=request.to,
            rehearse=request.rehearse,
            force=request.force,
            force_foreign=request.force_foreign,
            keep_server_uuid=request.keep_server_uuid,
            cancel_running=request.cancel_running,
            old_password=request.old_password,
        )

    def _find(self, request: RestoreRequest, names: tuple[str, ...]) -> Backup:
        if request.backup != LATEST:
            return self._catalog.find_backup(request.backup)
        server = chosen_server(request.server, names)
        found = self._catalog.last_good_backup(server, before=request.before)
        if found is None:
            when = f" before {request.before.isoformat()}" if request.before else ""
            is_empty = not self._catalog.backups(server=server, limit=1)
            raise NotFoundError(f"no good backup of server {server}{when}", hint=_EMPTY if is_empty else _LIST)
        return found

    def _cancel_backups(self, request: RestoreRequest, server: str, requested_by: str) -> bool:
        """Cancel the backups of a server that are queued or going on; return whether there was one.

        Raises:
            RestoreRefusedError: The restore would be refused: no backup is given up for that.
        """
        backups = [
            active.run
            for active in self._coordinator.active()
            if active.run.server == server and active.run.operation is Operation.BACKUP
        ]
        if not backups:
            return False
        plan = self.plan(request)
        if plan.refusals:
            raise refused("the restore is refused, the backup goes on", plan.refusals)
        for run in backups:
            with contextlib.suppress(NotFoundError):  # it ended by itself
                self._coordinator.cancel(run.run_id, requested_by=f"{requested_by}, for a restore")
        return True
