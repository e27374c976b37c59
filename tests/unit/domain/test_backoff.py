"""Less and less often."""

from __future__ import annotations

from datetime import timedelta

from octeth_backupd.domain.backoff import put_off
from tests.fakes.catalog_values import START

MINUTE = timedelta(minutes=1)


def test_the_delay_doubles_up_to_its_limit_and_counts_from_each_failure() -> None:
    now, last, delays = START, None, []
    for _ in range(5):
        last = put_off(last, now, first=MINUTE, longest=5 * MINUTE)
        delays.append(last.next_at - now)
        now = last.next_at + timedelta(hours=3)

    assert delays == [MINUTE, 2 * MINUTE, 4 * MINUTE, 5 * MINUTE, 5 * MINUTE]
