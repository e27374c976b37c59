"""What every ``process.command.Runner`` must do. A subclass provides the fixture ``runner``, which carries a mark."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import CancelledError, ProgramError, ProgramTimeoutError, SpaceError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command, StopPolicy
from octeth_backupd.process.mark import ENVIRONMENT_NAME, RunMark

if TYPE_CHECKING:
    from octeth_backupd.process.command import Completed, Runner

CONTRACT_MARK = RunMark("installation-of-the-contract", "run-of-the-contract")
CONTRACT_SECRET = "s3cret-of-the-contract"
_QUICK = StopPolicy(grace_seconds=0.3)


def shell(script: str, *, stop: StopPolicy = _QUICK) -> Command:
    """Return a command that runs a shell script."""
    return Command(program="sh", arguments=("-c", script), stop=stop)


def run_until_ready(runner: Runner, command: Command, *, reason: SpaceError | None = None) -> list[str]:
    """Run a program, cancel the run when it prints "ready", and return all that it printed."""
    cancellation = Cancellation()
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        if line == "ready":
            cancellation.cancel(reason)

    with pytest.raises(SpaceError if reason else CancelledError):
        runner.run(command, on_line=take, cancellation=cancellation)
    return lines


class RunnerContract:
    """The suite."""

    def run_script(self, runner: Runner, script: str) -> tuple[Completed, list[str]]:
        lines: list[str] = []
        completed = runner.run(shell(script), on_line=lines.append, cancellation=Cancellation())
        return completed, lines

    def test_lines_of_one_stream_come_in_order_and_without_line_ends(self, runner: Runner) -> None:
        completed, lines = self.run_script(runner, "for i in 1 2 3; do echo line $i; done; printf last")

        assert lines == ["line 1", "line 2", "line 3", "last"]
        assert completed.output == ("line 1", "line 2", "line 3", "last")

    def test_both_streams_are_heard(self, runner: Runner) -> None:
        _, lines = self.run_script(runner, "echo out; echo err >&2")

        assert sorted(lines) == ["err", "out"]

    def test_what_is_no_utf8_does_not_stop_the_reading(self, runner: Runner) -> None:
        _, lines = self.run_script(runner, r"printf 'a\377b\n'; echo after")

        assert lines == ["a\ufffdb", "after"]

    def test_secrets_are_masked_in_lines_and_tail(self, runner: Runner) -> None:
        completed, lines = self.run_script(runner, f"echo password is {CONTRACT_SECRET}")

        assert lines == ["password is ***"]
        assert completed.output == ("password is ***",)

    def test_exit_code_is_returned_not_raised(self, runner: Runner) -> None:
        completed, _ = self.run_script(runner, "exit 7")

        assert completed.exit_code == 7
        assert completed.program == "sh"

    def test_death_by_a_signal_is_a_negative_exit_code(self, runner: Runner) -> None:
        completed, _ = self.run_script(runner, "sh -c 'kill -9 $$'; exec sh -c 'kill -TERM $$; sleep 300'")

        assert completed.exit_code == -signal.SIGTERM

    def test_environment_is_minimal_and_carries_the_mark(self, runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
        monkeypatch.setenv("MYSQL_PWD", "x")

        _, lines = self.run_script(runner, "env")

        assert f"{ENVIRONMENT_NAME}={CONTRACT_MARK.text}" in lines
        assert {"TZ=UTC", "LC_ALL=C", "HOME=/nonexistent"} <= set(lines)
        assert not [line for line in lines if line.startswith(("NOTIFY_SOCKET", "MYSQL_PWD"))]

    def test_program_of_a_run_cancelled_before_does_not_start(self, runner: Runner) -> None:
        cancellation = Cancellation()
        cancellation.cancel()
        lines: list[str] = []

        with pytest.raises(CancelledError):
            runner.run(shell("echo started"), on_line=lines.append, cancellation=cancellation)

        assert lines == []

    def test_cancelled_program_can_put_things_in_order(self, runner: Runner) -> None:
        lines = run_until_ready(
            runner,
            shell(
                "trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.05; done",
                stop=StopPolicy(grace_seconds=20),
            ),
        )

        assert lines[0] == "ready"
        assert "tidied" in lines

    def test_cancelled_program_gets_the_signals_of_its_own_policy(self, runner: Runner) -> None:
        lines = run_until_ready(
            runner,
            shell(
                "trap '' TERM; trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 0.05; done",
                stop=StopPolicy(signals=(signal.SIGINT,), grace_seconds=20),
            ),
        )

        assert lines[0] == "ready"
        assert "interrupted" in lines

    def test_program_that_ignores_everything_is_killed(self, runner: Runner) -> None:
        lines = run_until_ready(runner, shell("trap '' TERM INT HUP; echo ready; while :; do sleep 300; done"))

        assert lines == ["ready"]

    def test_run_ends_with_the_reason_of_the_cancellation(self, runner: Runner) -> None:
        reason = SpaceError("the disk is full")

        lines = run_until_ready(runner, shell("echo ready; exec sleep 300"), reason=reason)

        assert lines == ["ready"]

    def test_child_that_outlives_its_parent_holds_up_nothing(self, runner: Runner) -> None:
        completed, lines = self.run_script(runner, "sleep 300 & echo parent is done")

        assert completed.exit_code == 0
        assert lines == ["parent is done"]

    def test_time_limit_ends_the_program(self, runner: Runner) -> None:
        with pytest.raises(ProgramTimeoutError, match=r"sh ran longer than 0\.5 s"):
            runner.run(
                shell("exec sleep 300"), on_line=lambda _: None, cancellation=Cancellation(), timeout_seconds=0.5
            )

    def test_error_of_the_listener_ends_the_program_and_comes_through(self, runner: Runner) -> None:
        def refuse(line: str) -> None:
            raise LookupError(line)

        with pytest.raises(LookupError, match="ready"):
            runner.run(shell("echo ready; exec sleep 300"), on_line=refuse, cancellation=Cancellation())

    def test_missing_program_is_named_with_what_to_do(self, runner: Runner) -> None:
        with pytest.raises(ProgramError, match="no-such-program-1f3e") as caught:
            runner.run(Command(program="no-such-program-1f3e"), on_line=lambda _: None, cancellation=Cancellation())

        assert caught.value.hint
