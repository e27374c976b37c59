"""Times on the command line."""

import argparse
from datetime import UTC, datetime

import pytest

from octeth_backupd.cli.ctl.times import time_argument


def test_a_time_without_a_zone_is_utc() -> None:
    assert time_argument("2026-11-22T02:00") == datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
    assert time_argument("2026-11-22T02:00:00+03:00") == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not a time in ISO 8601"):
        time_argument("yesterday")
