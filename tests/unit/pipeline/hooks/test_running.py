"""Running hooks: real programs, small ones."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import ProgramOutput, StepFinished
from octeth_backupd.domain.hooks import Hook, HookFacts
from octeth_backupd.errors import CancelledError, HookError
from octeth_backupd.pipeline.hooks import running
from octeth_backupd.pipeline.hooks.running import run_after, run_before
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.procfs import read_stat, session_members
from tests.fakes.hook_programs import hooks, write_program
from tests.fakes.server import PASSWORD

if TYPE_CHECKING:
    from octeth_backupd.domain.events import Event
    from tests.fakes.bench import Bench


def _facts(bench: Bench, hook: Hook = Hook.BEFORE_BACKUP, **facts: str) -> HookFacts:
    return HookFacts(hook=hook, run=bench.run, **facts)


def _steps(bench: Bench) -> list[tuple[str, RunStatus]]:
    return [(event.step, event.status) for event in bench.events if isinstance(event, StepFinished)]


def _output(bench: Bench) -> list[str]:
    return [event.line for event in bench.events if isinstance(event, ProgramOutput)]


def test_without_programs_there_is_no_step(bench: Bench) -> None:
    context = bench.context()

    run_before(context, bench.parts(), _facts(bench))

    assert run_after(context, bench.parts(), _facts(bench, Hook.AFTER_BACKUP)) == ()
    assert bench.events == []


def test_programs_run_in_order_with_their_arguments_and_no_shell(bench: Bench) -> None:
    program = write_program(bench.directory, "say", 'echo "$#:$1"')
    context = bench.context()

    run_before(context, bench.parts(hooks=hooks(before_backup=[[program, "a b; $HOME"], [program]])), _facts(bench))

    assert _output(bench) == ["1:a b; $HOME", "0:"]
    assert _steps(bench) == [("hook before_backup", RunStatus.SUCCESS)]


def test_the_environment_holds_the_facts_and_nothing_of_the_daemons(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "of the daemon")
    program = write_program(bench.directory, "env", "env; pwd")
    context = bench.context()
    facts = _facts(bench, error=f"refused with {PASSWORD}")

    run_before(context, bench.parts(hooks=hooks(before_backup=[[program]])), facts)

    told = dict(line.split("=", 1) for line in _output(bench) if "=" in line)
    assert told["OCTETH_BACKUPD_HOOK"] == "before_backup"
    assert told["OCTETH_BACKUPD_SERVER"] == "oempro"
    assert told["OCTETH_BACKUPD_ERROR"] == "refused with ***"
    assert _output(bench)[-1] == "/"
    names = {name for name in told if not name.startswith("OCTETH_BACKUPD_")}
    assert names <= {"PATH", "LC_ALL", "TZ", "HOME", "PWD", "OLDPWD", "SHLVL", "_"}


def test_a_before_hook_that_fails_ends_the_run_and_says_its_last_line(bench: Bench) -> None:
    bad = write_program(bench.directory, "bad", "echo checking; echo not today >&2; exit 3")
    never = write_program(bench.directory, "never", "echo never")
    context = bench.context()

    with pytest.raises(HookError) as caught:
        run_before(context, bench.parts(hooks=hooks(before_backup=[[bad], [never]])), _facts(bench))

    assert caught.value.message == f"hook before_backup: {bad} ended with exit code 3: not today"
    assert caught.value.hint.startswith("No backup was made.")
    assert "never" not in _output(bench)
    assert _steps(bench) == [("hook before_backup", RunStatus.FAILED)]


def test_a_last_line_without_end_makes_no_endless_error(bench: Bench) -> None:
    bad = write_program(bench.directory, "bad", "head -c 1000000 /dev/zero | tr '\\0' x; exit 1")
    context = bench.context()

    problems = run_after(context, bench.parts(hooks=hooks(on_failure=[[bad]])), _facts(bench, Hook.ON_FAILURE))

    assert len(problems[0]) < 2_500
    assert "the middle is cut" in problems[0]
    [step] = [event for event in bench.events if isinstance(event, StepFinished)]
    assert len(step.error) <= 2_000


def test_after_hooks_all_run_and_what_went_wrong_is_told(bench: Bench) -> None:
    bad = write_program(bench.directory, "bad", "exit 1")
    good = write_program(bench.directory, "good", "echo good")
    context = bench.context()

    problems = run_after(
        context, bench.parts(hooks=hooks(after_backup=[[bad], [good], [bad]])), _facts(bench, Hook.AFTER_BACKUP)
    )

    assert problems == (f"hook after_backup: {bad} ended with exit code 1",) * 2
    assert _output(bench) == ["good"]
    assert _steps(bench) == [("hook after_backup", RunStatus.FAILED)]


def test_a_program_that_others_may_write_is_not_run(bench: Bench) -> None:
    program = write_program(bench.directory, "open", "echo run")
    Path(program).chmod(0o777)
    context = bench.context()

    with pytest.raises(HookError, match="was not run: others than its owner may write") as caught:
        run_before(context, bench.parts(hooks=hooks(before_backup=[[program]])), _facts(bench))

    assert "must belong to root" in caught.value.hint
    assert _output(bench) == []


def test_at_the_limit_everything_that_it_started_is_ended(bench: Bench) -> None:
    program = write_program(bench.directory, "slow", "trap '' TERM; sleep 60 & echo $$; wait; sleep 60")
    context = bench.context()

    with pytest.raises(HookError, match="ran longer than 1 s and was ended"):
        run_before(context, bench.parts(hooks=hooks(timeout_seconds=1, before_backup=[[program]])), _facts(bench))

    [session] = _output(bench)
    assert list(session_members(int(session))) == []


def test_what_a_program_leaves_in_a_session_of_its_own_is_ended_with_it_and_nothing_else_of_the_run(
    bench: Bench,
) -> None:
    context = bench.context()
    mark = RunMark(context.installation_id, context.run.run_id)
    engine = subprocess.Popen(["sleep", "300"], env={"PATH": os.defpath, **mark.environment()})
    left = "setsid sh -c \"trap '' TERM INT HUP; echo \\$\\$ >$1; exec sleep 301\" >/dev/null 2>&1 &"
    program = write_program(bench.directory, "leave", f'{left} while [ ! -s "$1" ]; do :; done')
    pid_file = bench.directory / "pid"

    try:
        run_before(context, bench.parts(hooks=hooks(before_backup=[[program, str(pid_file)]])), _facts(bench))

        stat = read_stat(int(pid_file.read_text()))
        assert stat is None or not stat.is_alive
        assert engine.poll() is None
    finally:
        engine.kill()
        engine.wait()


def test_a_cancelled_run_begins_no_before_hook_and_still_tells_the_failure(bench: Bench) -> None:
    program = write_program(bench.directory, "say", 'echo "$OCTETH_BACKUPD_OUTCOME"')
    context = bench.context()
    parts = bench.parts(hooks=hooks(before_backup=[[program]], on_failure=[[program]]))
    bench.cancellation.cancel(CancelledError("enough"))

    with pytest.raises(CancelledError):
        run_before(context, parts, _facts(bench))
    problems = run_after(context, parts, _facts(bench, Hook.ON_FAILURE, outcome="cancelled"))

    assert problems == ()
    assert _output(bench) == ["cancelled"]


def test_a_run_that_is_cancelled_meanwhile_ends_its_after_hook_soon_and_stands(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_WHILE_STOPPING_SECONDS", 0)
    slow = write_program(bench.directory, "slow", "echo resuming; sleep 60; echo done")
    context = bench.context()

    def stop(event: Event) -> None:
        if isinstance(event, ProgramOutput):
            bench.cancellation.cancel(CancelledError("the daemon stops"))

    bench.bus.subscribe(stop)
    problems = run_after(
        context,
        bench.parts(hooks=hooks(after_backup=[[slow], [slow]])),
        _facts(bench, Hook.AFTER_BACKUP, outcome="success"),
    )

    assert problems == ("hook after_backup was ended, for the run was cancelled 0 s before",) * 2
    assert _output(bench) == ["resuming"]
    assert _steps(bench) == [("hook after_backup", RunStatus.FAILED)]


def test_a_run_that_is_cancelled_meanwhile_leaves_its_after_hook_the_seconds_that_it_needs(bench: Bench) -> None:
    program = write_program(bench.directory, "brief", "echo resuming; echo done")
    context = bench.context()

    def stop(event: Event) -> None:
        if isinstance(event, ProgramOutput):
            bench.cancellation.cancel(CancelledError("the daemon stops"))

    bench.bus.subscribe(stop)
    problems = run_after(context, bench.parts(hooks=hooks(after_backup=[[program]])), _facts(bench, Hook.AFTER_BACKUP))

    assert problems == ()
    assert _output(bench) == ["resuming", "done"]
