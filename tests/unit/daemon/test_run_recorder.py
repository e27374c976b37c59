"""Steps in the catalog, progress in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.run_recorder import RunRecorder
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import RunFinished
from octeth_backupd.errors import EngineError
from octeth_backupd.pipeline.step_runner import StepRunner

if TYPE_CHECKING:
    from octeth_backupd.pipeline.context import RunContext
    from tests.fakes.bench import Bench


@pytest.fixture
def recorder(bench: Bench) -> RunRecorder:
    """A recorder that follows the bench's bus."""
    recorder = RunRecorder(bench.catalog)
    bench.bus.subscribe(recorder.follow)
    return recorder


def _progress(context: RunContext, step: str, done_bytes: int) -> None:
    context.progress(step, done_bytes=done_bytes, total_bytes=100, rate_bytes_per_second=1.0)


@pytest.mark.usefixtures("recorder")
def test_steps_are_recorded_in_order_with_outcome_and_duration(bench: Bench) -> None:
    context = bench.context()
    steps = StepRunner(context)

    with steps.step("preflight"):
        bench.clock.go(1.5)
    with pytest.raises(EngineError), steps.step("backup"):
        raise EngineError("exit code 1")

    first, second = bench.catalog.steps(context.run.run_id)
    assert (first.position, first.name, first.status) == (1, "preflight", RunStatus.SUCCESS)
    assert first.detail == {"duration_seconds": 1.5}
    assert (second.position, second.name, second.status) == (2, "backup", RunStatus.FAILED)
    assert second.detail == {"duration_seconds": 0.0, "error": "exit code 1"}
    assert second.finished_at == bench.clock.now()


@pytest.mark.usefixtures("recorder")
def test_a_step_keeps_the_bytes_that_it_counted(bench: Bench) -> None:
    context = bench.context()
    steps = StepRunner(context)

    with steps.step("archive"):
        _progress(context, "archive", 40)
        _progress(context, "archive", 90)
    with steps.step("verify"):
        pass

    first, second = bench.catalog.steps(context.run.run_id)
    assert first.detail["done_bytes"] == 90
    assert "done_bytes" not in second.detail


@pytest.mark.usefixtures("recorder")
def test_the_run_says_which_step_it_is_in(bench: Bench) -> None:
    context = bench.context()

    with StepRunner(context).step("backup"):
        assert bench.catalog.run(context.run.run_id).step == "backup"


def test_progress_is_the_latest_of_the_current_step(bench: Bench, recorder: RunRecorder) -> None:
    context = bench.context()
    steps = StepRunner(context)
    run_id = context.run.run_id

    with steps.step("backup"):
        assert recorder.progress(run_id) is None
        _progress(context, "backup", 10)
        _progress(context, "backup", 99)
        latest = recorder.progress(run_id)
    with steps.step("prepare"):
        of_the_next_step = recorder.progress(run_id)

    assert latest is not None
    assert latest.done_bytes == 99
    assert of_the_next_step is None


def test_a_finished_run_has_no_progress(bench: Bench, recorder: RunRecorder) -> None:
    context = bench.context()
    run = context.run
    with StepRunner(context).step("backup"):
        _progress(context, "backup", 10)

    bench.bus.publish(RunFinished(run_id=run.run_id, server=run.server, at=bench.clock.now(), run=run))

    assert recorder.progress(run.run_id) is None
