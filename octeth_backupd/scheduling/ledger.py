"""The slot ledger: what is due, and what becomes of each slot.

Every due time of every schedule gets an entry in the catalog and ends with an outcome: served, cancelled, skipped or
missed. The ledger alone decides whether a run is wanted; APScheduler only says when to look.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import SlotState, Tier
from octeth_backupd.domain.slots import LISTED_SLOTS, attempt_at, overdue, retry_delay_seconds
from octeth_backupd.errors import NotFoundError
from octeth_backupd.scheduling.enumeration import SlotEnumeration, pause_of
from octeth_backupd.scheduling.views import ScheduleView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Slot
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.scheduling.definition import ScheduleDefinition

_log = structlog.get_logger("slots")
_SERVERS = "slots.servers"
_OPEN_LIMIT = 10 * LISTED_SLOTS


class SlotLedger:
    """Slots of the configured schedules. Safe from any thread; every method looks at the clock once.

    A run asks ``claim`` for its slots when it starts and ends each claim with one of ``served``, ``failed``,
    ``cancelled`` or ``interrupted``, best before its own row becomes final. A claim that nobody ends, because the
    daemon died, is over when its run is no longer unfinished: the slots are due again.
    """

    def __init__(self, *, catalog: Catalog, clock: Clock, definitions: Sequence[ScheduleDefinition]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._enumeration = SlotEnumeration(catalog)
        self._lock = threading.RLock()
        self._definitions = tuple(definitions)

    def reconcile(self, definitions: Sequence[ScheduleDefinition]) -> None:
        """Take over another configuration, and bring every schedule up to date.

        Schedules and servers that are gone are ended, and their due slots with them: should they come back, they begin
        anew. Called at the start and at every reload.
        """
        with self._lock:
            self._definitions = tuple(definitions)
            before = frozenset(json.loads(self._catalog.meta(_SERVERS) or "[]"))
            servers = frozenset(definition.server for definition in definitions)
            for server in sorted(before | servers):
                self.update(server)
            if before != servers:
                self._catalog.set_meta(_SERVERS, json.dumps(sorted(servers)))

    def update(self, server: str) -> None:
        """Enter the slots that have come, and give an outcome to those that nobody will serve any more."""
        with self._lock:
            now = self._clock.now()
            defined = self._defined(server)
            for tier in Tier:
                if tier.value in defined:
                    self._enumeration.bring_up_to_date(defined[tier.value], now)
                else:
                    self._enumeration.retire(server, tier.value, now)
            self._close_hopeless(server, now)

    def due(self, server: str) -> list[Slot]:
        """Return the slots that a run starting now would serve, oldest first; none that a live run has claimed."""
        with self._lock:
            self.update(server)
            return self._unclaimed(server, self._clock.now())

    def next_attempt_at(self, server: str) -> datetime | None:
        """Return when a run is wanted.

        Returns:
            Now or earlier: at once. Later: a failed run's back-off is not over; look again then. None: nothing is due,
            or what is due has failed often enough and is left to the next run.
        """
        with self._lock:
            now = self._clock.now()
            times = [attempt_at(slot, failed_at=slot.decided_at, now=now) for slot in self.due(server)]
            return min((time for time in times if time is not None), default=None)

    def claim(self, server: str, run_id: str) -> list[Slot]:
        """Return every due slot, which is now the business of this run; the run is in the catalog already."""
        with self._lock:
            slots = self.due(server)
            self._decide(slots, SlotState.DUE, run_id, "a run is serving it")
            return slots

    def served(self, slots: Iterable[Slot], run_id: str) -> None:
        """Note that a run left a good backup."""
        self._decide(slots, SlotState.SERVED, run_id, "")

    def failed(self, slots: Iterable[Slot], run_id: str, error: str) -> int | None:
        """Note that a run failed.

        Args:
            slots: As ``claim`` returned them.
            run_id: The run.
            error: Why, without secrets.

        Returns:
            Seconds to wait before the next attempt, or None when the slots are left to the next run.
        """
        slots = list(slots)
        if not slots:
            return None
        with self._lock:
            now = self._clock.now()
            detail = f"run {run_id} failed: {error}"
            self._catalog.count_attempt(slots, run_id=run_id, detail=detail, at=now)
            self._catalog.decide_slots(slots, state=SlotState.DUE, run_id=None, detail=detail, at=now)
            keys = {_key(slot) for slot in slots}
            attempts = [slot.attempts for slot in self.due(slots[0].server) if _key(slot) in keys]
            return retry_delay_seconds(min(attempts, default=0))

    def cancelled(self, slots: Iterable[Slot], run_id: str) -> None:
        """Note that a run was cancelled on purpose, which closes its slots."""
        self._decide(slots, SlotState.CANCELLED, run_id, "the run was cancelled")

    def interrupted(self, slots: Iterable[Slot]) -> None:
        """Note that a run was ended by the daemon's own end: the slots are due again."""
        self._decide(slots, SlotState.DUE, None, "the run was interrupted")

    def skipped(self, slots: Iterable[Slot], reason: str) -> None:
        """Close slots without a run."""
        self._decide(slots, SlotState.SKIPPED, None, reason)

    def pause(self, server: str, schedule: str | None, by: str) -> list[str]:
        """Make schedules start nothing until they are resumed; what is due or comes due meanwhile is skipped.

        Args:
            server: Name of the server.
            schedule: One of its schedules, or None for all.
            by: Who asked for it.

        Returns:
            Names of the schedules, in order.

        Raises:
            NotFoundError: The server has no such schedule.
        """
        with self._lock:
            names = self._named(server, schedule)
            self.update(server)
            for name in names:
                state = self._catalog.schedule_state(server, name)
                if state is not None and not state.paused:
                    changed = replace(state, paused=True, paused_by=by, paused_at=self._clock.now())
                    self._catalog.save_schedule_state(changed)
                    _log.info("schedule.paused", server=server, schedule=name, by=by)
            self.update(server)
            return names

    def resume(self, server: str, schedule: str | None, by: str) -> list[str]:
        """End the pause of schedules; what was skipped stays skipped. Arguments and errors as for ``pause``."""
        with self._lock:
            names = self._named(server, schedule)
            self.update(server)
            for name in names:
                state = self._catalog.schedule_state(server, name)
                if state is not None and state.paused:
                    self._catalog.save_schedule_state(replace(state, paused=False, paused_by="", paused_at=None))
                    _log.info("schedule.resumed", server=server, schedule=name, by=by)
            return names

    def paused(self) -> frozenset[tuple[str, str]]:
        """Return server and name of every schedule that is paused."""
        states = (self._catalog.schedule_state(*definition.key) for definition in self._definitions)
        return frozenset((state.server, state.schedule) for state in states if state is not None and state.paused)

    def schedule_views(self) -> list[ScheduleView]:
        """Return every schedule as it stands, in the order of the configuration."""
        with self._lock:
            for server in dict.fromkeys(definition.server for definition in self._definitions):
                self.update(server)
            return [self._view(definition, self._clock.now()) for definition in self._definitions]

    def _view(self, definition: ScheduleDefinition, now: datetime) -> ScheduleView:
        state = self._catalog.schedule_state(*definition.key)
        paused = state is not None and state.paused
        last = self._last_slot(*definition.key, now)
        due = self._catalog.slots(
            server=definition.server, schedule=definition.name, states=[SlotState.DUE], limit=_OPEN_LIMIT
        )
        return ScheduleView(
            server=definition.server,
            schedule=definition.name,
            expression=definition.expression,
            explain=definition.rule.explain(),
            timezone=definition.timezone,
            next_at=None if paused else definition.rule.next_after(now),
            paused=paused,
            paused_by=state.paused_by if state is not None else "",
            last_slot_state=last.state if last else None,
            last_slot_at=last.due_at if last else None,
            due_count=sum(slot.due_at <= now for slot in due),
            paused_at=state.paused_at if state is not None else None,
            last_run_id=last.run_id if last else None,
            last_detail=last.detail if last else "",
        )

    def _last_slot(self, server: str, schedule: str, now: datetime) -> Slot | None:
        latest = self._catalog.latest_slot_time(server, schedule)
        if latest is None:
            return None
        since = latest if latest <= now else now - timedelta(days=366)
        slots = self._catalog.slots(server=server, schedule=schedule, since=since, limit=_OPEN_LIMIT)
        return max((slot for slot in slots if slot.due_at <= now), key=lambda slot: slot.due_at, default=None)

    def _named(self, server: str, schedule: str | None) -> list[str]:
        defined = self._defined(server)
        names = list(defined) if schedule is None else [schedule]
        if not names or not set(names) <= set(defined):
            wanted = f'schedule "{schedule}"' if schedule is not None else "schedules"
            known = ", ".join(f"{definition.server}/{definition.name}" for definition in self._definitions) or "none"
            raise NotFoundError(f'server "{server}" has no {wanted}', hint=f"Schedules that exist: {known}.")
        return names

    def _defined(self, server: str) -> dict[str, ScheduleDefinition]:
        return {definition.name: definition for definition in self._definitions if definition.server == server}

    def _unclaimed(self, server: str, now: datetime) -> list[Slot]:
        open_slots = [
            slot
            for slot in self._catalog.slots(server=server, states=[SlotState.DUE], limit=_OPEN_LIMIT)
            if slot.due_at <= now
        ]
        if not any(slot.run_id for slot in open_slots):
            return open_slots
        live = {run.run_id for run in self._catalog.unfinished_runs()}
        return [slot for slot in open_slots if slot.run_id not in live]

    def _close_hopeless(self, server: str, now: datetime) -> None:
        by_schedule: dict[str, list[Slot]] = defaultdict(list)
        for slot in self._unclaimed(server, now):
            by_schedule[slot.schedule].append(slot)
        defined = self._defined(server)
        for schedule, slots in by_schedule.items():
            definition = defined.get(schedule)
            state = self._catalog.schedule_state(server, schedule)
            pause = pause_of(state) if state is not None else None
            if definition is None:
                self._decide(slots, SlotState.SKIPPED, None, "the schedule was removed from the configuration")
            elif pause is not None:
                self._decide(slots, SlotState.SKIPPED, None, pause.words)
            elif late := overdue(slots, now=now, catch_up_seconds=definition.catch_up_seconds):
                self._close_late(late)

    def _close_late(self, late: list[Slot]) -> None:
        by_detail: dict[str, list[Slot]] = defaultdict(list)
        for slot in late:
            by_detail[slot.detail].append(slot)
        for detail, slots in by_detail.items():
            words = "too late to catch up"
            self._decide(slots, SlotState.MISSED, None, f"{words}; {detail}" if detail else words)
        _log.warning("slots.missed", server=late[0].server, schedule=late[0].schedule, count=len(late))

    def _decide(self, slots: Iterable[Slot], state: SlotState, run_id: str | None, detail: str) -> None:
        slots = list(slots)
        if slots:
            self._catalog.decide_slots(slots, state=state, run_id=run_id, detail=detail, at=self._clock.now())


def _key(slot: Slot) -> tuple[str, datetime]:
    return slot.schedule, slot.due_at
