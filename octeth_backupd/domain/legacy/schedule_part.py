"""When backups are made and how many are kept: ``[schedules]`` and ``[retention]``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.crontab import CronPurpose
from octeth_backupd.domain.legacy.report import Fate

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.crontab import CronLine
    from octeth_backupd.domain.legacy.draft import Draft
    from octeth_backupd.domain.legacy.surroundings import Surroundings

_EVERY_DAY = ["*", "*", "*"]
_USUAL_CLEANUP = "30 2 * * *"
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DEFAULT = {"daily": 7, "weekly": 4, "monthly": 6}
_ONE_TIME = re.compile(r"\d{1,2}")
_HIGHEST_COUNT = 100_000


def translate_schedules(draft: Draft, around: Surroundings) -> None:
    """Write when backups are made, as the lines of cron had it; without any the usual times stay."""
    backups = [line for line in around.cron_lines if line.purpose is CronPurpose.BACKUP]
    weekday = draft.number("WEEKLY_DAY", lowest=0, highest=6, default="weekly backups are made on Sundays")
    day = draft.number("MONTHLY_DAY", lowest=1, highest=31, default="monthly backups are made on the first")
    weekday, day = 0 if weekday is None else weekday, 1 if day is None else day
    time = _time(draft, backups)
    if not backups:
        draft.note(Fate.CHANGED, "crontab", "has no line for octeth-backup.sh: daily backups are made at 02:00")
    draft.put("schedules.daily", f"{time} * * *")
    draft.take("WEEKLY_DAY", "schedules.weekly", f"{_first(time)} * * {_WEEKDAYS[weekday]}")
    draft.take("MONTHLY_DAY", "schedules.monthly", f"{_first(time)} {day} * *")
    draft.note(
        Fate.CHANGED, "WEEKLY_DAY, MONTHLY_DAY",
        "a backup on such a day now counts as daily, too, and a weekly or monthly one that was missed is made up for",
    )  # fmt: skip
    cleanups = [line.expression for line in around.cron_lines if line.purpose is CronPurpose.CLEANUP]
    if cleanups and cleanups[0] and cleanups[0] != _USUAL_CLEANUP:
        draft.put("schedules.retention", cleanups[0])
        draft.note(Fate.TAKEN, "octeth-cleanup.sh", f'[schedules] retention = "{cleanups[0]}"')


def _time(draft: Draft, backups: list[CronLine]) -> str:
    """Return minute and hour fields; what cron had and they cannot say is left to the operator."""
    fields = [line.expression.split() for line in backups]
    odd = [line for line, parts in zip(backups, fields, strict=True) if parts[2:] != _EVERY_DAY]
    for line in odd:
        when = line.expression or "at other times"
        draft.note(Fate.BY_HAND, line.place, f"starts the backup {when}: write [schedules] yourself")
    every_day = [parts for parts in fields if parts[2:] == _EVERY_DAY]
    if not every_day:
        return "0 2"
    minutes = {parts[0] for parts in every_day}
    if len(minutes) > 1:
        draft.note(Fate.BY_HAND, "crontab", "starts it at several minutes of the hour: write [schedules] yourself")
        every_day = every_day[:1]
    minute, hour = every_day[0][0], ",".join(dict.fromkeys(parts[1] for parts in every_day))
    draft.note(Fate.TAKEN, "octeth-backup.sh", f'[schedules] daily = "{minute} {hour} * * *"')
    return f"{minute} {hour}"


def _first(time: str) -> str:
    """Return the first time of a day: one weekly backup is enough however many daily ones there are."""
    minute, hour = (re.split(r"[,-]", field)[0] for field in time.split())
    return " ".join(part if _ONE_TIME.fullmatch(part) else "0" for part in (minute, hour))


def translate_retention(draft: Draft) -> None:
    """Write how many backups are kept; a count of nothing, which deleted everything, is refused."""
    for tier, default in _DEFAULT.items():
        name = f"RETENTION_{tier.upper()}"
        count = draft.number(
            name,
            lowest=1,
            highest=_HIGHEST_COUNT,
            default=f"{default} are kept, and not none",
        )
        if count is not None:
            draft.take(name, f"retention.{tier}", count)
    draft.note(
        Fate.CHANGED, "RETENTION_DAILY, RETENTION_WEEKLY, RETENTION_MONTHLY",
        "count days, weeks and months with a good backup, not files; nothing expires before one retention --apply",
    )  # fmt: skip
