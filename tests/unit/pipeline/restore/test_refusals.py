"""Refusals in words."""

from __future__ import annotations

from octeth_backupd.domain.restore.plan import Refusal, RestorePlan
from octeth_backupd.pipeline.restore.refusals import refusal_hint, refusal_message

PLAN = RestorePlan(
    server="oempro",
    backup_id="",
    taken_at=None,
    archive=None,
    site=None,
    refusals=(
        Refusal(code="foreign_data", message="the data is foreign", hint="Look at it.", flag="--force-foreign"),
        Refusal(code="no_space", message="no room"),
    ),
)


def test_all_of_them_are_named() -> None:
    assert refusal_message(PLAN) == "the restore is refused: the data is foreign; no room"


def test_the_hint_says_which_option_overrides() -> None:
    assert refusal_hint(PLAN) == "Look at it. Or order it with --force-foreign.\n"
