"""process.clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from octeth_backupd.process.clock import SystemClock


def test_time_is_aware_and_utc() -> None:
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_monotonic_time_does_not_run_backwards() -> None:
    clock = SystemClock()

    assert clock.monotonic_seconds() <= clock.monotonic_seconds()
