"""The state machine of a restore, wholly."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.machine import Event, State, next_state

OPEN = [state for state in State if not state.is_final]
FORWARD = (State.STAGING, State.FENCING, State.SWAPPING, State.STARTING, State.GATING, State.COMMITTING)

TABLE = [
    (State.STAGING, Event.DONE, State.FENCING),
    (State.STAGING, Event.FAILED, State.CLEANING),
    (State.STAGING, Event.UNAVAILABLE, State.CLEANING),
    (State.STAGING, Event.CRASHED, State.CLEANING),
    (State.FENCING, Event.DONE, State.SWAPPING),
    (State.FENCING, Event.FAILED, State.UNFENCING),
    (State.FENCING, Event.UNAVAILABLE, State.UNFENCING),
    (State.FENCING, Event.CRASHED, State.UNFENCING),
    (State.SWAPPING, Event.DONE, State.STARTING),
    (State.SWAPPING, Event.FAILED, State.SWAPPING_BACK),
    (State.SWAPPING, Event.UNAVAILABLE, State.SWAPPING_BACK),
    (State.SWAPPING, Event.CRASHED, State.SWAPPING_BACK),
    (State.STARTING, Event.DONE, State.GATING),
    (State.STARTING, Event.FAILED, State.STOPPING),
    (State.STARTING, Event.UNAVAILABLE, State.STARTING),
    (State.STARTING, Event.CRASHED, State.STARTING),
    (State.GATING, Event.DONE, State.COMMITTING),
    (State.GATING, Event.FAILED, State.STOPPING),
    (State.GATING, Event.UNAVAILABLE, State.STARTING),
    (State.GATING, Event.CRASHED, State.STARTING),
    (State.COMMITTING, Event.DONE, State.COMMITTED),
    (State.STOPPING, Event.DONE, State.SWAPPING_BACK),
    (State.SWAPPING_BACK, Event.DONE, State.UNFENCING),
    (State.UNFENCING, Event.DONE, State.CLEANING),
]


@pytest.mark.parametrize(("state", "event", "expected"), TABLE)
def test_each_event_leads_to_one_state(state: State, event: Event, expected: State) -> None:
    assert next_state(state, event, has_swapped=False) is expected


@pytest.mark.parametrize("state", [State.COMMITTING, State.STOPPING, State.SWAPPING_BACK, State.UNFENCING])
@pytest.mark.parametrize("event", [Event.FAILED, Event.UNAVAILABLE, Event.CRASHED])
def test_what_must_be_done_in_the_end_is_tried_again(state: State, event: Event) -> None:
    assert next_state(state, event, has_swapped=True) is state


@pytest.mark.parametrize(("has_swapped", "expected"), [(False, State.ABORTED), (True, State.ROLLED_BACK)])
def test_cleaning_up_ends_in_an_abort_or_in_a_rollback(has_swapped: bool, expected: State) -> None:
    assert next_state(State.CLEANING, Event.DONE, has_swapped=has_swapped) is expected


@pytest.mark.parametrize("state", [State.COMMITTED, State.ABORTED, State.ROLLED_BACK])
def test_nothing_follows_a_final_state(state: State) -> None:
    with pytest.raises(ValueError, match="nothing follows"):
        next_state(state, Event.DONE, has_swapped=False)


@pytest.mark.parametrize("start", OPEN)
def test_every_open_state_reaches_a_final_one_when_all_is_done(start: State) -> None:
    state = start
    for _ in range(len(State)):
        if state.is_final:
            break
        state = next_state(state, Event.DONE, has_swapped=True)

    assert state.is_final


@pytest.mark.parametrize("start", FORWARD)
@pytest.mark.parametrize("event", [Event.FAILED, Event.CRASHED])
def test_no_failure_before_the_gate_commits_without_passing_it(start: State, event: Event) -> None:
    way = []
    state = next_state(start, event, has_swapped=True)
    while not state.is_final:
        way.append(state)
        state = next_state(state, Event.DONE, has_swapped=True)

    if state is State.COMMITTED and start is not State.COMMITTING:
        assert State.GATING in way
    else:
        assert state is (State.COMMITTED if start is State.COMMITTING else State.ROLLED_BACK)


def test_what_leads_back_never_leads_to_a_commit() -> None:
    for start in (state for state in State if state.leads_back):
        state = start
        while not state.is_final:
            state = next_state(state, Event.DONE, has_swapped=True)
        assert state is State.ROLLED_BACK
