"""Slots: which due times of a schedule there are, what becomes of them, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Slot, SlotState, Tier, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from octeth_backupd.domain.cron import CronRule

ON_TIME = timedelta(minutes=10)
CLOCK_MARGIN = timedelta(days=1)
LISTED_SLOTS = 1000
RETRY_DELAYS_SECONDS = (300, 1800)
_SHORTEST_OPEN_TIME = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A schedule is paused."""

    by: str
    since: datetime

    @property
    def words(self) -> str:
        """Return why a slot was skipped."""
        return f"paused by {self.by}" if self.by else "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDoubt:
    """The ledger holds entries that a clock far ahead of this one made; they count for nothing until their time.

    Attributes:
        until: The latest of them. When the clock has passed it, the doubt is over.
        seen: Up to where the slots have been entered again, by the clock as it is now.
    """

    until: datetime
    seen: datetime


def tier_of(schedule: str) -> Tier:
    """Return the tier of a schedule: the one it is named after, ``manual`` for any other."""
    return Tier(schedule) if schedule in {tier.value for tier in Tier} else Tier.MANUAL


def tiers_of(slots: Iterable[Slot]) -> frozenset[Tier]:
    """Return the tiers that a run which serves these slots has."""
    return frozenset(slot.tier for slot in slots)


def trigger_for(slots: Iterable[Slot], now: datetime) -> Trigger:
    """Return what a run that serves these slots is: on schedule, or catching up when the newest is late.

    Args:
        slots: What the run serves.
        now: When the run was asked for; waiting for its turn is no lateness.
    """
    newest = max((slot.due_at for slot in slots), default=now)
    return Trigger.CATCH_UP if now - newest > ON_TIME else Trigger.SCHEDULE


def retry_delay_seconds(attempts: int) -> int | None:
    """Return how long to wait after this many failed runs; None: leave it to the next run."""
    return RETRY_DELAYS_SECONDS[attempts - 1] if 0 < attempts <= len(RETRY_DELAYS_SECONDS) else None


def attempt_at(slot: Slot, *, failed_at: datetime | None, now: datetime) -> datetime | None:
    """Return when a due slot wants a run: at once, when its back-off is over, or None when it waits for another's run.

    Args:
        slot: A slot in state ``due``.
        failed_at: When the last run that tried to serve it failed.
        now: The current time; a back-off never ends later than its length from here, whatever the clock did.
    """
    if slot.attempts == 0:
        return now
    delay_seconds = retry_delay_seconds(slot.attempts)
    if delay_seconds is None:
        return None
    return min(failed_at or now, now) + timedelta(seconds=delay_seconds)


def enumeration_start(
    *, known_since: datetime, last_entry: datetime | None, now: datetime, doubt: ClockDoubt | None
) -> tuple[datetime, ClockDoubt | None]:
    """Return the time after which slots are to be entered, and what is to be remembered about the clock.

    A ledger that ends shortly after now is kept as it is: nothing is entered twice, nothing is lost. One that ends more
    than ``CLOCK_MARGIN`` after now was written by a wrong clock and must not keep backups from being made until then.

    Args:
        known_since: Since when the schedule is defined as it is.
        last_entry: The latest slot of the ledger.
        now: The current time.
        doubt: What the last call said to remember.
    """
    newest = max(known_since, last_entry or known_since)
    if doubt is not None and (doubt.seen >= doubt.until or now > doubt.until + CLOCK_MARGIN):
        doubt = None
    if newest > now + CLOCK_MARGIN and (doubt is None or newest > doubt.until):
        doubt = ClockDoubt(until=newest, seen=now if doubt is None else doubt.seen)
    if doubt is None:
        return newest, None
    if doubt.seen > now + CLOCK_MARGIN:
        doubt = ClockDoubt(until=doubt.until, seen=now)
    if now < doubt.until:
        return doubt.seen, doubt
    # the last wrong entry has come; but if it was the clock before that was wrong, what it saw was long ago
    defined = known_since if known_since < doubt.until else doubt.seen
    return max(doubt.seen, doubt.until - CLOCK_MARGIN, defined), doubt


def enumerate_due(
    *,
    server: str,
    schedule: str,
    tier: Tier,
    rule: CronRule,
    after: datetime,
    now: datetime,
    catch_up_seconds: int,
    pause: Pause | None,
) -> list[Slot]:
    """Return every slot from ``after`` (exclusive) to ``now``, oldest first, each in the state it begins with.

    Too late to catch up: missed. Come due during a pause: skipped. All others: due. When there are more than
    ``LISTED_SLOTS`` only the newest are listed, and the first of them says so.
    """
    slots = []
    for time in rule.latest_between(after, now, limit=LISTED_SLOTS):
        state, detail = _first_state(time, now, catch_up_seconds, pause)
        decided_at = None if state is SlotState.DUE else now
        slots.append(
            Slot(
                server=server,
                schedule=schedule,
                tier=tier,
                due_at=time,
                state=state,
                detail=detail,
                decided_at=decided_at,
            )
        )
    if len(slots) == LISTED_SLOTS:
        note = "earlier ones are not listed"
        slots[0] = replace(slots[0], detail=f"{slots[0].detail}; {note}" if slots[0].detail else note)
    return slots


def overdue(slots: Sequence[Slot], *, now: datetime, catch_up_seconds: int) -> list[Slot]:
    """Return the due slots that nobody will make up for any more.

    A slot that was entered in time stays due for a day at least, so that a queue or the retries do not make it late.
    """
    limit = max(timedelta(seconds=catch_up_seconds), _SHORTEST_OPEN_TIME)
    return [slot for slot in slots if now - slot.due_at > limit]


def _first_state(time: datetime, now: datetime, catch_up_seconds: int, pause: Pause | None) -> tuple[SlotState, str]:
    if pause is not None and time > pause.since:
        return SlotState.SKIPPED, pause.words
    if now - time > max(timedelta(seconds=catch_up_seconds), ON_TIME):
        return SlotState.MISSED, "too late to catch up when the daemon saw it"
    return SlotState.DUE, ""
