"""Who is told of what happens: the watch that decides it, the outbox and its delivery, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octeth_backupd.daemon.delivery import NoticeDelivery
from octeth_backupd.daemon.notice_watch import NoticeWatch
from octeth_backupd.daemon.notifier_services import DaemonNotifierServices
from octeth_backupd.daemon.run_traces import RunTraces
from octeth_backupd.daemon.standing_facts import StandingFacts
from octeth_backupd.domain.notices.decisions import NotifierRules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.notices.settings import NoticesSettings
    from octeth_backupd.domain.notices.standing import BrokenFile
    from octeth_backupd.notifiers.base import Notifier
    from octeth_backupd.notifiers.settings import NotifierSettings
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.scheduling.definition import ScheduleDefinition
    from octeth_backupd.telemetry.bus import EventBus

_log = structlog.get_logger("notices")

STOP_SECONDS = 5.0
"""How long the last notices have to arrive when the daemon stops."""


class Telling:
    """See the module.

    Args:
        settings: Returns the notifiers' settings in force, by name.
        limits: Returns from when on something is a problem.
        active: Returns the runs that are queued or running.
        parts: Returns the parts of the configuration in force.
        definitions: Returns its schedules.
        broken_file: Returns the configuration file where its mistakes are to be told.
        notifiers: Those of the settings in force now.
        redact: Masks the secrets of the settings in force now.

    Attributes:
        watch: Decides what is told; runs from ``start`` on.
        delivery: Sends what waits; likewise.
        services: What the control interface asks.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        clock: Clock,
        settings: Callable[[], Mapping[str, NotifierSettings]],
        limits: Callable[[], NoticesSettings],
        active: Callable[[], Sequence[ActiveRun]],
        parts: Callable[[], Parts],
        definitions: Callable[[], Sequence[ScheduleDefinition]],
        broken_file: Callable[[], BrokenFile | None] = lambda: None,
        notifiers: Mapping[str, Notifier],
        redact: Callable[[str], str],
    ) -> None:
        self._settings = settings
        self._redact = redact
        self._traces = RunTraces()
        self.delivery = NoticeDelivery(outbox=catalog.notices, clock=clock, notifiers=notifiers, redact=redact)
        self.watch = NoticeWatch(
            catalog=catalog,
            facts=StandingFacts(
                catalog=catalog,
                clock=clock,
                active=active,
                parts=parts,
                definitions=definitions,
                broken_file=broken_file,
            ),
            settings=limits,
            rules=self._rules,
            traces=self._traces,
            redact=self._redacted,
            put=self.delivery.wake,
        )
        self.services = DaemonNotifierServices(
            outbox=catalog.notices,
            delivery=self.delivery,
            clock=clock,
            settings=settings,
            problems=lambda: self.watch.problems,
        )

    def subscribe(self, bus: EventBus) -> None:
        """Follow a bus."""
        bus.subscribe(self._traces.follow)
        bus.subscribe(self.watch.follow)

    def start(self) -> None:
        """Begin to look and to send."""
        self._say_who_is_told()
        self.delivery.start()
        self.watch.start()

    def is_alive(self) -> bool:
        """Return whether both threads do their work."""
        return self.watch.is_alive() and self.delivery.is_alive()

    def change(self, notifiers: Mapping[str, Notifier], *, redact: Callable[[str], str]) -> None:
        """Take the notifiers of a new configuration, and look by it."""
        self._redact = redact
        self.delivery.change_notifiers(notifiers, redact=redact)
        self._say_who_is_told()
        self.watch.wake()

    def stop(self) -> None:
        """Look once more, give the last notices a few seconds, and end."""
        self.watch.stop()
        self.delivery.stop(timeout_seconds=STOP_SECONDS)

    def _say_who_is_told(self) -> None:
        if not self._settings():
            _log.warning("notifiers.none", message="no notifier is configured: nobody is told of anything")

    def _redacted(self, text: str) -> str:
        return self._redact(text)

    def _rules(self) -> tuple[NotifierRules, ...]:
        return tuple(
            NotifierRules(
                name=name,
                on=frozenset(settings.kinds),
                servers=frozenset(settings.servers),
                repeat_seconds=settings.repeat_seconds,
                is_ping=settings.kind == "healthchecks",
            )
            for name, settings in self._settings().items()
        )
