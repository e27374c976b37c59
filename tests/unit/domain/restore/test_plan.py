"""Room, as the plan counts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.domain.restore.plan import SpaceLine


@pytest.mark.parametrize(("free", "expected"), [(110, True), (109, False), (0, False), (1000, True)])
def test_what_is_needed_and_the_reserve_must_fit(free: int, expected: bool) -> None:
    line = SpaceLine(path=Path("/srv"), purpose="staging", needed_bytes=100, reserve_bytes=10, free_bytes=free)

    assert line.is_enough is expected
