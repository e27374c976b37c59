"""Begin and end of runs, from the bus into the outbox of whoever wants to know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.events import Event, RunFinished, RunStarted
from octeth_backupd.domain.notices.run_notice import run_notice, start_notice
from octeth_backupd.errors import BackupdError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.delivery import NoticeDelivery
    from octeth_backupd.daemon.run_traces import RunTraces
    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.domain.notices.notice import Notice
    from octeth_backupd.notifiers.settings import NotifierSettings


class RunNotices:
    """A subscriber of the bus; it comes after ``traces``.

    Args:
        catalog: For what a run made.
        traces: What was seen of each run.
        delivery: Takes the notices.
        settings: Returns the notifiers' settings in force, by name.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        traces: RunTraces,
        delivery: NoticeDelivery,
        settings: Callable[[], Mapping[str, NotifierSettings]],
    ) -> None:
        self._catalog = catalog
        self._traces = traces
        self._delivery = delivery
        self._settings = settings

    def follow(self, event: Event) -> None:
        """Take an event of the bus."""
        match event:
            case RunStarted(run=run):
                self._put(start_notice(run))
            case RunFinished(run=run):
                trace = self._traces.take(run.run_id)
                self._put(run_notice(run, trace=trace, backup=self._backup(run.backup_id)))
            case _:
                pass

    def _put(self, notice: Notice | None) -> None:
        if notice is not None:
            wanted = [name for name, settings in self._settings().items() if settings.wants(notice)]
            self._delivery.put([(name, notice) for name in wanted])

    def _backup(self, backup_id: str | None) -> Backup | None:
        if backup_id is None:
            return None
        try:
            return self._catalog.backup(backup_id)
        except BackupdError:
            return None  # a notice without sizes is better than none
