"""From which difference on a size is doubted."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.postconditions.size_bounds import SizeBounds


@pytest.mark.parametrize(
    ("found", "expected", "verdict"),
    [
        (100, 100, None),
        (50, 100, None),
        (49, 100, "only 49 %"),
        (200, 100, None),
        (201, 100, "201 %"),
        (0, 100, "only 0 %"),
        (100, 0, None),
    ],
)
def test_bounds_are_half_and_double(found: int, expected: int, verdict: str | None) -> None:
    assert SizeBounds(slack_bytes=0).verdict(found, expected) == verdict


def test_small_difference_is_never_doubted() -> None:
    assert SizeBounds(slack_bytes=10).verdict(1, 11) is None


def test_lower_bound_of_nothing_doubts_no_small_backup() -> None:
    assert SizeBounds(lowest_percent=0, slack_bytes=0).verdict(1, 1000) is None
