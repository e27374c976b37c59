"""The bash tool as an operator has it: configuration, crontab, and the archives it made of a server."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.environment.bash_tool import NAME, BashTool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.environment.bash_tool import Form
    from tests.environment.database_containers import DatabaseContainer

CRONTAB = """\
# edited by hand
0 5 * * * /opt/octeth-backup-tools/bin/octeth-backup.sh >> /var/log/octeth-backup.log 2>&1
30 2 * * * /opt/octeth-backup-tools/bin/octeth-cleanup.sh >> /var/log/octeth-backup.log 2>&1
0 3 * * * /opt/octeth-backup-tools/bin/octeth-ch-backup.sh >> /var/log/octeth-ch-backup.log 2>&1
"""
CONF = """\
BACKUP_PREFIX="octeth-backup"
DATE_FORMAT="%Y-%m-%d_%H-%M-%S"
DAILY_DIR="${BACKUP_DIR}/daily"
MIN_FREE_SPACE_GB=10
WEEKLY_DAY=0
MONTHLY_DAY=1
"""


@dataclass(frozen=True, kw_only=True)
class BashInstallation:
    """The tool in a directory, with a server to back up.

    Attributes:
        directory: Holds everything; ``archives`` in it is mounted into the server's container at the same path.
    """

    server: DatabaseContainer
    directory: Path

    @property
    def tool(self) -> Path:
        """Where it is installed."""
        return self.directory / "octeth-backup-tools"

    @property
    def backups(self) -> Path:
        """Its BACKUP_DIR."""
        return self.directory / "backups"

    def install(self, **variables: Any) -> None:
        """Write its configuration as its wizard does: readable by all."""
        values = {
            "MYSQL_HOST": self.server.name,
            "MYSQL_ROOT_PASSWORD": shlex.quote(self.server.root_password),
            "MYSQL_DATABASE": "oempro",
            "MYSQL_DATA_DIR": self.server.data_directory,
            "BACKUP_DIR": self.backups,
            "TEMP_DIR": "${BACKUP_DIR}/tmp",
            "CLOUD_STORAGE_PROVIDER": "none",
            "RETENTION_DAILY": 14,
            "CH_HOST": "oempro_clickhouse",
            **variables,
        }
        config = self.tool / "config"
        config.mkdir(parents=True)
        (config / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        (config / "backup.conf").write_text(CONF)
        self.backups.mkdir(exist_ok=True)

    def archive(self, form: Form, key: str, *, checksum: bool = True) -> Path:
        """Let the tool make an archive and leave it where it would, under a name of the test's choosing.

        Args:
            form: Of the archive.
            key: ``<tier>/<time>``.
            checksum: Write the checksum file, too.
        """
        made = BashTool(server=self.server, engine="mariadb-backup", directory=self.directory / "archives").archive(
            form
        )
        tier, time = key.split("/")
        path = self.backups / tier / made.name.replace(NAME, f"octeth-backup-{time}")
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", made, path], check=True)
        path.chmod(0o644)
        if checksum:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")
        return path
