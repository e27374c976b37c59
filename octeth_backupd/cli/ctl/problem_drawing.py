"""What is wrong now, on the screen: what, since when, why, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wording import about_since, short_time
from octeth_backupd.cli.ctl.wrapping import Entry, show_entries, show_wrapped

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen


def causes_of(problems: list[Json]) -> list[tuple[Json, list[Json]]]:
    """Return the problems that are nothing but themselves, each with those that only follow from it."""
    found: dict[str, tuple[Json, list[Json]]] = {}
    for problem in problems:  # causes come before what follows from them
        cause = next((key for key in found if key in problem["covered_by"]), None)
        if cause is None:
            found[problem["key"]] = (problem, [])
        else:
            found[cause][1].append(problem)
    return list(found.values())


def show_problems(problems: list[Json], screen: Screen, *, now: datetime) -> None:
    """Show each problem, the worst first, with hint and command, and by name what only follows from it."""
    causes = sorted(causes_of(problems), key=lambda one: one[0]["severity"] != "error")
    for problem, consequences in causes:
        is_bad = problem["severity"] == "error"
        mark = screen.symbols["failed"] if is_bad else "!"
        screen.line()
        show_wrapped(f"{mark} {problem['title']}", screen, hang=2, style="red" if is_bad else "yellow")
        since = f"{short_time(problem['since'])} ({about_since(problem['since'], now=now)})"
        entries = [
            Entry(name="since", text=since),
            Entry(name="why", text=problem["cause"]),
            *(Entry(name="hence", text=consequence["title"]) for consequence in consequences),
            Entry(name="do", text=problem["hint"], style="bold"),
            Entry(name="command", text=problem["command"], style="bold", is_whole=True),
        ]
        show_entries([entry for entry in entries if entry.text], screen, indent=2)
