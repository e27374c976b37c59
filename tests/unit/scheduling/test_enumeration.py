"""Entering slots: each once, also when what is remembered cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from octeth_backupd.domain.backup import SlotState
from octeth_backupd.scheduling.enumeration import SlotEnumeration, pause_of
from tests.unit.scheduling.builders import DAY, HOUR, NOON, LedgerBench, definition

FIRST = datetime(2026, 10, 26, 2, tzinfo=UTC)


def test_slots_are_entered_once_however_often_it_is_asked(daily_only: LedgerBench) -> None:
    enumeration = SlotEnumeration(daily_only.catalog)

    for hour in range(48):
        enumeration.bring_up_to_date(definition(), NOON + hour * HOUR)

    assert daily_only.states() == [(FIRST, SlotState.DUE), (FIRST + DAY, SlotState.DUE)]


def test_new_schedule_begins_now(daily_only: LedgerBench) -> None:
    enumeration = SlotEnumeration(daily_only.catalog)

    enumeration.bring_up_to_date(definition(server="new"), NOON)

    state = daily_only.catalog.schedule_state("new", "daily")
    assert state is not None
    assert state.known_since == NOON
    assert daily_only.states(server="new") == []


@pytest.mark.parametrize(
    "remembered",
    ["a hash of another release", '{"expression": "0 2 * * *"}', "[]", '{"expression": "x", "timezone": "y"}'],
)
def test_definition_that_cannot_be_read_counts_as_changed(daily_only: LedgerBench, remembered: str) -> None:
    state = daily_only.catalog.schedule_state("oempro", "daily")
    assert state is not None
    daily_only.catalog.save_schedule_state(replace(state, definition=remembered))

    SlotEnumeration(daily_only.catalog).bring_up_to_date(definition(), NOON + 3 * DAY)

    changed = daily_only.catalog.schedule_state("oempro", "daily")
    assert changed is not None
    assert (changed.known_since, changed.definition) == (NOON + 3 * DAY, definition().canonical)
    assert daily_only.states() == []


def test_retired_schedule_keeps_its_pause_and_gives_its_slots_an_outcome(daily_only: LedgerBench) -> None:
    daily_only.ledger.pause("oempro", "daily", "uid 0 (root)")

    SlotEnumeration(daily_only.catalog).retire("oempro", "daily", FIRST + HOUR)

    state = daily_only.catalog.schedule_state("oempro", "daily")
    assert state is not None
    assert state.definition == ""
    assert pause_of(state) is not None
    assert daily_only.states() == [(FIRST, SlotState.SKIPPED)]


def test_retiring_what_never_was_does_nothing(daily_only: LedgerBench) -> None:
    SlotEnumeration(daily_only.catalog).retire("oempro", "monthly", NOON)

    assert daily_only.catalog.schedule_state("oempro", "monthly") is None
