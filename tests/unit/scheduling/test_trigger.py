"""The trigger that stands between APScheduler and our cron rules."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

from octeth_backupd.domain.cron import CronRule
from octeth_backupd.scheduling.trigger import CronRuleTrigger

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def trigger(expression: str = "0 2 * * 0", timezone: str = "Europe/Berlin") -> CronRuleTrigger:
    return CronRuleTrigger(CronRule(expression=expression, timezone=timezone))


def test_zero_is_sunday() -> None:
    assert trigger().get_next_fire_time(None, NOW) == datetime(2026, 11, 29, 1, tzinfo=UTC)


def test_missed_times_are_not_walked_through() -> None:
    long_ago = NOW - timedelta(days=3650)

    assert trigger("* * * * *").get_next_fire_time(long_ago, NOW) == NOW + timedelta(minutes=1)


def test_trigger_is_stored_as_two_texts_and_comes_back() -> None:
    restored = pickle.loads(pickle.dumps(trigger()))

    assert trigger().__getstate__() == {"expression": "0 2 * * 0", "timezone": "Europe/Berlin"}
    assert restored.get_next_fire_time(None, NOW) == trigger().get_next_fire_time(None, NOW)


def test_trigger_reads_as_its_rule() -> None:
    assert str(trigger()) == "cron[0 2 * * 0, Europe/Berlin]"
