"""What is remembered of a run while it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.daemon.run_traces import RunTraces
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import Event, ProgramOutput, StepFinished, StepStarted
from octeth_backupd.domain.notices.run_notice import RunTrace
from tests.fakes.catalog_values import START

ABOUT: dict[str, Any] = {"run_id": "r1", "server": "oempro", "at": START}


def begun(step: str) -> Event:
    return StepStarted(**ABOUT, step=step)


def said(line: str) -> Event:
    return ProgramOutput(**ABOUT, program="xtrabackup", line=line)


def failed(step: str, status: RunStatus = RunStatus.FAILED) -> Event:
    return StepFinished(**ABOUT, step=step, status=status, duration_seconds=1.0)


def trace(*events: Event) -> RunTrace:
    traces = RunTraces()
    for event in events:
        traces.follow(event)
    return traces.take("r1")


def test_errors_and_last_lines_of_the_step_that_failed_are_kept() -> None:
    seen = trace(
        begun("preflight"),
        said("xtrabackup: error: of an earlier step"),
        begun("backup"),
        said("xtrabackup: error: no space"),
        said(""),
        said("  "),
        said("bye"),
        failed("backup"),
        begun("cleanup"),
    )

    assert seen.step == "backup"
    assert seen.error_lines == ("xtrabackup: error: no space",)
    assert seen.last_lines == ("xtrabackup: error: no space", "bye")


def test_what_an_earlier_step_printed_is_forgotten() -> None:
    assert trace(begun("a"), said("old"), begun("b"), said("new")).last_lines == ("new",)


def test_memory_does_not_grow_with_the_output() -> None:
    seen = trace(begun("backup"), *(said(f"xtrabackup: error: {number} {'x' * 5_000}") for number in range(1_000)))

    assert (len(seen.last_lines), len(seen.error_lines)) == (20, 20)
    assert seen.last_lines[-1].startswith("xtrabackup: error: 999")
    assert len(seen.last_lines[-1]) == 2_000


def test_a_run_that_is_over_is_forgotten_and_an_unknown_one_is_empty() -> None:
    traces = RunTraces(redact=lambda line: line.replace("canary", "***"))
    traces.follow(said("canary"))

    assert traces.take("r1").last_lines == ("***",)
    assert traces.take("r1") == RunTrace()


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_the_step_that_a_run_ended_in_is_not_that_of_the_hook_that_was_told_of_it(status: RunStatus) -> None:
    hook = "hook on_failure"

    seen = trace(begun("hook before_backup"), failed("hook before_backup", status), begun(hook), failed(hook))
    between = trace(begun("preflight"), begun(hook), failed(hook))

    assert (seen.step, between.step) == ("hook before_backup", "preflight")
