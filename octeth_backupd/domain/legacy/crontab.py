"""The lines by which cron starts the bash tool, and a crontab without them.

Source:
    crontab(5) of Debian's cron: ``m h dom mon dow command``; /etc/crontab and /etc/cron.d name a user before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# No part of octeth-ch-backup.sh, which backs up ClickHouse and stays.
_PROGRAM = re.compile(r"(?<![\w.-])octeth-(backup|cleanup)\.sh(?![\w.-])")
_CLICKHOUSE = re.compile(r"(?<![\w.-])octeth-ch-\w+\.sh(?![\w.-])")
_TIMES = re.compile(r"\s*(?P<times>@\w+|(?:[^\s#=]+\s+){4}[^\s#=]+)\s+(?P<rest>\S.*)", re.DOTALL)
_REDIRECTION = re.compile(r"&>>?\s*\S+|\d*(?:>>?|<)(?:&\d|\s*[^\s;&|]+)")
_JOINT = re.compile(r"[;&|]+")
_NO_PROGRAM = re.compile(r"(?:[\w.-]+\s+)?(?:cd\s+\S.*|true|:)?")
_MACROS = {
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


class CronPurpose(StrEnum):
    """What a line starts; ``mixed`` starts ClickHouse's backup, too, and is never removed."""

    BACKUP = "backup"
    CLEANUP = "cleanup"
    MIXED = "mixed"
    CLICKHOUSE = "clickhouse"


@dataclass(frozen=True, slots=True, kw_only=True)
class CronLine:
    """A line of a crontab that starts one of the tool's scripts.

    Attributes:
        place: The file, or ``crontab of USER``.
        number: From 1.
        text: The line as it is, without its end.
        expression: Five fields; empty where cron's own time is none (``@reboot``).
        does_more: It starts another program as well, and is never removed.
    """

    place: str
    number: int
    text: str
    expression: str
    purpose: CronPurpose
    does_more: bool = False

    @property
    def is_removable(self) -> bool:
        """Return whether nothing but the tool would miss it."""
        return self.purpose in {CronPurpose.BACKUP, CronPurpose.CLEANUP} and not self.does_more


def find_cron_lines(crontab: str, *, place: str) -> Iterator[CronLine]:
    """Yield the lines of a crontab that start the tool's scripts; comments are none.

    Args:
        crontab: Its text.
        place: Where it is, for people.
    """
    for number, line in enumerate(crontab.split("\n"), start=1):
        match = _TIMES.match(line)
        if line.lstrip().startswith("#") or match is None:
            continue
        purpose = _purpose(match["rest"])
        if purpose is not None:
            times = " ".join(match["times"].split())
            expression = _MACROS.get(times.lower(), "" if times.startswith("@") else times)
            yield CronLine(
                place=place,
                number=number,
                text=line,
                expression=expression,
                purpose=purpose,
                does_more=_does_more(match["rest"]),
            )


def _purpose(command: str) -> CronPurpose | None:
    programs = {match[1] for match in _PROGRAM.finditer(command)}
    if _CLICKHOUSE.search(command):
        return CronPurpose.MIXED if programs else CronPurpose.CLICKHOUSE
    if "backup" in programs:
        return CronPurpose.BACKUP
    return CronPurpose.CLEANUP if programs else None


def _does_more(command: str) -> bool:
    """Return whether a command joins another program to the tool's; quotes are not looked at, to be on the safe side.

    Before the command there may be a user.
    """
    parts = (part.strip(" \t\r(){}\"'") for part in _JOINT.split(_REDIRECTION.sub(" ", command)))
    return any(not _PROGRAM.search(part) and not _NO_PROGRAM.fullmatch(part) for part in parts)


def without_lines(crontab: bytes, numbers: Collection[int]) -> bytes:
    """Return a crontab without some of its lines, every other byte as it was."""
    lines = crontab.split(b"\n")
    kept = [line for number, line in enumerate(lines, start=1) if number not in numbers]
    if len(lines) in numbers and kept:
        kept.append(b"")  # the last line had no end: what is last now keeps its own
    return b"\n".join(kept)
