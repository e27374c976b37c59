"""The bars for 10,000 backups, measured at the API: a real catalog, the real server, a client process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.api_10000_backups import ALL, BARS_SECONDS, FIRST_PAGE, measure, served_catalog
from tests.benchmarks.catalog_10000 import BACKUPS


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    with served_catalog() as path:
        yield path


@pytest.mark.parametrize(("target", "expected"), [(FIRST_PAGE, 100), (ALL, BACKUPS)])
def test_backups_are_listed_within_the_bar(socket: Path, target: str, expected: int) -> None:
    seconds, backups, _ = measure(socket, target)

    assert backups == expected
    assert seconds < BARS_SECONDS[target]
