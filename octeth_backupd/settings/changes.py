"""What a reload cannot change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.settings.keys import value_at
from octeth_backupd.settings.view import settings_view

if TYPE_CHECKING:
    from octeth_backupd.settings.settings import Settings

RESTART_KEYS = ("daemon.state_directory", "daemon.runtime_directory", "control", "metrics.listen")
"""Keys and sections that the daemon takes up once, when it starts."""


def restart_needed(running: Settings, new: Settings) -> tuple[str, ...]:
    """Return the keys that differ and take effect only at the next start."""
    before, after = settings_view(running), settings_view(new)
    return tuple(key for key in RESTART_KEYS if value_at(before, key.split(".")) != value_at(after, key.split(".")))
