"""Times as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from octeth_backupd.domain.timestamps import optional_utc_text, utc_text


def test_time_is_shown_in_utc_in_whole_seconds() -> None:
    at = datetime(2026, 11, 22, 3, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))

    assert utc_text(at) == "2026-11-22T02:00:00Z"


def test_text_can_be_read_again_as_the_same_moment() -> None:
    at = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)

    assert datetime.fromisoformat(utc_text(at)) == at


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        utc_text(datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None))


def test_unknown_time_has_no_text() -> None:
    assert optional_utc_text(None) is None
    assert optional_utc_text(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"
