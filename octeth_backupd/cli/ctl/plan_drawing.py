"""The plan of a restore for somebody who has a bad day: short sections, 80 columns, commands ready to be copied."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wording import moment, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

COLUMNS = 80
_NAME_COLUMNS = 14
_METHODS = {
    "exchange": "in one step, with a directory that is staged in",
    "entries": "entry by entry, with what is staged in",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the plan.

    Attributes:
        style: Of ``Screen.styled``.
    """

    text: str = ""
    style: str = ""


def draw_plan(document: Json, screen: Screen) -> None:
    """Show a plan; its document is that of ``POST /v1/restores/plan``."""
    for line in plan_lines(document, symbols=screen.symbols):
        screen.line(line.text, style=line.style)


def plan_lines(document: Json, *, symbols: Mapping[str, str]) -> list[Line]:
    """Return a plan as lines of at most 80 columns; only words and commands that must not be broken are longer.

    Args:
        document: Of ``POST /v1/restores/plan``.
        symbols: Marks of what is right and what is not, as ``Screen.symbols``.
    """
    plan = document["plan"]
    sections = (
        ("What is restored", _what(plan)),
        ("Onto what", _onto(plan)),
        ("How that is known", _known(plan)),
        ("What changes places", _swaps(plan)),
        ("Checked beforehand", _beforehand(plan)),
        ("Space", _spaces(plan, symbols)),
        ("The server, and its present data", _afterwards(plan)),
        ("Warnings", _warnings(plan)),
        ("What stands in the way", _refusals(plan, symbols)),
    )
    lines = [Line(text=_title(plan), style="bold")]
    for title, content in sections:
        body = list(content)
        if body:
            lines += [Line(), Line(text=title, style="bold"), *body]
    return [*lines, Line(), *_verdict(document)]


def _title(plan: Json) -> str:
    archive = plan["archive"]
    what = plan["backup_id"] or (archive["name"] if archive else "a backup")
    return f"Restore {what} to {plan['target_directory'] or plan['server']}"


def _what(plan: Json) -> Iterator[Line]:
    yield from _pair("data as of", moment(plan["taken_at"], missing="unknown"))
    archive = plan["archive"]
    if archive is None:
        yield from _pair("archive", "none can be used", style="red")
        return
    yield from _pair("archive", archive["name"])
    yield from _pair("", f"in {_parent(archive['path'])}")
    place = f"storage {archive['storage']}" if archive["storage"] else "a file outside the catalog"
    yield from _pair("", f"{place}: {archive['reason']}" if archive["reason"] else place)
    unpacked = size(archive["unpacked_bytes"])
    yield from _pair("size", f"{size(archive['size_bytes'])}, unpacked {unpacked} ({archive['archive_format']})")
    if archive["is_remote"]:
        fetched = size(archive["fetch_bytes"])
        yield from _pair("fetched", f"{fetched} over the network, unpacked as they come: no room is needed for them")
    if archive["sha256"]:
        yield from _pair("checksum", f"known from the {archive['sha256_from']}, compared while it is unpacked")
    else:
        yield from _pair("checksum", "unknown: nothing tells whether the archive is whole", style="yellow")
    if plan["prepare"]:
        yield from _pair("prepare", plan["prepare"])


def _onto(plan: Json) -> Iterator[Line]:
    site = plan["site"]
    if plan["target_directory"]:
        yield from _pair("directory", plan["target_directory"])
        yield from _pair("", "No server is stopped or changed.")
    if site is None:
        return
    yield from _pair("server", f"{site['server']}, {site['vendor']} {site['version']}")
    if site["container"]:
        yield from _pair("container", f"{site['container']}, image {site['image']}")
    if site["systemd_unit"]:
        yield from _pair("unit", site["systemd_unit"])
    yield from _pair("now", _running(site))
    present = site["data_state"]
    if site["user_schemas"]:
        present += f": {', '.join(site['user_schemas'])}"
    yield from _pair("present data", present)


def _running(site: Json) -> str:
    if site["is_answering"]:
        return "running, answers"
    return "running, does not answer" if site["is_running"] else "not running"


