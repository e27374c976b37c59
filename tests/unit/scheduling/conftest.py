"""Fixtures for the tests of scheduling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.scheduling.builders import LedgerBench, all_three, definition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def daily_only(tmp_path: Path) -> Iterator[LedgerBench]:
    """A ledger that knows one daily schedule since noon of a Sunday."""
    bench = LedgerBench(tmp_path, [definition()])
    yield bench
    bench.close()


@pytest.fixture
def three_schedules(tmp_path: Path) -> Iterator[LedgerBench]:
    """A ledger that knows a daily, a weekly and a monthly schedule."""
    bench = LedgerBench(tmp_path, all_three())
    yield bench
    bench.close()
