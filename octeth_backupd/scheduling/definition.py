"""A schedule of a server, as the configuration defines it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.cron import CronRule

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDefinition:
    """One cron rule for one server.

    Attributes:
        name: daily, weekly or monthly; also the tier that its runs get.
        catch_up_seconds: How late a run may still be made up for.
    """

    server: str
    name: str
    tier: Tier
    expression: str
    timezone: str
    catch_up_seconds: int

    @property
    def key(self) -> tuple[str, str]:
        """Return server and schedule, which name it."""
        return self.server, self.name

    @property
    def rule(self) -> CronRule:
        """Return the rule.

        Raises:
            ConfigurationError: The expression or the time zone is not valid.
        """
        return CronRule(expression=self.expression, timezone=self.timezone)

    @property
    def canonical(self) -> str:
        """Return when it fires, as a text that is equal for equal rules; ``rule_of_canonical`` reads it."""
        return json.dumps({"expression": " ".join(self.expression.split()), "timezone": self.timezone}, sort_keys=True)

    @property
    def fingerprint(self) -> str:
        """Return a hash of all that a stored entry of the scheduler depends on."""
        parts = ["entry format 1", self.server, self.name, str(self.tier), self.canonical]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def rule_of_canonical(text: str) -> CronRule:
    """Return the rule that ``ScheduleDefinition.canonical`` wrote.

    Raises:
        ConfigurationError: The machine's time zone database no longer has the zone.
        ValueError: It is not such a text.
        KeyError: It is not such a text.
    """
    parts = json.loads(text)
    return CronRule(expression=parts["expression"], timezone=parts["timezone"])
