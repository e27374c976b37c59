"""The state machine of the dangerous part of a restore: state and event → state; the action belongs to the state.

A state is written to the journal *before* its action begins, and every action may be repeated: it looks at what is
there and does what is missing. So whatever ends the daemon, the next one reads the state and goes on from there::

    staging → fencing → swapping → starting → gating → committing → committed
       │          │          │          └────┬───┘
       │          │          │           stopping
       │          │          └──→ swapping_back ←┘
       │          └──→ unfencing ←──┘
       └──→ cleaning ←┘ → aborted (nothing changed) | rolled_back (the data from before is back)

Until ``swapping`` nothing of the server's data has been touched. From ``starting`` on the restored data may have been
written to, so that a crash goes forward: only a gate that failed takes it away again.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What a restore is about to do, or how it ended."""

    STAGING = "staging"
    FENCING = "fencing"
    SWAPPING = "swapping"
    STARTING = "starting"
    GATING = "gating"
    COMMITTING = "committing"
    STOPPING = "stopping"
    SWAPPING_BACK = "swapping_back"
    UNFENCING = "unfencing"
    CLEANING = "cleaning"
    COMMITTED = "committed"
    ABORTED = "aborted"
    ROLLED_BACK = "rolled_back"

    @property
    def is_final(self) -> bool:
        """Return whether nothing is left to be done."""
        return self in {State.COMMITTED, State.ABORTED, State.ROLLED_BACK}

    @property
    def leads_back(self) -> bool:
        """Return whether it is on the way to the data from before."""
        return self in {State.STOPPING, State.SWAPPING_BACK, State.UNFENCING, State.CLEANING}


class Event(StrEnum):
    """How an action ended.

    ``UNAVAILABLE``: it could not even be tried, because somebody who must do it (the Docker engine, systemd) is away.
    ``CRASHED``: nobody knows; the daemon ended in the middle of it.
    """

    DONE = "done"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    CRASHED = "crashed"


_DONE = {
    State.STAGING: State.FENCING,
    State.FENCING: State.SWAPPING,
    State.SWAPPING: State.STARTING,
    State.STARTING: State.GATING,
    State.GATING: State.COMMITTING,
    State.COMMITTING: State.COMMITTED,
    State.STOPPING: State.SWAPPING_BACK,
    State.SWAPPING_BACK: State.UNFENCING,
    State.UNFENCING: State.CLEANING,
}
_UNDONE = {
    State.STAGING: State.CLEANING,
    State.FENCING: State.UNFENCING,
    State.SWAPPING: State.SWAPPING_BACK,
    State.STARTING: State.STOPPING,
    State.GATING: State.STOPPING,
}
"""Where a failure leads; every other state is tried again until it is done."""
_GOES_FORWARD = {State.STARTING: State.STARTING, State.GATING: State.STARTING}
"""What a crash leads to where that differs from a failure: the server may be up on the restored data."""


def next_state(state: State, event: Event, *, has_swapped: bool) -> State:
    """Return the state that follows.

    Args:
        state: The one whose action ended; not a final one.
        event: How.
        has_swapped: The swap was begun, so that what is cleaned up after is a rollback rather than an abort.

    Raises:
        ValueError: The state is final.
    """
    if state.is_final:
        raise ValueError(f"nothing follows {state}")
    if event is Event.DONE:
        if state is State.CLEANING:
            return State.ROLLED_BACK if has_swapped else State.ABORTED
        return _DONE[state]
    if event is not Event.FAILED and state in _GOES_FORWARD:
        return _GOES_FORWARD[state]
    return _UNDONE.get(state, state)
