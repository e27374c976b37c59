"""A run's events on a terminal."""

from typing import Any

from octeth_backupd.cli.ctl.bar import BarDrawing
from tests.fakes.terminal import MemoryScreen

GIB = 1024**3


def progress(step: str, done: int) -> dict[str, Any]:
    return {
        "type": "step_progress",
        "step": step,
        "done_bytes": done,
        "total_bytes": 4 * GIB,
        "rate_bytes_per_second": 200e6,
    }


def test_finished_steps_stay_as_lines_and_the_bar_tells_the_current_one() -> None:
    screen = MemoryScreen(is_live=True)
    run = {"id": "run-1", "operation": "backup", "server": "oempro", "status": "running", "step": "preflight"}

    with BarDrawing(screen, with_output=False) as drawing:
        drawing.draw({"type": "run", "run": run, "steps": [], "progress": progress("preflight", 0)})
        drawing.draw({"type": "step_finished", "step": "preflight", "status": "success", "duration_seconds": 1.0})
        drawing.draw({"type": "step_started", "step": "backup"})
        drawing.draw(progress("backup", GIB))
        task = drawing._progress.tasks[0]
        assert (task.description, task.completed, task.total) == ("backup", GIB, 4 * GIB)
        assert task.fields["numbers"] == "1.0 GiB of 4.0 GiB (25 %), 190.7 MiB/s, 16 s left"
        drawing.draw(progress("backup", 5 * GIB))
        assert task.completed == 4 * GIB

    assert "preflight done in 1 s" in screen.shown


def test_a_new_step_begins_at_nothing() -> None:
    with BarDrawing(MemoryScreen(is_live=True), with_output=False) as drawing:
        drawing.draw(progress("backup", GIB))
        drawing.draw({"type": "step_started", "step": "archive"})

        task = drawing._progress.tasks[0]
        assert (task.description, task.completed, task.total) == ("archive", 0, None)


def test_markup_in_a_name_is_shown_as_it_is() -> None:
    screen = MemoryScreen(is_live=True)

    with BarDrawing(screen, with_output=True) as drawing:
        drawing.draw({"type": "output", "program": "tar", "line": "[red]x[/red] \x1b[2J"})

    assert "tar: [red]x[/red]" in screen.shown
    assert "\x1b[2J" not in screen.shown
