"""A run's events as lines of text, or as JSON objects; what a terminal gets is ``bar``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, Self

from octeth_backupd.cli.ctl.outcome import run_name
from octeth_backupd.cli.ctl.wording import duration, rate, size

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_PROGRESS_EVERY_SECONDS = 10.0


class Drawing(Protocol):
    """Shows the events of one run; a context, so that a terminal is left as it was."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def draw(self, event: Json) -> None:
        """Show one event."""


class RecordDrawing:
    """One JSON object a line, as the daemon sent it."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        return None

    def draw(self, event: Json) -> None:
        """See Drawing.draw."""
        self._screen.record(event)


class PlainDrawing:
    """Lines that only ever grow: for files, pipes and simple terminals."""

    def __init__(self, screen: Screen, *, with_output: bool) -> None:
        self._screen = screen
        self._with_output = with_output
        self._last_progress = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        return None

    def draw(self, event: Json) -> None:
        """See Drawing.draw."""
        if event["type"] == "step_progress":
            if time.monotonic() - self._last_progress < _PROGRESS_EVERY_SECONDS:
                return
            self._last_progress = time.monotonic()
            self._screen.line(f"  {event['step']}: {progress_text(event)}")
            return
        line = event_line(event, with_output=self._with_output)
        if line is not None:
            self._screen.line(line)


def event_line(event: Json, *, with_output: bool) -> str | None:
    """Return an event as a line for people; None for one that is not worth a line."""
    match event["type"]:
        case "run":
            return _run_line(event["run"])
        case "run_queued":
            return "waiting for its turn"
        case "run_started":
            return "its turn has come"
        case "step_finished" if event["status"] == "success":
            return f"{event['step']} done in {duration(event['duration_seconds'])}"
        case "step_finished":
            return f"{event['step']} {event['status']} after {duration(event['duration_seconds'])}"
        case "warning":
            return f"warning: {event['message']}"
        case "output" if with_output:
            return f"  {event['program']}: {event['line']}"
        case _:
            return None


def progress_text(progress: Json) -> str:
    """Return bytes, share, rate and time left of a step: ``1.0 GiB of 4.0 GiB (25 %), 190.7 MiB/s, 16 s left``."""
    done, total, speed = progress["done_bytes"], progress["total_bytes"], progress["rate_bytes_per_second"]
    text = size(done)
    if total:
        text += f" of {size(total)} ({min(100, done * 100 // total)} %)"
    if speed > 0:
        text += f", {rate(speed)}"
        if total > done:
            text += f", {duration((total - done) / speed)} left"
    return text


def _run_line(run: Json) -> str:
    text = f"run {run['id']}: {run_name(run)}, {run['status']}"
    return f"{text}, {run['step']}" if run["step"] else text
