"""``list``: the backups there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.wording import moment, size

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_PAGE = 1000
_HEADER = ("ID", "TAKEN", "TIERS", "SIZE", "STATUS", "COPIES")


class ListCommand:
    """See Command."""

    name = "list"
    summary = "backups, newest first"
    description = "List backups, newest first. Deleted ones are left out unless --all is given."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="only this server's")
        parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the newest N")
        parser.add_argument("--all", action="store_true", help="deleted ones too")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        limit = max(0, arguments.limit)
        backups, ours = _fetch(connection, arguments.server, limit=limit, with_deleted=arguments.all)
        if screen.as_json:
            screen.document({"schema_version": 1, "backups": backups, "ours": ours})
        elif not backups:
            screen.line("There are no backups yet. Make one: octeth-backupctl backup")
        else:
            screen.table(_HEADER, [_row(backup, ours) for backup in backups], right=frozenset({"SIZE"}))
        return OK


def _fetch(
    connection: Connection, server: str | None, *, limit: int, with_deleted: bool
) -> tuple[list[Json], list[str]]:
    """Return the newest backups, page by page (all for a limit of 0), and the installations that are ours."""
    found: list[Json] = []
    after: str | None = None
    while True:
        document = connection.get("/v1/backups", server=server, limit=_PAGE, after=after)
        page, ours = document["backups"], document["ours"]
        found += [backup for backup in page if with_deleted or backup["status"] != "deleted"]
        if limit and len(found) >= limit:
            return found[:limit], ours
        if len(page) < _PAGE:
            return found, ours
        after = page[-1]["id"]


def _row(backup: Json, ours: list[str]) -> tuple[str, ...]:
    is_foreign = backup["installation_id"] not in ours
    return (
        backup["id"],
        moment(backup["taken_at"]),
        ",".join(backup["tiers"]),
        size(backup["archive_bytes"]),
        f"{backup['status']} (foreign)" if is_foreign else backup["status"],
        ", ".join(_copy(copy) for copy in backup["copies"]) or "-",
    )


def _copy(copy: Json) -> str:
    name: str = copy["storage"]
    return name if copy["state"] == "present" else f"{name} ({copy['state']})"
