"""Judge a server that was started on restored data: its tables against the rehearsal's, its error log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ROOM = ".octeth-"
"""MariaDB takes the restore's own directory in a data directory for a schema, and says that it has a wrong name."""
_MAXIMUM_LINES = 20
_SAID_IN_PASSING = re.compile(r"\[(?:note|system|info)\]", re.IGNORECASE)
# Source: messages of InnoDB, Aria and MyISAM in MySQL 8.0 to 9 (share/messages_to_error_log.txt) and MariaDB 10.11.
_CORRUPTION = re.compile(
    r"""
    \bcorrupt | page\ checksum | checksum\ mismatch | log\ sequence\ number\ .*\ is\ in\ the\ future |
    assertion\ failure | got\ signal\ \d+ | is\ marked\ as\ crashed | doesn't\ exist\ in\ engine |
    incorrect\ information\ in\ file | cannot\ open\ (?:datafile|tablespace) | could\ not\ find\ a\ valid\ tablespace |
    unable\ to\ open\ tablespace | tablespace\ .*\ (?:missing|was\ not\ found) | missing\ mlog |
    redo\ log\ .*\ (?:unreadable|is\ missing) | (?:crash\ recovery|aria\ recovery)\ failed | unexpected\ end-of-file
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableVerdict:
    """How the tables that were found differ from those of the rehearsal.

    Attributes:
        problems: What is not there.
        notes: What came in addition: applications may have been quicker than the gate.
    """

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def judge_tables(expected: Mapping[str, int], found: Mapping[str, int]) -> TableVerdict:
    """Compare tables by schema with what the rehearsal counted.

    Args:
        expected: Schema → number of tables; only these schemas are looked at.
        found: Schema → number of tables now, for every schema that is there.
    """
    problems, notes = [], []
    for schema, number in sorted(expected.items()):
        now = found.get(schema)
        if now is None:
            problems.append(f"database {schema} is missing")
        elif now < number:
            problems.append(f"database {schema} has {now} of {number} tables")
        elif now > number:
            notes.append(f"database {schema} has {now} tables, {number} in the rehearsal")
    return TableVerdict(problems=tuple(problems), notes=tuple(notes))


def corruption_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of a server's error log that speak of damaged data, at most the first 20."""
    found = [
        line.strip()
        for line in lines
        if _ROOM not in line and not _SAID_IN_PASSING.search(line) and _CORRUPTION.search(line)
    ]
    return tuple(found[:_MAXIMUM_LINES])
