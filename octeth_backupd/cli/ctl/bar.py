"""A run's events on a terminal: finished steps as lines, the current one as a bar below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from octeth_backupd.cli.ctl.drawing import event_line, progress_text
from octeth_backupd.cli.ctl.screen import printable

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen


class BarDrawing:
    """See Drawing; the bar disappears at the end, the lines stay."""

    def __init__(self, screen: Screen, *, with_output: bool) -> None:
        self._with_output = with_output
        self._console = Console(file=screen.out, no_color=not screen.colour, highlight=False, markup=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            # As wide as the numbers leave room for.
            BarColumn(bar_width=None),
            TextColumn("{task.fields[numbers]}", markup=False),
            console=self._console,
            transient=True,
        )
        self._bar = self._progress.add_task("", total=None, numbers="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._progress.stop()

    def draw(self, event: Json) -> None:
        """See Drawing.draw."""
        line = event_line(event, with_output=self._with_output)
        if line is not None:
            self._console.print(printable(line), soft_wrap=True)
        match event["type"]:
            case "run":
                self._begin(event["run"]["step"])
                if event["progress"] is not None:
                    self._advance(event["progress"])
            case "step_started":
                self._begin(event["step"])
            case "step_progress":
                self._advance(event)
            case _:
                pass

    def _begin(self, step: str) -> None:
        # A task of its own: rich does not let a known total become unknown again.
        self._progress.remove_task(self._bar)
        self._bar = self._progress.add_task(step, total=None, numbers="")

    def _advance(self, progress: Json) -> None:
        total = progress["total_bytes"] or None
        self._progress.update(
            self._bar,
            description=progress["step"],
            total=total,
            completed=min(progress["done_bytes"], total or progress["done_bytes"]),
            numbers=progress_text(progress),
        )
