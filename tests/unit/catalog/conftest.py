"""A catalog in a directory of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.store import Catalog
from tests.fakes.catalog_values import StandingClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def catalog_path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def catalog(catalog_path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(catalog_path, clock=StandingClock())
    yield opened
    opened.close()
