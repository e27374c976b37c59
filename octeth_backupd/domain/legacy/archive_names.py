"""Names of the bash tool's archives: ``octeth-backup-2025-01-15_02-00-00.tar.gz``, in the host's local time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from octeth_backupd.domain.backup import Tier
from octeth_backupd.errors import InvalidRequestError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

USUAL_PREFIX = "octeth-backup"
USUAL_FORMAT = "%Y-%m-%d_%H-%M-%S"
TIERS = (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)
"""The directories of the tool's tree, which are named like tiers."""

_DIRECTIVES = {"%Y": r"\d{4}", "%m": r"\d\d", "%d": r"\d\d", "%H": r"\d\d", "%M": r"\d\d", "%S": r"\d\d", "%%": "%"}
_NEEDED = ("%Y", "%m", "%d", "%H", "%M")
_SUFFIX = r"\.(?:tar|xbstream)\.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyNames:
    """How the tool named its archives.

    Attributes:
        pattern: Matches a whole file name; the group ``time`` is what ``date`` printed.
    """

    pattern: re.Pattern[str]
    date_format: str

    @classmethod
    def of(cls, prefix: str, date_format: str) -> Self:
        """Return the names that BACKUP_PREFIX and DATE_FORMAT make.

        Raises:
            InvalidRequestError: The format does not say the minute of a backup in digits.
        """
        parts = re.findall(r"%.|[^%]+|%", date_format, re.DOTALL)
        unknown = [part for part in parts if part.startswith("%") and part not in _DIRECTIVES]
        if unknown or any(parts.count(directive) != 1 for directive in _NEEDED):
            raise InvalidRequestError(
                f"the bash tool's DATE_FORMAT {date_format!r} does not name a moment in digits",
                hint="Archives with such names cannot be adopted; restore them with restore --file PATH.",
            )
        time = "".join(_DIRECTIVES.get(part, re.escape(part)) for part in parts)
        return cls(
            pattern=re.compile(rf"{re.escape(prefix)}-(?P<time>{time}){_SUFFIX}", re.ASCII), date_format=date_format
        )

    def time_in(self, name: str, zone: ZoneInfo) -> tuple[datetime, str] | None:
        """Return when an archive of this name was begun, and a doubt about that; None for any other name.

        Args:
            name: Of a file.
            zone: Of the host that gave the name.

        Returns:
            The time in UTC. Where clocks were set back it could be one of two: the first is taken.
        """
        match = self.pattern.fullmatch(name)
        if match is None:
            return None
        try:
            local = datetime.strptime(match["time"], self.date_format).replace(tzinfo=zone)
        except ValueError:
            return None
        utc = local.astimezone(UTC)
        doubt = ""
        if utc.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            doubt = f"{match['time']} never was on the clocks of {zone}"
        elif local.replace(fold=1).astimezone(UTC) != utc:
            doubt = f"{match['time']} was twice on the clocks of {zone}; the first is taken"
        return utc, doubt
