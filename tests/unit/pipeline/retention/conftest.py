"""Fixtures for the tests of retention at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.shelf import Shelf

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


@pytest.fixture
def shelf(bench: Bench) -> Shelf:
    """Storages for finished backups, empty yet."""
    return Shelf(bench)
