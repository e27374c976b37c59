"""Room, as the plan counts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.domain.restore.plan import SpaceLine, of_another_run
from tests.fakes.restores import RUN_ID, make_plan


@pytest.mark.parametrize(("free", "expected"), [(110, True), (109, False), (0, False), (1000, True)])
def test_what_is_needed_and_the_reserve_must_fit(free: int, expected: bool) -> None:
    line = SpaceLine(path=Path("/srv"), purpose="staging", needed_bytes=100, reserve_bytes=10, free_bytes=free)

    assert line.is_enough is expected


def test_a_plan_that_is_only_shown_names_no_path_that_will_never_be() -> None:
    plan = make_plan()
    assert RUN_ID in str(plan)

    shown = of_another_run(plan, RUN_ID, "RUN")

    assert RUN_ID not in str((shown.swaps, shown.staging, shown.spaces, shown.exchange, shown.old_data))
    assert shown.swaps[0].room.name.endswith("RUN")
