"""The list of engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.engines.mariadb_backup import MariaDbBackup
from octeth_backupd.engines.xtrabackup import XtraBackup
from octeth_backupd.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octeth_backupd.engines.base import Engine
    from octeth_backupd.engines.settings import EnginesSettings

ENGINES: Mapping[str, Callable[[EnginesSettings], Engine]] = {
    XtraBackup.name: lambda settings: XtraBackup(settings.xtrabackup),
    MariaDbBackup.name: lambda settings: MariaDbBackup(settings.mariadb_backup),
}


def engine_for(name: str, settings: EnginesSettings) -> Engine:
    """Return an engine by its name.

    Raises:
        EngineError: There is none of that name.
    """
    if name not in ENGINES:
        raise EngineError(f"there is no engine {name!r}", hint=f"Use one of: {', '.join(ENGINES)}.")
    return ENGINES[name](settings)
