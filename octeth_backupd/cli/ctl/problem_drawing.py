"""What is wrong now, on the screen: what, why, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wording import moment

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen


def show_problems(problems: list[Json], screen: Screen) -> None:
    """Show each problem with its hint and command; nothing where there is none."""
    for problem in problems:
        is_bad = problem["severity"] == "error"
        mark = screen.symbols["failed"] if is_bad else "!"
        screen.line(f"{mark} {problem['title']}", style="red" if is_bad else "yellow")
        pairs = [("since", moment(problem["since"])), ("why", problem["cause"]), ("do", problem["hint"])]
        screen.pairs([*(pair for pair in pairs if pair[1]), ("command", problem["command"])], indent="  ")
