"""``show``: all that people need to know of one backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.identifiers import quoted
from octeth_backupd.cli.ctl.wording import duration, moment, parse_time, size

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_ON_ITS_WAY = frozenset({"pending", "uploading"})
_SHOWN_PATHS = ("data", "binlog", "binlog_index", "redo", "undo", "innodb_home")


class ShowCommand:
    """See Command."""

    name = "show"
    summary = "one backup in full"
    description = "Show one backup: what it holds, how it was checked and where its copies are."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("id", metavar="ID", help="any unambiguous part of the id, or latest")
        parser.add_argument("--server", metavar="NAME", help="look only at this server's backups")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        document = connection.get(f"/v1/backups/{quoted(arguments.id)}", server=arguments.server)
        if screen.as_json:
            screen.document(document)
            return OK
        backup = document["backup"]
        settings = connection.get("/v1/config")["settings"]
        screen.line(backup["id"], style="bold")
        screen.pairs(_facts(backup), indent="  ")
        _section(screen, "kept", _holdings(document["holdings"]))
        _section(screen, "position", _position(backup))
        _section(screen, "server", _server(backup))
        _section(screen, "archive", _archive(backup))
        _section(screen, "copies", [(copy["storage"], _copy(copy, settings)) for copy in backup["copies"]])
        _checks(screen, backup["manifest"].get("postconditions", {}))
        return OK


def _section(screen: Screen, title: str, pairs: list[tuple[str, str]]) -> None:
    if pairs:
        screen.line()
        screen.line(title, style="bold")
        screen.pairs(pairs, indent="  ")


def _facts(backup: Json) -> list[tuple[str, str]]:
    took = (parse_time(backup["finished_at"]) - parse_time(backup["taken_at"])).total_seconds()
    is_legacy = backup["origin"] == "legacy"
    status = f"{backup['status']}: {backup['suspect']}" if backup["suspect"] else backup["status"]
    return [
        ("status", status),
        ("taken", moment(backup["taken_at"]) + ("" if is_legacy else f", took {duration(took)}")),
        ("tiers", f"{', '.join(backup['tiers'])} (stored as {backup['tier']})"),
        ("made by", "the bash tool" if is_legacy else f"{backup['trigger']}, run {backup['run_id']}"),
        ("engine", f"{backup['engine'] or 'unknown'} {backup['engine_version']}, mode {backup['mode']}"),
        ("data", size(backup["data_bytes"]) if backup["data_bytes"] else "unknown"),
    ]


def _holdings(said: Json) -> list[tuple[str, str]]:
    pairs = []
    if said["pin"] is not None:
        note = f": {said['pin']['note']}" if said["pin"]["note"] else ""
        pairs.append(("pinned", f"{moment(said['pin']['pinned_at'])} by {said['pin']['pinned_by']}{note}"))
    pairs += [("held", f"since {moment(hold['begun_at'])}: {hold['reason']}") for hold in said["holds"]]
    for one in said["accepts"]:
        note = f": {one['note']}" if one["note"] else ""
        pairs.append(("accepted", f"{moment(one['accepted_at'])} by {one['accepted_by']}{note}"))
    for proof in said["proofs"]:
        where = f" ({proof['storage']})" if proof["storage"] else ""
        pairs.append(("proven", f"{proof['level']}{where}, {moment(proof['proven_at'])}: {proof['detail']}"))
    return pairs


def _position(backup: Json) -> list[tuple[str, str]]:
    position = _part(backup["manifest"], "position")
    pairs = [("to_lsn", str(backup["to_lsn"])), ("last_lsn", str(backup["last_lsn"]))]
    if position.get("binlog_file"):
        pairs.append(("binlog", f"{position['binlog_file']}:{position['binlog_position']}"))
    if position.get("gtid"):
        pairs.append(("gtid", position["gtid"]))
    return pairs


def _server(backup: Json) -> list[tuple[str, str]]:
    server = _part(backup["manifest"], "server")
    identity, placement, paths = (_part(server, name) for name in ("identity", "placement", "host_paths"))
    pairs = [("name", backup["server"]), ("version", f"{backup['vendor']} {backup['server_version']}")]
    if placement.get("container"):
        pairs.append(("container", f"{placement['container']}, image {placement.get('image', '')}"))
    if identity.get("server_uuid"):
        pairs.append(("server uuid", identity["server_uuid"]))
    pairs += [(f"{role} path", paths[role]) for role in _SHOWN_PATHS if role in paths]
    return pairs


def _archive(backup: Json) -> list[tuple[str, str]]:
    archive = _part(backup["manifest"], "archive")
    compression = _part(archive, "compression")
    pairs = [
        ("name", backup["archive_name"]),
        ("size", f"{size(backup['archive_bytes'])} ({backup['archive_bytes']} bytes)"),
        ("sha256", backup["sha256"]),
    ]
    if compression:
        level = compression.get("level")
        pairs.append(("compression", compression["algorithm"] + ("" if level is None else f", level {level}")))
    if archive.get("file_count"):
        pairs.append(("files", str(archive["file_count"])))
    return pairs


def _copy(copy: Json, settings: Json) -> str:
    place = copy["key"]
    directory = _part(settings, "local").get("directory")
    if copy["storage"] == "local" and directory:
        place = f"{directory}/{place}"
    words = [copy["state"]]
    if copy["state"] in _ON_ITS_WAY:
        words.append(f"since {moment(copy['updated_at'])}")
    else:
        words.append("never read back" if copy["verified_at"] is None else f"read back {moment(copy['verified_at'])}")
    if copy["detail"]:
        words.append(copy["detail"])
    return f"{', '.join(words)}\n{'':>4}{place}"


def _checks(screen: Screen, postconditions: dict[str, str]) -> None:
    if postconditions:
        screen.line()
        screen.line("checked", style="bold")
    for name, status in postconditions.items():
        mark = screen.symbols.get(status, "?")
        screen.line(f"  {mark} {name}" + ("" if status == "passed" else f" ({status})"))


def _part(mapping: Any, name: str) -> Json:
    """Return a table within a document, or an empty one: an adopted backup's manifest may lack it."""
    part = mapping.get(name)
    return part if isinstance(part, dict) else {}
