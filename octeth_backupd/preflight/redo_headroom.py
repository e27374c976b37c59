"""How fast the server writes redo, against how much of it it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Vendor
from octeth_backupd.domain.space import format_bytes
from octeth_backupd.preflight.base import NOT_LOGGED_IN, passed, unknown, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.server import LsnPosition, ServerFacts
    from octeth_backupd.preflight.base import Subject

SHORTEST_SECONDS = 60
SMALLEST_CAPACITY_BYTES = 48 << 20


class RedoHeadroom:
    """Does the server keep its redo log long enough for the engine to read it?"""

    name = "redo_headroom"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        facts = subject.facts
        if facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        capacity = facts.redo_capacity_bytes
        if capacity <= 0:
            return warning(self, subject, "the server does not tell how large its redo log is")
        rate = _bytes_per_second(facts.lsn, subject.later_lsn)
        if rate is not None and rate > 0 and capacity / rate < SHORTEST_SECONDS:
            return _too_small(
                self,
                subject,
                facts,
                f"the server writes {format_bytes(int(rate))} of redo a second and overwrites it after "
                f"{capacity / rate:.0f} seconds",
            )
        if capacity < SMALLEST_CAPACITY_BYTES:
            return _too_small(self, subject, facts, f"the redo log holds only {format_bytes(capacity)}")
        return passed(self, subject, f"the redo log holds {format_bytes(capacity)}")


def _bytes_per_second(first: LsnPosition | None, later: LsnPosition | None) -> float | None:
    if first is None or later is None:
        return None
    seconds = (later.taken_at - first.taken_at).total_seconds()
    return (later.current_lsn - first.current_lsn) / seconds if seconds > 0 else None


def _too_small(check: RedoHeadroom, subject: Subject, facts: ServerFacts, summary: str) -> CheckResult:
    wanted = 2 << 30
    return warning(
        check,
        subject,
        summary,
        cause="When redo is overwritten before the engine has read it, the backup fails at its end.",
        fix="Make the redo log larger, or take the backup at a quieter time.",
        command=_enlarge(facts, wanted),
    )


def _enlarge(facts: ServerFacts, wanted_bytes: int) -> str:
    if facts.vendor is Vendor.MARIADB:
        if facts.version.series >= (10, 9):
            return f"SET GLOBAL innodb_log_file_size = {wanted_bytes};"
        return f"# in the server's configuration, then restart it:\ninnodb_log_file_size = {wanted_bytes}"
    if (facts.version.major, facts.version.minor, facts.version.patch) >= (8, 0, 30):
        return f"SET PERSIST innodb_redo_log_capacity = {wanted_bytes};"
    return f"# in the server's configuration, then restart it:\ninnodb_log_file_size = {wanted_bytes // 2}"
