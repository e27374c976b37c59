"""What the control interface asks about keeping and deleting; see control.retention_services for each method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octeth_backupd.control.confirmation import check_confirmation
from octeth_backupd.control.retention_services import BackupHoldings, RetentionStatus
from octeth_backupd.daemon.coordinator import chosen_server
from octeth_backupd.daemon.retention_document import retention_json
from octeth_backupd.domain.backup import CopyState, Operation, Trigger
from octeth_backupd.domain.names import LATEST
from octeth_backupd.domain.retention.order import DeleteOrder, RetentionOrder
from octeth_backupd.domain.sync.places import short_id
from octeth_backupd.errors import InvalidRequestError, NotFoundError
from octeth_backupd.pipeline.retention.confirmation import why_unconfirmed
from octeth_backupd.pipeline.retention.inventory import take_inventory
from octeth_backupd.pipeline.retention.local_keeping import why_local_copies_stay
from octeth_backupd.pipeline.retention.operations import require_deletable_backup

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.domain.backup import Backup, Run
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.pipeline.parts import Parts

_log = structlog.get_logger("retention")
_RUNS_LOOKED_AT = 200


class DaemonRetentionServices:
    """Plans, expires, deletes, pins and accepts on request.

    Args:
        said: Told the server of whose backups something was said, so that its state files are written.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        coordinator: Coordinator,
        clock: Clock,
        parts: Callable[[], Parts],
        said: Callable[[str], None],
    ) -> None:
        self._catalog = catalog
        self._coordinator = coordinator
        self._clock = clock
        self._parts = parts
        self._said = said

    def retention_json(self, *, server: str | None) -> bytes:
        """See RetentionServices.retention_json."""
        parts = self._parts()
        waits = self._waits_for(parts)
        documents = [
            retention_json(take_inventory(name, parts, self._clock.now()), parts.retention, waits)
            for name in self._servers(server)
        ]
        return f"[{','.join(documents)}]".encode()

    def request_retention(self, *, server: str | None, despite_hold: bool, requested_by: str) -> list[Run]:
        """See RetentionServices.request_retention."""
        names = self._servers(server)
        order = RetentionOrder(despite_hold=despite_hold, keep_local=self._parts().keep_local)
        return [
            self._coordinator.submit(
                Operation.RETENTION,
                server=name,
                trigger=Trigger.MANUAL,
                requested_by=requested_by,
                wait=len(names) > 1,
                order=order,
            )
            for name in names
        ]

    def request_delete(self, *, backup_id: str, confirm: str, force: bool, requested_by: str) -> Run:
        """See RetentionServices.request_delete."""
        if backup_id == LATEST:
            raise InvalidRequestError("a backup is deleted by its id, not as latest", hint="See octeth-backupctl list.")
        backup = self._catalog.find_backup(backup_id)
        check_confirmation(confirm, server=backup.server, what=f"backup {backup.backup_id} of {backup.server}")
        server = chosen_server(backup.server, tuple(self._parts().servers))
        inventory = take_inventory(server, self._parts(), self._clock.now())
        facts = next((one for one in inventory.backups if one.backup_id == backup.backup_id), None)
        if facts is None:
            raise NotFoundError(f"backup {backup.backup_id} is deleted already")
        require_deletable_backup(facts, inventory.plan, force=force)
        return self._coordinator.submit(
            Operation.DELETE,
            server=server,
            trigger=Trigger.MANUAL,
            requested_by=requested_by,
            wait=False,
            backup_id=backup.backup_id,
            order=DeleteOrder(force=force),
        )

    def pin(self, *, backup_id: str, note: str, requested_by: str) -> str:
        """See RetentionServices.pin."""
        backup = self._catalog.find_backup(backup_id)
        if not _is_left(backup):
            raise InvalidRequestError(f"backup {backup.backup_id} is deleted: there is nothing to keep")
        if backup.installation_id not in self._catalog.installations.ours():
            raise InvalidRequestError(
                f"backup {backup.backup_id} is not pinned: it belongs to installation {backup.installation_id}, "
                "whose own daemon would expire it all the same",
                hint="Pin it on its own host. If that is lost for good: octeth-backupctl sync --adopt "
                f"{short_id(backup.installation_id)}",
            )
        self._catalog.holdings.pin(backup.backup_id, note=note, by=requested_by, at=self._clock.now())
        _log.info("backup.pinned", backup_id=backup.backup_id, requested_by=requested_by, note=note)
        self._said(backup.server)
        return backup.backup_id

    def unpin(self, *, backup_id: str, requested_by: str) -> str:
        """See RetentionServices.unpin."""
        backup = self._catalog.find_backup(backup_id)
        if self._catalog.holdings.unpin(backup.backup_id, by=requested_by, at=self._clock.now()):
            _log.info("backup.unpinned", backup_id=backup.backup_id, requested_by=requested_by)
            self._said(backup.server)
        return backup.backup_id

    def accept(self, *, backup_id: str, note: str, requested_by: str) -> str:
        """See RetentionServices.accept."""
        backup, now = self._catalog.find_backup(backup_id), self._clock.now()
        holds = [hold for hold in self._catalog.holdings.holds(backup.server) if hold.backup_id == backup.backup_id]
        if not backup.suspect and not holds:
            raise InvalidRequestError(f"nothing about backup {backup.backup_id} is doubted")
        self._catalog.holdings.accept(backup.backup_id, note=note, by=requested_by, at=now)
        self._catalog.holdings.end_holds(
            backup.server, by=requested_by, detail=note or "accepted", at=now, backup_id=backup.backup_id
        )
        _log.info("backup.accepted", backup_id=backup.backup_id, requested_by=requested_by, doubt=backup.suspect)
        self._said(backup.server)
        return backup.backup_id

    def holdings(self, backup_id: str) -> BackupHoldings:
        """See RetentionServices.holdings."""
        said = self._catalog.holdings
        server = self._catalog.backup(backup_id).server
        return BackupHoldings(
            pin=next((pin for pin in said.pins(server) if pin.backup_id == backup_id), None),
            holds=tuple(
                hold for hold in said.holds(server) if hold.backup_id == backup_id or backup_id in hold.protected
            ),
            proofs=tuple(said.proofs(backup_id=backup_id)),
            accepts=tuple(accept for accept in said.accepts(server) if accept.backup_id == backup_id),
        )

    def status(self, server: str) -> RetentionStatus:
        """Return how retention of a server stands."""
        runs = self._catalog.runs(server=server, limit=_RUNS_LOOKED_AT)
        return RetentionStatus(
            waits_for=self._waits_for(self._parts()),
            holds=tuple(self._catalog.holdings.holds(server)),
            last_run=next((run for run in runs if run.operation is Operation.RETENTION and run.status.is_final), None),
        )

    def _waits_for(self, parts: Parts) -> str:
        reasons = (why_unconfirmed(self._catalog, parts.retention), why_local_copies_stay(self._catalog))
        return " ".join(reason for reason in reasons if reason)

    def _servers(self, server: str | None) -> tuple[str, ...]:
        names = tuple(self._parts().servers)
        return names if server is None else (chosen_server(server, names),)


def _is_left(backup: Backup) -> bool:
    return any(copy.state is not CopyState.DELETED for copy in backup.copies)
