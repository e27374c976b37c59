"""When the next backups are due under a configuration."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.settings.settings import Settings


def next_due(settings: Settings, server: str, now: datetime, *, count: int = 3) -> list[tuple[datetime, str]]:
    """Return the next due times of a server's schedules, in order, with the names of those that are due then.

    Args:
        settings: The configuration.
        server: Whose.
        now: From when they are counted, aware.
        count: How many.

    Returns:
        Times in the schedules' zone.
    """
    names: dict[datetime, list[str]] = defaultdict(list)
    for definition in settings.schedules.definitions([server]):
        at = now
        for _ in range(count):
            at = definition.rule.next_after(at)
            names[at].append(definition.name)
    zone = ZoneInfo(settings.schedules.timezone)
    return [(at.astimezone(zone), ", ".join(names[at])) for at in sorted(names)[:count]]
