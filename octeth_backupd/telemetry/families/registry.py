"""The only list of metrics, in the order in which they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.telemetry.families.backups import BACKUP_FAMILIES
from octeth_backupd.telemetry.families.daemon import DAEMON_FAMILIES
from octeth_backupd.telemetry.families.stock import STOCK_FAMILIES

if TYPE_CHECKING:
    from octeth_backupd.telemetry.families.base import Family

FAMILIES: tuple[Family, ...] = (*BACKUP_FAMILIES, *STOCK_FAMILIES, *DAEMON_FAMILIES)
