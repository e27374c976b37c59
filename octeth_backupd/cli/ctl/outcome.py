"""How a run ended, in words and as an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import FAILED, OUTCOMES
from octeth_backupd.cli.ctl.wording import duration, run_seconds

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_STYLES = {"success": "green", "degraded": "yellow", "failed": "red"}


def exit_code_of(run: Json) -> int:
    """Return the exit code for a run that is over."""
    return OUTCOMES.get(run["status"], FAILED)


def run_name(run: Json) -> str:
    """Return what a run does, and of which server where it is of one."""
    return f"{run['operation']} of {run['server']}" if run["server"] else str(run["operation"])


def show_outcome(run: Json, screen: Screen) -> None:
    """Say how a run ended: result on standard output, error and hint on standard error."""
    took = run_seconds(run)
    text = f"{run_name(run)}: {run['status']}"
    if took is not None:
        text += f" after {duration(took)}"
    screen.line(text, style=_STYLES.get(run["status"], "bold"))
    if run["backup_id"]:
        screen.line(f"backup {run['backup_id']}")
    if run["detail"].get("outcome"):
        screen.line(run["detail"]["outcome"])
    if run["error"]:
        screen.message(f"octeth-backupctl: {run['error']}")
    if run["hint"]:
        screen.message(run["hint"])
