"""A run's events as lines or JSON objects."""

import json
from typing import Any

import pytest

from octeth_backupd.cli.ctl.drawing import Drawing, PlainDrawing, RecordDrawing, event_line, progress_text
from tests.fakes.terminal import MemoryScreen

GIB = 1024**3
RUN = {"id": "run-1", "operation": "backup", "server": "oempro", "status": "running", "step": "prepare"}


def progress(done: int, total: int, rate: float) -> dict[str, Any]:
    return {
        "type": "step_progress",
        "step": "backup",
        "done_bytes": done,
        "total_bytes": total,
        "rate_bytes_per_second": rate,
    }


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (progress(GIB, 4 * GIB, 200e6), "1.0 GiB of 4.0 GiB (25 %), 190.7 MiB/s, 16 s left"),
        (progress(GIB, 0, 200e6), "1.0 GiB, 190.7 MiB/s"),
        (progress(5 * GIB, 4 * GIB, 200e6), "5.0 GiB of 4.0 GiB (100 %), 190.7 MiB/s"),
        (progress(0, 4 * GIB, 0), "0 B of 4.0 GiB (0 %)"),
    ],
)
def test_progress_tells_bytes_share_rate_and_time_left(event: dict[str, Any], text: str) -> None:
    assert progress_text(event) == text


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"type": "run", "run": RUN}, "run run-1: backup of oempro, running, prepare"),
        ({"type": "run_queued"}, "waiting for its turn"),
        ({"type": "run_started"}, "its turn has come"),
        ({"type": "step_started", "step": "x"}, None),
        ({"type": "step_finished", "step": "x", "status": "success", "duration_seconds": 2.4}, "x done in 2 s"),
        ({"type": "step_finished", "step": "x", "status": "failed", "duration_seconds": 2.4}, "x failed after 2 s"),
        ({"type": "warning", "message": "careful"}, "warning: careful"),
        ({"type": "output", "program": "tar", "line": "x"}, None),
        ({"type": "of a later release"}, None),
    ],
)
def test_each_event_has_its_line_or_none(event: dict[str, Any], line: str | None) -> None:
    assert event_line(event, with_output=False) == line


def test_what_programs_print_is_shown_on_demand() -> None:
    assert event_line({"type": "output", "program": "tar", "line": "x"}, with_output=True) == "  tar: x"


def draw(drawing: Drawing, *events: dict[str, Any]) -> None:
    with drawing:
        for event in events:
            drawing.draw(event)


def test_plain_progress_is_a_line_now_and_then_not_one_for_each_event() -> None:
    screen = MemoryScreen()

    draw(PlainDrawing(screen, with_output=False), *(progress(n * GIB, 9 * GIB, 1e6) for n in range(1, 9)))

    assert len(screen.shown.splitlines()) == 1


def test_records_are_the_events_one_a_line() -> None:
    screen = MemoryScreen(as_json=True)
    events = [{"type": "run", "run": RUN}, progress(1, 2, 3.0)]

    draw(RecordDrawing(screen), *events)

    assert [json.loads(line) for line in screen.shown.splitlines()] == events
