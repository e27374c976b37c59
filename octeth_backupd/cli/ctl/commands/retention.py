"""``retention``: what is kept and what expires, with the reasons; ``--apply`` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import DEGRADED, OK, USAGE
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.following import follow_accepted
from octeth_backupd.cli.ctl.wording import counted, local_time, moment, size

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_PLAN = ("BACKUP", "TAKEN", "COPY", "SIZE", "PLAN", "WHY")
_SHARES = ("STORAGE", "TIER", "COPIES", "SIZE")
_PERIODS = {"daily": "day", "weekly": "week", "monthly": "month"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class RetentionCommand:
    """See Command."""

    name = "retention"
    summary = "what is kept, what expires, and why"
    description = (
        "Show what becomes of every copy by the retention policy, with all reasons. With --apply delete what expires, "
        "and confirm the policy: after a change of it, or an import, nothing expires until this was done once."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="only this server's")
        parser.add_argument("--apply", action="store_true", help="delete what expires, and confirm the policy in force")
        parser.add_argument(
            "--despite-hold", action="store_true", help="with --apply: end the holds first; doubts count no more"
        )
        parser.add_argument("--stats", action="store_true", help="only what the copies take up, by storage and tier")
        parser.add_argument("--detach", action="store_true", help="with --apply: print the run's id and return at once")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        if arguments.despite_hold and not arguments.apply:
            raise CommandFailedError(
                "--despite-hold means nothing without --apply",
                hint="Without --apply nothing is deleted: the plan shows what is held.",
                code="invalid_request",
                exit_code=USAGE,
            )
        if arguments.apply:
            return _apply(arguments, connection, screen)
        document = connection.get("/v1/retention", server=arguments.server)
        if screen.as_json:
            screen.document(_statistics(document) if arguments.stats else document)
            return OK
        for number, server in enumerate(document["servers"]):
            if number:
                screen.line()
            _show(server, screen, only_stats=arguments.stats)
        return OK


def _apply(arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
    wish = {"server": arguments.server, "despite_hold": arguments.despite_hold}
    accepted = connection.post("/v1/retention", wish)
    if arguments.detach and screen.as_json:
        screen.document(accepted)
        return OK
    codes = [
        follow_accepted({"run": run}, connection, screen, detach=arguments.detach, with_output=False)
        for run in accepted["runs"]
    ]
    return next((code for code in codes if code not in {OK, DEGRADED}), max(codes, default=OK))


def _statistics(document: Json) -> Json:
    servers = [{"server": server["server"], "shares": server["shares"]} for server in document["servers"]]
    return {"schema_version": document["schema_version"], "servers": servers}


def _show(server: Json, screen: Screen, *, only_stats: bool) -> None:
    screen.line(server["server"], style="bold")
    if only_stats:
        screen.table(_SHARES, [_share(one) for one in server["shares"]], right=frozenset({"COPIES", "SIZE"}))
        return
    screen.pairs(_policy(server["policy"]), indent="  ")
    if server["waits_for"]:
        screen.line(f"! {server['waits_for']}", style="yellow")
    for hold in server["holds"]:
        screen.line(f"! {hold_words(hold)}", style="yellow")
    if server["copies"]:
        screen.line()
        screen.table(_PLAN, [_row(copy) for copy in server["copies"]], right=frozenset({"SIZE"}))
    screen.line()
    count = server["expiring_copies"]
    screen.line(f"{count} of {len(server['copies'])} copies expire, {size(server['expiring_bytes'])}")


def hold_words(hold: Json) -> str:
    """Return a hold in a line."""
    about = f" ({hold['backup_id']})" if hold["backup_id"] else ""
    held = len(hold["protected"])
    are = "is" if held == 1 else "are"
    return f"{counted(held, 'backup')} {are} held since {moment(hold['begun_at'])}: {hold['reason']}{about}"


def _policy(policy: Json) -> list[tuple[str, str]]:
    pairs = [(f"kept in {name}", _counts(one)) for name, one in policy["counts"].items()]
    weekday = _WEEKDAYS[policy["week_begins_on"]]
    return [
        *pairs,
        ("made by hand", f"kept for {counted(policy['keep_manual_days'], 'day')} at least"),
        ("periods", f"{policy['timezone']}, weeks from {weekday}, months from day {policy['month_begins_on']}"),
    ]


def _counts(one: Json) -> str:
    return ", ".join(counted(one[name], word) for name, word in _PERIODS.items())


def _share(share: Json) -> tuple[str, ...]:
    return share["storage"], share["tier"], str(share["copies"]), size(share["size_bytes"])


def _row(copy: Json) -> tuple[str, ...]:
    return (
        copy["backup_id"],
        local_time(copy["taken_at"]),
        copy["storage"],
        size(copy["size_bytes"]),
        "expires" if copy["expires"] else "kept",
        "; ".join(reason["words"] for reason in copy["reasons"]),
    )
