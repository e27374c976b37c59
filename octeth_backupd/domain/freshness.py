"""Is there a verified backup that is young, large and proven enough? The decision, over facts of the catalog."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.notices.overdue import CLOCK_MARGIN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.holdings import ProofLevel
    from octeth_backupd.domain.retention.facts import BackupFacts

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LEAST_HOURS_TOLD_AS_DAYS = 48 * _HOUR
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


class Verdict(StrEnum):
    """How a server's backups are judged, in the words of monitoring systems."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return its place in the order of severity, the mildest is 0."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What a backup must be.

    Attributes:
        max_age_seconds: Not older than this; None: whatever its age.
        min_size_bytes: Its archive is not smaller; None: whatever its size.
        proof: It was proven at least so far; None: anything was shown of it.
        storage: It can be read from there; empty: from anywhere.
        before: It was taken before this time.
    """

    max_age_seconds: int | None = None
    min_size_bytes: int | None = None
    proof: ProofLevel | None = None
    storage: str = ""
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A good backup of which something was shown, and from where it can be read now."""

    backup_id: str
    taken_at: datetime
    size_bytes: int
    proof: ProofLevel
    storages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """The judgement of one server.

    Attributes:
        backup: The newest one that meets all but age and size; None: there is none.
        problems: What is wrong, worst first; empty when nothing is.
    """

    server: str
    verdict: Verdict
    backup: Verified | None = None
    age_seconds: float | None = None
    problems: tuple[str, ...] = ()


def verified_backups(backups: Iterable[BackupFacts], *, storages: Collection[str]) -> tuple[Verified, ...]:
    """Return the backups that count: ours, good, not suspect, with a copy that can be read, and something shown of it.

    An archive of the bash tool, of which nobody has ever read anything, is not among them.

    Args:
        backups: Newest first.
        storages: The configured storage backends: from others nothing can be read.
    """
    found = []
    for backup in backups:
        copies = [copy for copy in backup.copies if copy.is_there and copy.storage in storages]
        if copies and backup.is_ours and not backup.suspect and backup.proof_level is not None:
            found.append(
                Verified(
                    backup_id=backup.backup_id,
                    taken_at=backup.taken_at,
                    size_bytes=max(copy.size_bytes for copy in copies),
                    proof=backup.proof_level,
                    storages=tuple(sorted(copy.storage for copy in copies)),
                )
            )
    return tuple(found)


def judge(
    server: str, backups: Iterable[Verified], requirements: Requirements, *, now: datetime, last_run: Run | None = None
) -> Freshness:
    """Return whether a server has a backup that is good enough.

    What is dated in the future was dated by a wrong clock and does not count: it would be young for years.

    Args:
        server: Its name.
        backups: See ``verified_backups``.
        requirements: What is asked for.
        now: The time.
        last_run: Its newest backup run that has ended and was neither skipped nor cancelled: that it failed is a
            warning, whatever there is from before.
    """
    meeting = [one for one in backups if _meets(one, requirements)]
    chosen = next((one for one in meeting if one.taken_at <= now + CLOCK_MARGIN), None)
    misdated = [
        f"{one.backup_id} is dated in the future and does not count"
        for one in meeting[:1]
        if one.taken_at > now + CLOCK_MARGIN
    ]
    warnings = () if last_run is None else tuple(_complaint(last_run))
    if chosen is None:
        problems = [f"no {_wanted(requirements)} backup", *misdated, *warnings]
        return Freshness(server=server, verdict=Verdict.CRITICAL, problems=tuple(problems))
    age = (now - chosen.taken_at).total_seconds()
    problems = []
    if requirements.max_age_seconds is not None and age > requirements.max_age_seconds:
        old, allowed = _age_and_limit_words(age, requirements.max_age_seconds)
        problems.append(f"the newest {_wanted(requirements)} backup is {old} old, {allowed} are allowed")
        problems.extend(misdated)
    if requirements.min_size_bytes is not None and chosen.size_bytes < requirements.min_size_bytes:
        problems.append(
            f"its archive has {size_words(chosen.size_bytes)}, at least {size_words(requirements.min_size_bytes)} "
            "are wanted"
        )
    verdict = Verdict.CRITICAL if problems else Verdict.WARNING if warnings else Verdict.OK
    return Freshness(server=server, verdict=verdict, backup=chosen, age_seconds=age, problems=(*problems, *warnings))


def worst(judged: Iterable[Freshness]) -> Verdict:
    """Return the worst verdict; critical when nothing was judged, for then nothing is backed up."""
    return max((one.verdict for one in judged), key=lambda verdict: verdict.rank, default=Verdict.CRITICAL)


def duration_words(seconds: float) -> str:
    """Return a length of time in its two largest units: ``26 h 10 min``."""
    whole = max(0, round(seconds))
    if whole < _HOUR:
        return f"{whole // _MINUTE} min" if whole >= _MINUTE else f"{whole} s"
    if whole < _LEAST_HOURS_TOLD_AS_DAYS:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def _age_and_limit_words(age_seconds: float, limit_seconds: int) -> tuple[str, str]:
    """Return an age and the limit that it is above, in seconds where the words would be the same."""
    age, limit = duration_words(age_seconds), duration_words(limit_seconds)
    return (age, limit) if age != limit else (f"{math.ceil(age_seconds)} s", f"{limit_seconds} s")


def size_words(count_bytes: int) -> str:
    """Return ``1.4 GiB`` for a number of bytes."""
    value, unit = float(count_bytes), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    return f"{value:.0f} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def _meets(backup: Verified, requirements: Requirements) -> bool:
    return (
        (requirements.proof is None or backup.proof.rank >= requirements.proof.rank)
        and (not requirements.storage or requirements.storage in backup.storages)
        and (requirements.before is None or backup.taken_at < requirements.before)
    )


def _wanted(requirements: Requirements) -> str:
    """Return what is asked for, as it stands before the word backup."""
    proof = "" if requirements.proof is None else f" of level {requirements.proof} or above"
    storage = f" in {requirements.storage}" if requirements.storage else ""
    return f"verified{proof}{storage}" if not proof and not storage else f"verified ({(proof + storage).strip()})"


def _complaint(run: Run) -> Iterable[str]:
    if run.status in {RunStatus.FAILED, RunStatus.INTERRUPTED}:
        end = "failed" if run.status is RunStatus.FAILED else "was interrupted"
        yield f"the last backup run {end}" + (f": {run.error}" if run.error else "")
