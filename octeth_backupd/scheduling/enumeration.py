"""Bring the slots of one schedule up to the present: our own enumeration, from the last entry on.

APScheduler's events are not asked: they name only the last of several times that passed, and none that passed while its
store was lost.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import SlotState
from octeth_backupd.domain.schedule_state import ScheduleState
from octeth_backupd.domain.slots import (
    LISTED_SLOTS,
    ClockDoubt,
    Pause,
    enumerate_due,
    enumeration_start,
    tier_of,
)
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.scheduling.definition import rule_of_canonical

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Slot
    from octeth_backupd.domain.cron import CronRule
    from octeth_backupd.scheduling.definition import ScheduleDefinition

_log = structlog.get_logger("slots")
_CHANGED = "the schedule was changed before it could be made up for"
_REMOVED = "the schedule was removed before it could be made up for"


class SlotEnumeration:
    """Enter the slots of schedules into the catalog, each once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def bring_up_to_date(self, definition: ScheduleDefinition, now: datetime) -> None:
        """Enter every slot of a schedule that has come since the last time.

        A schedule that is new or was changed begins now: a changed rule never makes times of the past due.
        """
        state = self._catalog.schedule_state(*definition.key)
        if state is None or state.definition != definition.canonical:
            if state is not None:
                self._close_old_rule(state, now, _CHANGED)
            self._begin(definition, state, now)
            return
        self._enter(
            state, definition.rule, now, catch_up_seconds=definition.catch_up_seconds, pause=pause_of(state), instead=""
        )

    def retire(self, server: str, schedule: str, now: datetime) -> None:
        """End a schedule that is no longer configured; it begins anew should it come back."""
        state = self._catalog.schedule_state(server, schedule)
        if state is None or not state.definition:
            return
        self._close_old_rule(state, now, _REMOVED)
        self._catalog.save_schedule_state(replace(state, definition="", known_since=now))
        _log.info("schedule.removed", server=server, schedule=schedule)

    def _begin(self, definition: ScheduleDefinition, state: ScheduleState | None, now: datetime) -> None:
        base = state or ScheduleState(
            server=definition.server, schedule=definition.name, definition="", known_since=now
        )
        self._catalog.save_schedule_state(replace(base, definition=definition.canonical, known_since=now))
        _log.info(
            "schedule.defined",
            server=definition.server,
            schedule=definition.name,
            expression=definition.expression,
            timezone=definition.timezone,
        )

    def _close_old_rule(self, state: ScheduleState, now: datetime, reason: str) -> None:
        """Give an outcome to what the old rule made due and nobody entered yet."""
        if not state.definition:
            return
        try:
            rule = rule_of_canonical(state.definition)
        except (ConfigurationError, ValueError, KeyError, TypeError):
            # written by another release, or for a zone that this machine no longer has: its times cannot be told
            _log.warning("schedule.definition_unreadable", server=state.server, schedule=state.schedule)
            return
        self._enter(state, rule, now, catch_up_seconds=0, pause=pause_of(state), instead=reason)

    def _enter(
        self,
        state: ScheduleState,
        rule: CronRule,
        now: datetime,
        *,
        catch_up_seconds: int,
        pause: Pause | None,
        instead: str,
    ) -> None:
        server, schedule = state.server, state.schedule
        known_doubt = self._doubt(server, schedule)
        after, doubt = enumeration_start(
            known_since=state.known_since,
            last_entry=self._catalog.latest_slot_time(server, schedule),
            now=now,
            doubt=known_doubt,
        )
        slots = enumerate_due(
            server=server,
            schedule=schedule,
            tier=tier_of(schedule),
            rule=rule,
            after=after,
            now=now,
            catch_up_seconds=catch_up_seconds,
            pause=pause,
        )
        if instead:
            slots = [replace(slot, state=SlotState.SKIPPED, detail=instead, decided_at=now) for slot in slots]
        if slots:
            self._catalog.add_slots(slots)
            self._report(slots)
        if doubt is not None and slots:
            self._enter_again(slots, now)
            doubt = replace(doubt, seen=slots[-1].due_at)
        if doubt != known_doubt:
            self._remember_doubt(server, schedule, doubt, was=known_doubt)

    def _enter_again(self, slots: list[Slot], now: datetime) -> None:
        """Set slots that a wrong clock had decided before they came to be back to what they are now."""
        wanted = {slot.due_at: slot for slot in slots}
        first = slots[0]
        entered = self._catalog.slots(
            server=first.server, schedule=first.schedule, since=first.due_at, limit=2 * LISTED_SLOTS
        )
        for entry in entered:
            slot = wanted.get(entry.due_at)
            if slot is not None and entry.decided_at is not None and entry.decided_at > now:
                detail = slot.detail or "entered again: a wrong clock had decided it before its time"
                self._catalog.decide_slots([slot], state=slot.state, run_id=None, detail=detail, at=now)

    def _report(self, slots: list[Slot]) -> None:
        missed = [slot for slot in slots if slot.state is SlotState.MISSED]
        if missed:
            _log.warning(
                "slots.missed",
                server=missed[0].server,
                schedule=missed[0].schedule,
                count=len(missed),
                first=missed[0].due_at.isoformat(),
                last=missed[-1].due_at.isoformat(),
            )

    def _doubt(self, server: str, schedule: str) -> ClockDoubt | None:
        text = self._catalog.meta(_doubt_name(server, schedule))
        if not text:
            return None
        parts = json.loads(text)
        return ClockDoubt(
            until=datetime.fromisoformat(parts["until"]),
            seen=datetime.fromisoformat(parts["seen"]),
        )

    def _remember_doubt(self, server: str, schedule: str, doubt: ClockDoubt | None, *, was: ClockDoubt | None) -> None:
        text = ""
        if doubt is not None:
            text = json.dumps({"until": doubt.until.isoformat(), "seen": doubt.seen.isoformat()})
            if was is None or was.until != doubt.until:
                _log.warning(
                    "slots.entries_in_the_future",
                    server=server,
                    schedule=schedule,
                    until=doubt.until.isoformat(),
                    hint="A wrong clock made them. They are ignored, and slots are entered from now on again.",
                )
        self._catalog.set_meta(_doubt_name(server, schedule), text)


def pause_of(state: ScheduleState) -> Pause | None:
    """Return the pause that a schedule is in, if any."""
    if not state.paused:
        return None
    return Pause(by=state.paused_by, since=state.paused_at or state.known_since)


def _doubt_name(server: str, schedule: str) -> str:
    return f"slots.clock_doubt.{server}.{schedule}"
