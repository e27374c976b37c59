"""``restore``: show the plan, have it confirmed, follow the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.confirmation import confirmed_name
from octeth_backupd.cli.ctl.exit_codes import DEGRADED, FAILED, OK, USAGE
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.following import follow_accepted
from octeth_backupd.cli.ctl.plan_drawing import draw_plan
from octeth_backupd.cli.ctl.times import time_argument

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

UNRESOLVED = "unresolved_restore"
"""Of the refusal that is over by itself: another restore of the server goes on."""
_DESCRIPTION = (
    "Restore a server from a backup. Shows the plan first and touches nothing before the server's name was typed. "
    "The backup is unpacked beside the present data and a server is started on it before the present one is stopped; "
    "when anything fails, the present data stays or comes back. What was replaced is kept for a while: see undo."
)


class RestoreCommand:
    """See Command."""

    name = "restore"
    summary = "restore a server from a backup, or lay its files down elsewhere"
    description = _DESCRIPTION

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("id", metavar="ID", nargs="?", help="any unambiguous part of the id, or latest")
        parser.add_argument(
            "--before",
            type=time_argument,
            metavar="TIME",
            help="with latest: the newest taken before this time, in ISO 8601 (2026-11-22, 2026-11-22T02:00, "
            "2026-11-22T02:00:00+03:00); without a zone it is UTC",
        )
        parser.add_argument("--server", metavar="NAME", help="which server is restored (default: the backup's own)")
        parser.add_argument(
            "--to", type=Path, metavar="DIR", help="lay prepared files down in this directory; no server is touched"
        )
        parser.add_argument("--file", type=Path, metavar="PATH", help="restore this archive instead of a known backup")
        parser.add_argument("--dry-run", action="store_true", help="show the plan and end")
        parser.add_argument("--yes", action="store_true", help="do not ask for the server's name")
        parser.add_argument(
            "--no-rehearsal", action="store_true", help="do not start a server on the data before it is needed"
        )
        parser.add_argument("--force", action="store_true", help="go on without a checksum, or with a wrong one")
        parser.add_argument(
            "--force-foreign", action="store_true", help="replace data that is not known to be this server's"
        )
        parser.add_argument(
            "--keep-server-uuid", action="store_true", help="keep the present server_uuid (MySQL; default: a new one)"
        )
        parser.add_argument(
            "--cancel-running", action="store_true", help="cancel a backup of this server that is going on"
        )
        parser.add_argument(
            "--old-password-file",
            type=Path,
            metavar="PATH",
            help="file with the password that the configured account had when the backup was taken",
        )
        parser.add_argument("--detach", action="store_true", help="print the run's id and return at once")
        parser.add_argument("--verbose", "-v", action="store_true", help="show what the programs print")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        wish = _wish(arguments)
        document = connection.post("/v1/restores/plan", wish, slow=True)
        if arguments.dry_run and screen.as_json:
            screen.document(document)
        elif screen.as_json:
            screen.record({"type": "plan", **document})
        else:
            draw_plan(document, screen)
        if arguments.dry_run:
            return OK if document["possible"] else FAILED
        if not document["possible"]:
            codes = _codes(document)
            raise CommandFailedError(
                f"the restore is refused ({', '.join(codes)}); nothing was touched",
                code="busy" if codes == [UNRESOLVED] else "restore_refused",
            )
        return _restore(arguments, _as_planned(wish, document), document["plan"], connection, screen)


def _restore(arguments: argparse.Namespace, wish: Json, plan: Json, connection: Connection, screen: Screen) -> int:
    confirm = "" if wish["to"] else confirmed_name(plan["server"], screen, yes=arguments.yes)
    accepted = connection.post("/v1/restores", {**wish, "confirm": confirm})
    if arguments.detach and screen.as_json:
        screen.record(accepted)
        return OK
    code = follow_accepted(accepted, connection, screen, detach=arguments.detach, with_output=arguments.verbose)
    is_followed_by_people = not (arguments.detach or screen.as_json)
    if code in {OK, DEGRADED} and is_followed_by_people and not wish["to"] and _can_be_undone(plan):
        screen.message(f"To take it back: octeth-backupctl undo --server {plan['server']}")
    return code


def _can_be_undone(plan: Json) -> bool:
    """Return whether a database lay where the restored one is now."""
    return plan["site"]["data_state"] not in {"absent", "empty", "without mysql/"}


def _wish(arguments: argparse.Namespace) -> Json:
    return {
        "backup": arguments.id or "",
        "server": arguments.server,
        "before": None if arguments.before is None else arguments.before.isoformat(),
        "file": _absolute(arguments.file),
        "to": _absolute(arguments.to),
        "rehearse": not arguments.no_rehearsal,
        "force": arguments.force,
        "force_foreign": arguments.force_foreign,
        "keep_server_uuid": arguments.keep_server_uuid,
        "cancel_running": arguments.cancel_running,
        "old_password": None if arguments.old_password_file is None else _password(arguments.old_password_file),
    }


def _as_planned(wish: Json, document: Json) -> Json:
    """Return the wish for the backup and server that were shown: ``latest`` may mean another one by now."""
    plan = document["plan"]
    if not plan["backup_id"]:
        return wish
    return {**wish, "backup": plan["backup_id"], "before": None}


def _codes(document: Json) -> list[str]:
    return [refusal["code"] for refusal in document["plan"]["refusals"]]


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def _password(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8 text"
        raise _unusable(path, f"cannot be read ({reason})") from exc
    if len(lines) != 1 or not lines[0]:
        raise _unusable(path, "must hold one line, the password")
    return lines[0]


def _unusable(path: Path, reason: str) -> CommandFailedError:
    return CommandFailedError(
        f"the password file {path} {reason}", hint="Nothing was touched.", code="invalid_request", exit_code=USAGE
    )
