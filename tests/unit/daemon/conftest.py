"""Fixtures for the tests of the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Everything a run needs."""
    bench = Bench(tmp_path, monkeypatch)
    yield bench
    bench.close()
