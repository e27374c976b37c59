"""Slots and the states of schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import SlotState, Tier
from octeth_backupd.domain.schedule_state import ScheduleState
from octeth_backupd.errors import NotFoundError
from tests.fakes.catalog_values import START, make_slot

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

DAY = timedelta(days=1)


def test_slots_come_back_oldest_first(catalog: Catalog) -> None:
    slots = [make_slot(START + DAY), make_slot(START), make_slot(START, "weekly", tier=Tier.WEEKLY)]

    catalog.add_slots(slots)

    assert catalog.slots() == [slots[1], slots[2], slots[0]]


def test_slot_entered_again_is_left_as_it_is(catalog: Catalog) -> None:
    decided = make_slot(state=SlotState.MISSED, detail="older than the catch-up time", decided_at=START)
    catalog.add_slots([decided])

    catalog.add_slots([make_slot(), make_slot(START + DAY)])

    assert catalog.slots() == [decided, make_slot(START + DAY)]


def test_entering_no_slots_is_no_error(catalog: Catalog) -> None:
    catalog.add_slots([])

    assert catalog.slots() == []


def test_latest_time_is_that_of_the_schedule_asked_for(catalog: Catalog) -> None:
    catalog.add_slots([make_slot(START), make_slot(START + DAY), make_slot(START + 2 * DAY, "weekly")])

    assert catalog.latest_slot_time("oempro", "daily") == START + DAY
    assert catalog.latest_slot_time("oempro", "monthly") is None


def test_slots_are_filtered(catalog: Catalog) -> None:
    wanted = make_slot(START + DAY, state=SlotState.MISSED)
    catalog.add_slots(
        [
            make_slot(START, state=SlotState.MISSED),
            wanted,
            make_slot(START + 2 * DAY),
            make_slot(START + DAY, "weekly", state=SlotState.MISSED),
            make_slot(START + DAY, server="other", state=SlotState.MISSED),
        ]
    )

    found = catalog.slots(
        server="oempro", schedule="daily", states={SlotState.MISSED, SlotState.SKIPPED}, since=START + DAY
    )

    assert found == [wanted]


def test_slots_stop_at_the_limit(catalog: Catalog) -> None:
    catalog.add_slots([make_slot(START + i * DAY) for i in range(5)])

    assert [slot.due_at for slot in catalog.slots(limit=2)] == [START, START + DAY]


def test_no_states_asked_for_finds_no_slot(catalog: Catalog) -> None:
    catalog.add_slots([make_slot()])

    assert catalog.slots(states=()) == []


def test_decided_slots_carry_run_reason_and_time(catalog: Catalog) -> None:
    served, waiting = make_slot(START), make_slot(START + DAY)
    catalog.add_slots([served, waiting])

    catalog.decide_slots([served], state=SlotState.SERVED, run_id="run-1", detail="by run-1", at=START + DAY)

    expected = replace(served, state=SlotState.SERVED, run_id="run-1", detail="by run-1", decided_at=START + DAY)
    assert catalog.slots() == [expected, waiting]


def test_decision_about_a_slot_never_entered_changes_none(catalog: Catalog) -> None:
    catalog.add_slots([make_slot()])

    with pytest.raises(NotFoundError, match="weekly"):
        catalog.decide_slots(
            [make_slot(), make_slot(schedule="weekly")], state=SlotState.SERVED, run_id=None, detail="", at=START
        )

    assert catalog.slots() == [make_slot()]


def test_failed_attempt_is_counted_and_the_slot_stays_due(catalog: Catalog) -> None:
    catalog.add_slots([make_slot()])

    for attempt in (1, 2):
        catalog.count_attempt([make_slot()], run_id=f"run-{attempt}", detail="no space", at=START + attempt * DAY)

    assert catalog.slots() == [
        make_slot(attempts=2, run_id="run-2", detail="no space", decided_at=START + 2 * DAY),
    ]


def test_schedule_is_remembered_in_place_of_what_was(catalog: Catalog) -> None:
    state = ScheduleState(server="oempro", schedule="daily", definition="0 2 * * *", known_since=START)
    paused = replace(state, paused=True, paused_by="uid 0 (root)", paused_at=START + DAY)

    catalog.save_schedule_state(state)
    catalog.save_schedule_state(paused)

    assert catalog.schedule_state("oempro", "daily") == paused


def test_schedule_never_saved_is_unknown(catalog: Catalog) -> None:
    assert catalog.schedule_state("oempro", "daily") is None