def _known(plan: Json) -> Iterator[Line]:
    """The longest name decides the column: these names are the plan's, not ours."""
    width = max((len(fact["name"]) for fact in plan["facts"]), default=0) + 2
    for fact in plan["facts"]:
        yield from _pair(fact["name"], f"{fact['value']} ({fact['source']})", width=min(width, 2 * _NAME_COLUMNS))


def _swaps(plan: Json) -> Iterator[Line]:
    if plan["target_directory"]:
        return
    for swap in plan["swaps"]:
        yield from _pair(swap["role"], swap["live"])
        # The staging directory's own name is the run's: it is another one when the restore is begun.
        yield from _pair("", f"{_METHODS.get(swap['method'], swap['method'])} {_parent(swap['room'])}")
    rooms = [swap["room"] for swap in plan["swaps"]]
    for staging in plan["staging"]:
        if not any(staging.startswith(room) for room in rooms):
            yield from _pair("staging", staging)
    if plan["exchange"]:
        yield from _pair("tried", plan["exchange"])


def _beforehand(plan: Json) -> Iterator[Line]:
    if plan["rehearsal"]:
        yield from _pair("rehearsal", plan["rehearsal"])
    if plan["accounts"]:
        yield from _pair("accounts", plan["accounts"])
    if plan["carried_over"]:
        yield from _pair("carried over", ", ".join(plan["carried_over"]))


def _spaces(plan: Json, symbols: Mapping[str, str]) -> Iterator[Line]:
    for space in plan["spaces"]:
        if len(space["path"]) < _NAME_COLUMNS:
            yield from _pair(space["path"], space["purpose"])
        else:
            yield from _wrapped(space["path"], first="  ")
            yield from _pair("", space["purpose"])
        asked = space["needed_bytes"] + space["reserve_bytes"]
        text = f"needs {size(space['needed_bytes'])}"
        if space["reserve_bytes"]:
            text += f", {size(space['reserve_bytes'])} must stay free"
        text += f"; free {size(space['free_bytes'])}"
        if space["is_enough"]:
            yield from _pair("", f"{symbols['passed']} {text}")
        else:
            missing = size(asked - space["free_bytes"])
            yield from _pair("", f"{symbols['failed']} {text}: {missing} too little", style="red")


def _afterwards(plan: Json) -> Iterator[Line]:
    if plan["downtime"]:
        yield from _pair("downtime", plan["downtime"])
    if plan["old_data"]:
        yield from _pair("old data", plan["old_data"])


def _warnings(plan: Json) -> Iterator[Line]:
    for warning in plan["warnings"]:
        yield from _wrapped(warning, first="  ! ", style="yellow")


def _refusals(plan: Json, symbols: Mapping[str, str]) -> Iterator[Line]:
    for refusal in plan["refusals"]:
        yield from _wrapped(f"{refusal['message']} ({refusal['code']})", first=f"  {symbols['failed']} ", style="red")
        sentence, *commands = refusal["hint"].split("\n")
        if sentence:
            yield from _wrapped(sentence, first="    ")
        # A command is copied from here: it is never broken.
        yield from (Line(text=f"    {command}") for command in commands)
        if refusal["flag"]:
            yield from _wrapped(f"Do it nevertheless: {refusal['flag']}", first="    ")


def _verdict(document: Json) -> Iterator[Line]:
    count = len(document["plan"]["refusals"])
    if document["possible"]:
        yield Line(text="This can be done. Nothing was touched so far.", style="bold")
    else:
        reasons = "1 reason" if count == 1 else f"{count} reasons"
        yield Line(text=f"This cannot be done, for {reasons} (above). Nothing was touched.", style="red")


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _pair(name: str, value: str, *, width: int = _NAME_COLUMNS, style: str = "") -> Iterator[Line]:
    yield from _wrapped(value, first=f"  {name:<{width}}", style=style)


def _wrapped(text: str, *, first: str, style: str = "") -> Iterator[Line]:
    lines = textwrap.wrap(
        text,
        width=COLUMNS,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (Line(text=line, style=style) for line in lines)
