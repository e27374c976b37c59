"""How everything stands, in one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.problem_drawing import causes_of
from octeth_backupd.cli.ctl.wording import about, counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.cli.ctl.connection import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The first line of ``status``, and its style."""

    text: str
    style: str


def headline(status: Json, *, errors: int, warnings: int) -> Headline:
    """Return the line.

    Args:
        status: The daemon's.
        errors: What is wrong beside its problems.
        warnings: What should be looked at beside its problems.
    """
    causes = [problem for problem, _ in causes_of(status["problems"])]
    bad = errors + sum(1 for problem in causes if problem["severity"] == "error")
    doubtful = warnings + len(causes) + errors - bad
    servers: Sequence[Json] = status["servers"]
    backups = _newest(servers)
    counts = [counted(count, word) for count, word in ((bad, "problem"), (doubtful, "warning")) if count]
    if counts:
        text = " and ".join(counts) + (f"; {backups}" if backups else "")
        return Headline(text=text, style="red" if bad else "yellow")
    if not servers:
        return Headline(text="no server is configured: nothing is backed up", style="yellow")
    without = [server["name"] for server in servers if server["last_good_backup"] is None]
    if without:
        return Headline(text=f"nothing is wrong, but there is no good backup yet of {listed(without)}", style="yellow")
    paused = [server["name"] for server in servers if server["paused_schedules"]]
    if paused:
        return Headline(
            text=f"nothing is wrong, but schedules of {listed(paused)} are paused; {backups}", style="yellow"
        )
    still = [server["name"] for server in servers if server["next_due"] is None]
    if still:
        text = f"nothing is wrong, but no backup of {listed(still)} is scheduled; {backups}"
        return Headline(text=text, style="yellow")
    return Headline(text=f"all is well: {counted(len(servers), 'server')}, {backups}", style="green")


def _newest(servers: Sequence[Json]) -> str:
    """Return how old the newest backup of each server is at most; empty when there is none."""
    ages = [server["last_good_backup"]["age_seconds"] for server in servers if server["last_good_backup"]]
    if len(servers) == 1:
        return f"newest good backup {about(ages[0])} ago" if ages else "no good backup yet"
    if len(ages) < len(servers):
        return f"{len(servers) - len(ages)} of {counted(len(servers), 'server')} without a good backup"
    return f"newest good backup of each at most {about(max(ages))} old" if ages else ""
