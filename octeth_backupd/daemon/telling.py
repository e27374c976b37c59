"""Who is told of what happens: the outbox, its delivery, and what the bus brings into it, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.daemon.delivery import NoticeDelivery
from octeth_backupd.daemon.notifier_services import DaemonNotifierServices
from octeth_backupd.daemon.run_notices import RunNotices
from octeth_backupd.daemon.run_traces import RunTraces
from octeth_backupd.domain.events import RunFinished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.notifiers.base import Notifier
    from octeth_backupd.notifiers.settings import NotifierSettings
    from octeth_backupd.telemetry.bus import EventBus

STOP_SECONDS = 5.0
"""How long the last notices have to arrive when the daemon stops."""


class Telling:
    """See the module.

    Args:
        settings: Returns the notifiers' settings in force, by name.
        notifiers: Those of the settings in force now.
        redact: Masks the secrets of the settings in force now.

    Attributes:
        delivery: Sends what waits; runs from ``start`` on.
        services: What the control interface asks.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        clock: Clock,
        settings: Callable[[], Mapping[str, NotifierSettings]],
        notifiers: Mapping[str, Notifier],
        redact: Callable[[str], str],
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        self._traces = RunTraces()
        self.delivery = NoticeDelivery(outbox=catalog.notices, clock=clock, notifiers=notifiers, redact=redact)
        self.services = DaemonNotifierServices(
            outbox=catalog.notices, delivery=self.delivery, clock=clock, settings=settings
        )
        self._runs = RunNotices(catalog=catalog, traces=self._traces, delivery=self.delivery, settings=settings)

    def subscribe(self, bus: EventBus) -> None:
        """Follow a bus."""
        bus.subscribe(self._traces.follow)
        bus.subscribe(self._runs.follow)

    def left_by_a_crash(self, runs: Iterable[Run]) -> None:
        """Tell of runs that an earlier daemon left going on, as their recovery has closed them."""
        for left in runs:
            run = self._catalog.run(left.run_id)
            self._runs.follow(RunFinished(run_id=run.run_id, server=run.server, at=self._clock.now(), run=run))

    def stop(self) -> None:
        """Give the last notices a few seconds, and end."""
        self.delivery.stop(timeout_seconds=STOP_SECONDS)
