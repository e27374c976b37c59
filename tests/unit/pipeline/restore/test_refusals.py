"""Refusals in words, and the plan that a run is held to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.events import Warned
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.domain.restore.plan import Refusal, RestorePlan
from octeth_backupd.errors import RestoreRefusedError
from octeth_backupd.pipeline.restore import refusals as refusals_module
from octeth_backupd.pipeline.restore.refusals import refused, require_plan

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

PLAN = RestorePlan(
    server="oempro", backup_id="", taken_at=None, archive=None, site=None, warnings=("It is two days old.",)
)
REFUSALS = (
    Refusal(code="foreign_data", message="the data is foreign", hint="Look at it.", flag="--force-foreign"),
    Refusal(code="no_space", message="no room"),
)


def test_all_of_them_are_named() -> None:
    assert refused("the restore is refused", REFUSALS).message == (
        "the restore is refused: the data is foreign; no room"
    )


def test_the_hint_says_which_option_overrides() -> None:
    assert refused("x", REFUSALS).hint == "Look at it. Or order it with --force-foreign."


def test_a_plan_without_refusals_is_the_runs_and_its_warnings_are_said(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals_module, "plan_restore", lambda *_, **__: PLAN)

    assert require_plan(bench.context(), bench.parts(), RestoreOrder()) is PLAN
    assert [event.message for event in bench.events if isinstance(event, Warned)] == ["It is two days old."]


def test_a_plan_with_refusals_is_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals_module, "plan_restore", lambda *_, **__: replace(PLAN, refusals=REFUSALS))

    with pytest.raises(RestoreRefusedError, match="no room"):
        require_plan(bench.context(), bench.parts(), RestoreOrder())

    assert bench.events == []
