"""How one server's backups stand: its part of the status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.control.server_status import BackupSummary, ForeignBackups, ServerStatus
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.summary import READABLE_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.control.retention_services import RetentionStatus
    from octeth_backupd.control.services import ScheduleView
    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.figures import CatalogFigures
    from octeth_backupd.domain.server import Placement

_PAGE = 50


class ServerStanding:
    """Says how a server's backups stand.

    Args:
        retention: Returns how its retention stands.
    """

    def __init__(self, *, catalog: Catalog, clock: Clock, retention: Callable[[str], RetentionStatus]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._retention = retention

    def of(
        self,
        name: str,
        placement: Placement,
        *,
        views: Iterable[ScheduleView],
        active: Iterable[ActiveRun],
        figures: CatalogFigures,
    ) -> ServerStatus:
        """Return how a server's backups stand.

        Args:
            name: Which server.
            placement: Where it runs.
            views: Every schedule of every server.
            active: Every run that is queued or running.
            figures: The catalog's.
        """
        mine = [a for a in active if a.run.server == name]
        # The one that holds the server first: an upload may go on beside it.
        running = sorted((a for a in mine if a.is_running), key=lambda a: not a.run.operation.holds_server)
        schedules = [view for view in views if view.server == name]
        last_good = self._last_good(name)
        return ServerStatus(
            name=name,
            placement=placement,
            last_good_backup=last_good,
            foreign_good_backups=self._foreign_good(name) if last_good is None else None,
            last_run=self._last_run(name),
            active_run=self._catalog.run(running[0].run.run_id) if running else None,
            queued_runs=tuple(a.run for a in mine if not a.is_running and a.run.status is RunStatus.QUEUED),
            next_due=min((view.next_due for view in schedules if view.next_due), default=None),
            paused_schedules=tuple(view.schedule for view in schedules if view.paused),
            retention=self._retention(name),
            copies=figures.stored(name),
        )

    def _last_run(self, server: str) -> Run | None:
        """Return the newest ended run that was ordered or scheduled: retried uploads must not hide a failed backup."""
        before: str | None = None
        while page := self._catalog.runs(server=server, limit=_PAGE, before=before):
            for run in page:
                if run.status.is_final and not run.operation.is_background:
                    return run
            before = page[-1].run_id
        return None

    def _last_good(self, server: str) -> BackupSummary | None:
        backup = self._catalog.last_good_backup(server, ours_only=True)
        if backup is None:
            return None
        age_seconds = (self._clock.now() - backup.taken_at).total_seconds()
        # Which of its copies are remote makes no difference to what was shown of it.
        facts = next(iter(self._catalog.stock.of(server, remote={}, backup_id=backup.backup_id)), None)
        return BackupSummary(
            backup_id=backup.backup_id,
            taken_at=backup.taken_at,
            age_seconds=age_seconds,
            size_bytes=backup.archive_bytes,
            proof=None if facts is None else facts.proof_level,
            storages=tuple(copy.storage for copy in backup.copies if copy.state in READABLE_STATES),
        )

    def _foreign_good(self, server: str) -> ForeignBackups | None:
        """Return what a server that has no good backup of ours could be restored from; None: from nothing known."""
        count = self._catalog.standing.foreign_good(server)
        if not count:
            return None
        latest = self._catalog.last_good_backup(server)
        return ForeignBackups(count=count, latest_id="" if latest is None else latest.backup_id)
