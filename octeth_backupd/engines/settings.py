"""The ``[engines]`` section: a table for each engine."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from octeth_backupd.domain.section import Section
from octeth_backupd.engines.mariadb_backup import MariaDbBackupSettings
from octeth_backupd.engines.xtrabackup import XtraBackupSettings


class EnginesSettings(Section):
    """The engines' programs."""

    model_config = ConfigDict(populate_by_name=True)

    xtrabackup: XtraBackupSettings = Field(
        default_factory=XtraBackupSettings, description="Percona XtraBackup, for MySQL and Percona Server."
    )
    mariadb_backup: MariaDbBackupSettings = Field(
        default_factory=MariaDbBackupSettings, alias="mariadb-backup", description="mariadb-backup, for MariaDB."
    )
