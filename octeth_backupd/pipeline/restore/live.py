"""The dangerous part of a restore, driven by its journal: each state is on the disk before its action begins.

The same code finishes a restore, takes it back, and resolves one that a crash interrupted. Nothing here may be
cancelled: from the moment the server is being stopped, the way out is forward or back, never "as it is".
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from octeth_backupd.domain.restore.machine import Event, State, next_state
from octeth_backupd.errors import BackupdError, DockerError, RestoreError, ServerError, ServerStillRunningError
from octeth_backupd.pipeline.restore.carry_over import carry_over
from octeth_backupd.pipeline.restore.gate import pass_gate
from octeth_backupd.pipeline.restore.live_server import LiveServer
from octeth_backupd.pipeline.restore.swapping import (
    are_back,
    give_back,
    is_swapped,
    measured,
    remove_rooms,
    swap_back,
    swap_in,
)
from octeth_backupd.process.exchange import sync_file_system
from octeth_backupd.process.files import tree_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.login import Login
    from octeth_backupd.pipeline.step_runner import StepRunner
    from octeth_backupd.servers.power.base import Power
    from octeth_backupd.servers.server import Server

_log = structlog.get_logger("restore")

_STEPS = {
    State.FENCING: "stop",
    State.SWAPPING: "swap",
    State.STARTING: "start",
    State.GATING: "gate",
    State.COMMITTING: "commit",
    State.STOPPING: "stop again",
    State.SWAPPING_BACK: "swap back",
    State.UNFENCING: "start again",
    State.CLEANING: "clean up",
}
"""Names of the steps of a run, for people."""
_STOPPED = frozenset({State.FENCING, State.SWAPPING, State.SWAPPING_BACK})
"""States that leave the server stopped and go back after a crash."""
_AWAY_LOOK_SECONDS = 0.5
_AWAY_LOOKS = 120
"""How often to look whether an engine that was away is back: a restart takes seconds, and the server may be down."""
_AWAY_TRIES = 5
"""How often an action is repeated after that, before it is left to the next look of the daemon."""


class RestoreStuckError(RestoreError):
    """What must be done next cannot be done now; the daemon tries again by itself."""

    code = "restore_stuck"


@dataclass(slots=True, kw_only=True)
class LiveRestore:
    """One journal on its way to a final state.

    Attributes:
        context: The run that drives it, not always the one that began it.
        logins: Passwords to try, best first.
        notes: What is worth telling of a restore that succeeded.
    """

    context: RunContext
    parts: Parts
    steps: StepRunner
    server: Server
    power: Power
    logins: Sequence[Login]
    journal: Journal
    notes: tuple[str, ...] = ()
    _away_looks: int = _AWAY_LOOKS
    _away_tries: int = _AWAY_TRIES
    _has_served: bool = False

    def begin(self, journal: Journal) -> None:
        """Write the first state down."""
        self._write(journal.moved_to(State.STAGING, self.context.clock.now()))

    def go_on(self, event: Event, *, reason: str = "", **changes: Any) -> None:
        """Move to the state that follows the present one."""
        state = next_state(self.journal.state, event, has_swapped=self.journal.has_swapped)
        if reason and state.leads_back and not self.journal.reason:
            changes["reason"] = reason
        if state is State.SWAPPING:
            changes |= {"has_swapped": True, "swaps": tuple(measured(swap) for swap in self.journal.swaps)}
        self._write(self.journal.moved_to(state, self.context.clock.now(), **changes))

    def finish(self) -> Journal:
        """Drive the journal to a final state and return it.

        Raises:
            RestoreStuckError: An action cannot be done now. The journal stays open; another try goes on from there.
        """
        while not self.journal.state.is_final:
            state = self.journal.state
            try:
                with self.steps.step(_STEPS[state], cancellable=False):
                    changes = self._actions[state]()
            except BackupdError as exc:
                with self._server_back_when_unwritten(state):
                    self._failed(state, exc)
            else:
                with self._server_back_when_unwritten(state):
                    self.go_on(Event.DONE, **changes)
        return self.journal

    @contextmanager
    def _server_back_when_unwritten(self, state: State) -> Iterator[None]:
        """Put the old data back and start the server when its next state cannot be written down.

        A full disk of the state directory must not keep a server stopped. The journal stays where it is: whoever
        resolves it comes to the same end, and finds it reached.
        """
        try:
            yield
        except BackupdError as exc:
            if state in _STOPPED and not isinstance(exc, RestoreStuckError) and self._is_written(state):
                _log.error("restore.journal_unwritten", state=state.value, error=exc.message, hint=exc.hint)
                try:
                    if self.journal.has_swapped:
                        self._swap_back()
                    self._unfence()
                except BackupdError as also:
                    _log.error("restore.server_left_stopped", error=also.message, hint=also.hint)
            raise

    def _is_written(self, state: State) -> bool:
        """Return whether the journal on the disk still says this: an error may have come after it was replaced."""
        try:
            return self.parts.journals.get(self.journal.restore_id).state is state
        except BackupdError:
            return False

    def _failed(self, state: State, error: BackupdError) -> None:
        is_away = error.retryable and error.code in {DockerError.code, ServerError.code}  # Docker's engine, systemd
        event = Event.UNAVAILABLE if is_away else Event.FAILED
        _log.warning("restore.state_failed", state=state.value, error=error.message, hint=error.hint)
        if next_state(state, event, has_swapped=self.journal.has_swapped) is state:
            if event is Event.UNAVAILABLE and self._is_back():
                return
            raise RestoreStuckError(
                f"the restore waits in state {state}: {error.message}",
                hint=f"It goes on by itself once that is put right. {error.hint} "
                f"What to do by hand is in {self.parts.journals.path(self.journal.restore_id)}.",
                retryable=True,
            ) from error
        self.go_on(event, reason=error.message)

    def _is_back(self) -> bool:
        """Wait for who was away, and return whether the action should be tried again at once."""
        while self._away_tries and self._away_looks and not self.context.cancellation.is_cancelled:
            self._away_looks -= 1
            time.sleep(_AWAY_LOOK_SECONDS)
            try:
                self.power.state()
            except BackupdError as exc:
                _log.info("restore.still_away", error=exc.message)
            else:
                self._away_tries -= 1
                return True
        return False

    def _write(self, journal: Journal) -> None:
        self.parts.journals.write(journal)
        self.journal = journal
        _log.info("restore.state", restore_id=journal.restore_id, server=journal.server, state=journal.state.value)

    @property
    def _live(self) -> LiveServer:
        return LiveServer(
            context=self.context, parts=self.parts, server=self.server, power=self.power, logins=self.logins
        )

    @property
    def _actions(self) -> dict[State, Callable[[], dict[str, Any]]]:
        return {
            State.FENCING: self._fence,
            State.SWAPPING: self._swap,
            State.STARTING: self._start,
            State.GATING: self._gate,
            State.COMMITTING: self._commit,
            State.STOPPING: self._stop_again,
            State.SWAPPING_BACK: self._swap_back,
            State.UNFENCING: self._unfence,
            State.CLEANING: self._clean,
        }

    def _fence(self) -> dict[str, Any]:
        self.context.cancellation.raise_if_cancelled()
        own = [swap.live for swap in self.journal.swaps]
        self._live.refuse_other_users(own)
        self.power.fence()
        if self.journal.was_answering:
            self._live.wait_until_ready()  # one that has just been started again may hang when it is asked to stop
        if self.journal.dirty_pages_percent:
            self._live.flush()
        self._live.stop()
        self._live.require_stopped(self.journal.swaps[0].live)
        self._live.refuse_other_users(own)
        data = self.journal.swaps[0]
        carry_over(data.live, data.incoming, self.journal.carried_over)  # what was set while it was being staged
        return {}

    def _swap(self) -> dict[str, Any]:
        self._live.require_stopped(self.journal.swaps[0].live)
        swap_in(self.journal.swaps)
        data = self.journal.swaps[0].live
        if not (data / "mysql").is_dir():
            raise RestoreError(f"{data} would have no mysql/ after the swap: its image would make a new database there")
        return {}

    def _start(self) -> dict[str, Any]:
        data = self.journal.swaps[0]
        if not is_swapped(data):  # moved by hand while the daemon was away: it is not what the gate is about
            raise RestoreError(f"what is in {data.live} is not the restored data")
        is_repeated = sum(state is State.STARTING for state, _ in self.journal.history) > 1
        self._has_served = is_repeated and self.power.state().is_running
        self.power.start(self.journal.policy)
        self._live.wait_until_ready()
        return {}

    def _gate(self) -> dict[str, Any]:
        since = self.journal.since(State.STARTING) or self.journal.created_at
        self.notes += pass_gate(
            self.context,
            self.server,
            self.power,
            self.journal.expected,
            self.logins,
            since=since,
            has_served=self._has_served,
        )
        return {}

    def _commit(self) -> dict[str, Any]:
        if self.journal.policy is not None:
            self.power.unfence(self.journal.policy)
        self.power.start()  # if it has ended since the gate, nothing else was allowed to start it
        self._live.wait_until_ready()
        note = self._live.record_identity()
        if note:
            self.context.warn(note)
            self.notes += (note,)
        kept = self._kept_until()
        if self.journal.undoes:
            undone = self.parts.journals.get(self.journal.undoes)
            self.parts.journals.write(replace(undone, removed_at=self.context.clock.now()))
            remove_rooms(undone.swaps)
        if not kept["aside_bytes"]:  # an empty directory: an undo could not use it, and it would push a real copy out
            remove_rooms(self.journal.swaps)
            return {"removed_at": self.context.clock.now()}
        return kept

    def _stop_again(self) -> dict[str, Any]:
        self.power.fence()  # systemd: starting a unit had to unmask it
        if self.power.state().is_running:
            try:
                self._live.stop()
            except ServerStillRunningError as exc:
                self.context.warn(f"{exc.message}; it is ended by force: its data is the restored one and is set aside")
                self.power.end()
        self._live.require_stopped(self.journal.swaps[0].live)
        return {}

    def _swap_back(self) -> dict[str, Any]:
        if not are_back(self.journal.swaps):
            self._live.require_stopped(self.journal.swaps[0].live)
        swap_back(self.journal.swaps)
        return {}

    def _unfence(self) -> dict[str, Any]:
        journal = self.journal
        if journal.policy is None or not self.power.state().exists:
            return {}
        self.power.unfence(journal.policy)
        if not journal.was_running:
            return {}
        if not journal.was_answering:
            self._live.start_unless_running()
            return {}
        was_stopped = journal.has_swapped or journal.since(State.FENCING) is None
        self._live.bring_back(dirty_pages_allowed="" if was_stopped else journal.dirty_pages_percent)
        return {}

    def _clean(self) -> dict[str, Any]:
        journal = self.journal
        if journal.undoes:
            self._give_back(self.parts.journals.get(journal.undoes))
            return {"removed_at": self.context.clock.now()}
        if journal.has_swapped and journal.since(State.STARTING) is not None:
            return self._kept_until()  # the restored data went live: what clients wrote to it may be wanted
        remove_rooms(journal.swaps)
        return {"removed_at": self.context.clock.now()}

    def _give_back(self, undone: Journal) -> None:
        """Make what an undo had taken the safety copy of its restore again."""
        for old, new in zip(undone.swaps, self.journal.swaps, strict=True):
            give_back(old, new)
        remove_rooms(self.journal.swaps)

    def _kept_until(self) -> dict[str, Any]:
        now = self.context.clock.now()
        return {
            "expires_at": now + timedelta(hours=self.parts.restore.safety_copy_hours),
            "aside_bytes": sum(tree_bytes(path) for path in self.journal.kept),
        }


def sync_staged(journal: Journal) -> None:
    """Put everything that was staged on the disk: after the swap nothing may depend on a cache."""
    for swap in journal.swaps:
        sync_file_system(swap.room)
