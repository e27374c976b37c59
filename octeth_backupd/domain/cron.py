"""Cron rules: what they mean in a time zone, in words and as moments.

The rules are cron's own: five fields, 0 and 7 are Sunday, day of month *or* day of week. A rule that names its hours
runs once for each of them on every civil day: what falls into the hour that a clock change skips runs at its end, what
falls into the hour that is repeated runs the first time only.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from octeth_backupd.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFERENCE = datetime(2000, 1, 1, tzinfo=UTC)
_LONGEST_EXPRESSION = 200
_FIELDS = (
    ("minute", "0-59"),
    ("hour", "0-23"),
    ("day of month", "1-31, L for the last day or LW for the last weekday"),
    ("month", "1-12 or jan-dec"),
    ("day of week", "0-7 (0 and 7 are Sunday) or sun-sat, 5L for the last Friday, 1#1 for the first Monday"),
)
_FIVE_FIELDS = 'Write five fields, "minute hour day-of-month month day-of-week"; "0 2 * * *" is every night at 02:00.'
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CronRule:
    """A cron expression in a time zone; one that exists is valid and fires again and again.

    Attributes:
        expression: Five fields, kept as written but for the white space between them.
        timezone: IANA name, such as Europe/Berlin.

    Raises:
        ConfigurationError: The expression or the zone is not valid, or the rule never fires; message and hint say why
            and what would be right.

    Source:
        crontab(5) of Debian; cronsim 2.8, README, "Supported cron expression features".
    """

    expression: str
    timezone: str
    _simulated: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_timezone(self.timezone)
        object.__setattr__(self, "expression", " ".join(self.expression.split()))
        _check_fields(self.expression)
        object.__setattr__(self, "_simulated", _with_explicit_times(self.expression))

    def next_after(self, moment: datetime) -> datetime:
        """Return the first time after a moment, in UTC.

        Raises:
            ConfigurationError: It does not fire within the next 50 years.
        """
        start = moment.astimezone(UTC)
        for time in CronSim(self._simulated, start.astimezone(ZoneInfo(self.timezone))):
            # started within a repeated hour, the simulation names times of its first pass, which are over
            if (found := time.astimezone(UTC)) > start:
                return found
        raise _never_fires(self.expression)

    def times_between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Yield each time later than ``after`` and not later than ``until``, in UTC, oldest first."""
        time = self.next_after(after)
        while time <= until:
            yield time
            time = self.next_after(time)

    def latest_between(self, after: datetime, until: datetime, *, limit: int) -> list[datetime]:
        """Return the newest ``limit`` times of ``times_between``, oldest first, without walking through all others."""
        window = timedelta(hours=1)
        while True:
            start = max(after, until - window)
            times = deque(self.times_between(start, until), maxlen=limit)
            if len(times) == limit or start == after:
                return list(times)
            window *= 4

    def explain(self) -> str:
        """Return the rule in English: "At 02:00 every day"."""
        return str(CronSim(self.expression, _REFERENCE).explain())


def check_timezone(name: str) -> None:
    """Refuse what is not the name of a time zone.

    Raises:
        ConfigurationError: The machine's time zone database does not have it.
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    if zone is None or not name:
        raise ConfigurationError(
            f'time zone "{name}" is unknown',
            hint='Write an IANA name such as "Europe/Berlin" or "UTC"; `timedatectl list-timezones` lists them.',
        )


def _check_fields(expression: str) -> None:
    fields = expression.split()
    if len(expression) > _LONGEST_EXPRESSION:
        raise ConfigurationError(f"cron rule is {len(expression)} characters long", hint=_FIVE_FIELDS)
    if len(fields) == 1 and fields[0].lower() in _NICKNAMES:
        raise ConfigurationError(
            f'cron rule "{expression}" is a nickname, which is not supported',
            hint=f'Write "{_NICKNAMES[fields[0].lower()]}" instead.',
        )
    if len(fields) != len(_FIELDS):
        seconds = " Seconds cannot be given." if len(fields) == len(_FIELDS) + 1 else ""
        raise ConfigurationError(
            f'cron rule "{expression}" has {len(fields)} fields instead of 5', hint=_FIVE_FIELDS + seconds
        )
    for position, (name, allowed) in enumerate(_FIELDS):
        alone = ["*"] * len(_FIELDS)
        alone[position] = fields[position]
        try:
            CronSim(" ".join(alone), _REFERENCE)
        except CronSimError as exc:
            raise ConfigurationError(
                f'cron rule "{expression}": {name} "{fields[position]}" is not valid',
                hint=f"Write *, or values of {allowed}, with commas, ascending ranges (1-5) and steps (*/2).",
            ) from exc
    try:
        next(CronSim(expression, _REFERENCE))
    except (CronSimError, StopIteration) as exc:
        raise _never_fires(expression) from exc


def _never_fires(expression: str) -> ConfigurationError:
    return ConfigurationError(
        f'cron rule "{expression}" never fires',
        hint="Name a day that these months have; L as day of month is the last day of each month.",
    )


def _with_explicit_times(expression: str) -> str:
    """Spell out minutes and hours written with a star, unless the rule runs in every hour.

    cronsim leaves rules with a star in minute or hour alone at a clock change, so that "*/60 2 * * *" would not run on
    the day when 02:00 does not exist, and twice when it is repeated.
    """
    rule = CronSim(expression, _REFERENCE)
    if len(rule.hours) == 24:
        return expression
    minutes, hours = (",".join(str(value) for value in sorted(values)) for values in (rule.minutes, rule.hours))
    return " ".join([minutes, hours, *expression.split()[2:]])
