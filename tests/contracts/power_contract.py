"""What every ``servers.power.base.Power`` must do. A subclass provides the fixture ``rig``: a server that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from octeth_backupd.errors import CancelledError, ServerError, ServerStillRunningError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.servers.power.base import Power

_STOP_SECONDS = 10.0


class PowerRig(Protocol):
    """A server that runs, would be started again by itself, and ends when it is asked to."""

    @property
    def power(self) -> Power:
        """Return a new switch of it: nothing may depend on what an old one remembers."""

    def ignore_stop(self) -> None:
        """Let it go on when it is asked to stop."""

    def say(self, line: str) -> None:
        """Let it write a line to its log."""

    def remove(self) -> None:
        """Let its container or unit be gone."""

    def now(self) -> datetime:
        """Return the time by the clock that its log goes by."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


class PowerContract:
    """The suite."""

    def stop(self, rig: PowerRig, *, seconds: float = _STOP_SECONDS) -> None:
        rig.power.stop(timeout_seconds=seconds, wait=rig.wait)

    def test_running_server_is_seen_with_what_would_start_it(self, rig: PowerRig) -> None:
        state = rig.power.state()

        assert (state.exists, state.is_running, state.exit_code) == (True, True, None)
        assert state.policy is not None

    def test_server_that_was_stopped_does_not_run(self, rig: PowerRig) -> None:
        self.stop(rig)

        state = rig.power.state()
        assert (state.exists, state.is_running, state.exit_code) == (True, False, 0)

    def test_stopping_what_is_stopped_is_fine(self, rig: PowerRig) -> None:
        self.stop(rig)
        self.stop(rig)

        assert not rig.power.state().is_running

    def test_stopped_server_starts_again_and_may_be_started_twice(self, rig: PowerRig) -> None:
        self.stop(rig)

        rig.power.start()
        rig.power.start()

        assert rig.power.state().is_running

    def test_fence_takes_the_policy_away_and_unfence_puts_it_back(self, rig: PowerRig) -> None:
        before = rig.power.state().policy
        assert before is not None

        rig.power.fence()
        rig.power.fence()
        fenced = rig.power.state()
        rig.power.unfence(before)
        rig.power.unfence(before)

        assert fenced.is_running
        assert fenced.policy != before
        assert rig.power.state().policy == before

    def test_fenced_server_can_be_stopped_and_started(self, rig: PowerRig) -> None:
        rig.power.fence()

        self.stop(rig)
        stopped = rig.power.state()
        rig.power.start()

        assert not stopped.is_running
        assert rig.power.state().is_running

    def test_unfence_does_not_start(self, rig: PowerRig) -> None:
        policy = rig.power.state().policy
        assert policy is not None
        rig.power.fence()
        self.stop(rig)

        rig.power.unfence(policy)

        assert not rig.power.state().is_running

    def test_server_that_will_not_stop_is_never_killed(self, rig: PowerRig) -> None:
        rig.ignore_stop()

        with pytest.raises(ServerStillRunningError) as caught:
            self.stop(rig, seconds=0.5)

        assert caught.value.code == "server_still_running"
        assert rig.power.state().is_running

    def test_waiting_for_the_stop_ends_with_the_error_of_who_waits(self, rig: PowerRig) -> None:
        rig.ignore_stop()

        def give_up(seconds: float) -> None:
            raise CancelledError("enough")

        with pytest.raises(CancelledError, match="enough"):
            rig.power.stop(timeout_seconds=_STOP_SECONDS, wait=give_up)

        assert rig.power.state().is_running

    def test_server_that_will_not_stop_can_be_ended(self, rig: PowerRig) -> None:
        rig.power.fence()
        rig.ignore_stop()

        rig.power.end()
        rig.power.end()

        assert not rig.power.state().is_running

    def test_what_does_not_exist_is_told_from_what_is_stopped(self, rig: PowerRig) -> None:
        rig.remove()

        self.stop(rig)
        state = rig.power.state()

        assert (state.exists, state.is_running) == (False, False)

    def test_what_does_not_exist_cannot_be_started(self, rig: PowerRig) -> None:
        rig.remove()

        with pytest.raises(ServerError):
            rig.power.start()

    def test_log_is_of_the_present_start(self, rig: PowerRig) -> None:
        rig.say("before the stop")
        self.stop(rig)
        since = rig.now()
        rig.power.start()

        rig.say("after the start")

        lines = rig.power.log_since(since)
        assert "after the start" in lines
        assert "before the stop" not in lines

    def test_directory_that_nobody_mounts_has_no_other_users(self, rig: PowerRig, tmp_path: Path) -> None:
        assert rig.power.other_users([tmp_path / "nobodys", tmp_path]) == ()
