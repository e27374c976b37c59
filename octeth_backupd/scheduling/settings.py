"""The ``[schedules]`` section: when backups are made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, field_validator
from tzlocal import get_localzone_name

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.cron import CronRule, check_timezone
from octeth_backupd.domain.section import Section
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.scheduling.definition import ScheduleDefinition

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOCALTIME = Path("/etc/localtime")


class SchedulesSettings(Section):
    """When backups are made. The same schedules hold for every server."""

    timezone: str = Field(
        default="",
        description='Time zone of the cron rules, an IANA name such as "Europe/Berlin". Empty: that of this machine.',
    )
    daily: str = Field(
        default="0 2 * * *",
        description="Cron rule (minute hour day-of-month month day-of-week) of the daily backups. Empty: none.",
    )
    weekly: str = Field(
        default="0 2 * * sun",
        description="Cron rule of the weekly backups. Empty: none. Due together with another, one backup serves both.",
    )
    monthly: str = Field(default="0 2 1 * *", description="Cron rule of the monthly backups. Empty: none.")
    retention: str = Field(
        default="30 4 * * *",
        description="Cron rule by which expired backups are deleted. Empty: only after a good backup.",
    )
    catch_up_seconds: int = Field(
        default=604800,
        ge=0,
        description=(
            "How late a backup that was missed, say because the machine was down, is still made up for. "
            "Older ones are recorded as missed. One that is up to ten minutes late always is made up for."
        ),
    )

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        if not name.strip():
            return machine_timezone()
        try:
            check_timezone(name.strip())
        except ConfigurationError as exc:
            raise ValueError(f"{exc.message}\n{exc.hint}") from exc
        return name.strip()

    @field_validator("daily", "weekly", "monthly", "retention")
    @classmethod
    def _valid_rule(cls, expression: str) -> str:
        if not expression.strip():
            return ""
        try:
            return CronRule(expression=expression, timezone="UTC").expression
        except ConfigurationError as exc:
            raise ValueError(f"{exc.message}\n{exc.hint}") from exc

    @property
    def rules(self) -> dict[Tier, str]:
        """Return the cron rules of the backups by tier; empty for one that is off."""
        return {Tier.DAILY: self.daily, Tier.WEEKLY: self.weekly, Tier.MONTHLY: self.monthly}

    @property
    def retention_rule(self) -> CronRule | None:
        """Return by which rule expired backups are deleted; None for none."""
        return CronRule(expression=self.retention, timezone=self.timezone) if self.retention else None

    def definitions(self, servers: Iterable[str]) -> tuple[ScheduleDefinition, ...]:
        """Return the schedules that are on, for each server."""
        return tuple(
            ScheduleDefinition(
                server=server,
                name=tier.value,
                tier=tier,
                expression=expression,
                timezone=self.timezone,
                catch_up_seconds=self.catch_up_seconds,
            )
            for server in servers
            for tier, expression in self.rules.items()
            if expression
        )


def machine_timezone() -> str:
    """Return the IANA name of this machine's time zone; UTC where none was ever set.

    Raises:
        ValueError: The machine has a zone but not its name; an offset would be wrong for half of the year.

    Source:
        localtime(5): without /etc/localtime the zone is UTC.
    """
    try:
        name: str | None = get_localzone_name()
        if name is None and not _LOCALTIME.exists():
            name = "UTC"
        check_timezone(name or "")
    except (ConfigurationError, LookupError, ValueError, OSError) as exc:
        raise ValueError(
            "the time zone of this machine cannot be found out\n"
            'Write one here, such as "Europe/Berlin", or set it with `timedatectl set-timezone`.'
        ) from exc
    return name or ""
