"""Which backups stand for days, weeks and months: the oldest of each, and stand-ins where there is no good one."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING

from octeth_backupd.domain.retention.periods import PERIOD_TIERS, period_words
from octeth_backupd.domain.retention.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from octeth_backupd.domain.backup import Tier
    from octeth_backupd.domain.retention.policy import Counts

Periods = dict[str, "Mapping[Tier, date]"]
"""The periods of backups by id."""


def standing(backup_ids: Iterable[str], periods: Periods, counts: Counts) -> dict[str, list[Reason]]:
    """Return the backups that stand for the newest periods, as many as are counted, each with its periods.

    Args:
        backup_ids: Good backups, oldest first.
        periods: Their periods.
        counts: How many periods; one without a backup does not use up the count.
    """
    found: dict[str, list[Reason]] = {}
    ordered = tuple(backup_ids)
    for tier in PERIOD_TIERS:
        for begin, backup_id in _newest(_oldest_by_period(ordered, periods, tier), counts.of(tier)):
            found.setdefault(backup_id, []).append(
                Reason(code=ReasonCode(tier.value), words=f"stands for {period_words(tier, begin)}")
            )
    return found


def standing_in(
    doubted_ids: Iterable[str], good_ids: Sequence[str], periods: Periods, counts: Counts
) -> dict[str, list[Reason]]:
    """Return the doubted backups that are the only ones of a period no older than those that are kept.

    They come on top of the good ones and never use up their count.

    Args:
        doubted_ids: Backups that are there and not good, oldest first.
        good_ids: The good ones, oldest first.
        periods: The periods of both.
        counts: How many periods, of good ones and of doubted ones.
    """
    found: dict[str, list[Reason]] = {}
    ordered = tuple(doubted_ids)
    if not ordered:
        return found
    for tier in PERIOD_TIERS:
        count = counts.of(tier)
        good = _oldest_by_period(good_ids, periods, tier)
        kept = [begin for begin, _ in _newest(good, count)]
        oldest_kept = kept[-1] if len(kept) == count else None
        alone = {
            begin: backup_id
            for begin, backup_id in _oldest_by_period(ordered, periods, tier).items()
            if begin not in good and (oldest_kept is None or begin > oldest_kept)
        }
        for begin, backup_id in _newest(alone, count):
            words = f"there is no good one of {period_words(tier, begin)}"
            found.setdefault(backup_id, []).append(Reason(code=ReasonCode.STAND_IN, words=words))
    return found


def _oldest_by_period(ordered: Iterable[str], periods: Periods, tier: Tier) -> dict[date, str]:
    oldest: dict[date, str] = {}
    for backup_id in ordered:
        oldest.setdefault(periods[backup_id][tier], backup_id)
    return oldest


def _newest(by_period: Mapping[date, str], count: int) -> list[tuple[date, str]]:
    return nlargest(count, by_period.items())
