"""How a run ended, in words and as an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import DEGRADED, FAILED, OK, OUTCOMES, SUSPECT
from octeth_backupd.cli.ctl.wording import duration, run_seconds

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_STYLES = {"success": "green", "degraded": "yellow", "failed": "red"}


def exit_code_of(run: Json) -> int:
    """Return the exit code for a run that is over: of a backup that was made, whether it is doubted comes first."""
    code = OUTCOMES.get(run["status"], FAILED)
    return SUSPECT if run["suspect"] and code in {OK, DEGRADED} else code


def status_words(run: Json) -> str:
    """Return how a run ended or stands, and that what it made is doubted."""
    return f"{run['status']}, suspect" if run["suspect"] else str(run["status"])


def run_name(run: Json) -> str:
    """Return what a run does, and of which server where it is of one."""
    return f"{run['operation']} of {run['server']}" if run["server"] else str(run["operation"])


def show_outcome(run: Json, screen: Screen) -> None:
    """Say how a run ended: result on standard output, error and hint on standard error."""
    took = run_seconds(run)
    text = f"{run_name(run)}: {status_words(run)}"
    if took is not None:
        text += f" after {duration(took)}"
    screen.line(text, style="yellow" if run["suspect"] else _STYLES.get(run["status"], "bold"))
    if run["backup_id"]:
        screen.line(f"backup {run['backup_id']}")
    if run["detail"].get("outcome"):
        screen.line(run["detail"]["outcome"])
    if run["error"]:
        screen.message(f"octeth-backupctl: {run['error']}")
    if run["hint"]:
        screen.message(run["hint"])
    if run["suspect"]:
        made = run["backup_id"]
        screen.line(
            f"backup {made} is SUSPECT: {run['suspect']}. It does not count as latest; look: octeth-backupctl show "
            f"{made}, then accept {made} or delete {made}",
            style="yellow",
        )
