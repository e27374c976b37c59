"""The bars for 10,000 backups, measured at the API: a real catalog, the real server, a client process of its own."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from octeth_backupd.catalog.store import Catalog
from tests.benchmarks.api_10000_backups import ALL, BARS_SECONDS, FIRST_PAGE, measure, served_catalog
from tests.benchmarks.catalog_10000 import BACKUPS, FIGURES_SECONDS, fill, fresh_figures, median_seconds
from tests.fakes.catalog_values import StandingClock


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    with served_catalog() as path:
        yield path


@pytest.mark.parametrize(("target", "expected"), [(FIRST_PAGE, 100), (ALL, BACKUPS)])
def test_backups_are_listed_within_the_bar(socket: Path, target: str, expected: int) -> None:
    seconds, backups, _ = measure(socket, target)

    assert backups == expected
    assert seconds < BARS_SECONDS[target]


def test_figures_are_taken_within_the_bar(tmp_path: Path) -> None:
    fill(tmp_path / "catalog.sqlite")
    catalog = Catalog.open(tmp_path / "catalog.sqlite", clock=StandingClock())

    # The processor's time: a daemon is scraped whatever else the machine does, and this one tests in parallel.
    seconds = median_seconds(lambda: fresh_figures(catalog), time.process_time)
    catalog.close()

    assert seconds < FIGURES_SECONDS
