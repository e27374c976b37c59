"""Runs in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import RunFinished, StepFinished, StepProgress
from octeth_backupd.telemetry.run_log import log_event
from tests.fakes.runs import AT, a_run


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (RunStatus.SUCCESS, "info"),
        (RunStatus.DEGRADED, "warning"),
        (RunStatus.CANCELLED, "warning"),
        (RunStatus.FAILED, "error"),
        (RunStatus.INTERRUPTED, "error"),
    ],
)
def test_the_end_of_a_run_is_one_canonical_line_at_the_level_of_its_outcome(status: RunStatus, level: str) -> None:
    run = replace(
        a_run(status=status),
        started_at=AT,
        finished_at=AT + timedelta(seconds=12.5),
        error="disk full",
        detail={"archive_bytes": 7},
    )

    with capture_logs() as lines:
        log_event(RunFinished(run_id=run.run_id, server=run.server, at=AT, run=run))

    assert len(lines) == 1
    expected = {
        "event": "run.finished",
        "log_level": level,
        "status": status,
        "server": "oempro",
        "error": "disk full",
        "duration_seconds": 12.5,
        "archive_bytes": 7,
    }
    assert lines[0].items() >= expected.items()


def test_progress_is_not_logged() -> None:
    with capture_logs() as lines:
        log_event(
            StepProgress(
                run_id="r", server="s", at=AT, step="backup", done_bytes=1, total_bytes=2, rate_bytes_per_second=1.0
            )
        )

    assert lines == []


def test_a_step_says_how_it_ended_and_how_long_it_took() -> None:
    with capture_logs() as lines:
        log_event(
            StepFinished(
                run_id="r",
                server="s",
                at=AT,
                step="prepare",
                status=RunStatus.FAILED,
                duration_seconds=1.23456,
                error="exit code 1",
            )
        )

    assert lines[0]["step"] == "prepare"
    assert lines[0]["duration_seconds"] == 1.235
    assert lines[0]["error"] == "exit code 1"
