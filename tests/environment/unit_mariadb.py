"""Debian's MariaDB as a systemd unit on a host of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.environment.sql_server import DEFAULT_PASSWORD, Login, SqlServer
from tests.environment.systemd_host import SystemdHost

UNIT: Final = "mariadb.service"
DATA_DIRECTORY: Final = "/var/lib/mysql"
_INITIALISE: Final = f"""
[ -d {DATA_DIRECTORY}/mysql ] && exit
chown mysql:mysql {DATA_DIRECTORY}
mariadb-install-db --user=mysql --datadir={DATA_DIRECTORY} --skip-test-db >/dev/null
systemctl restart {UNIT}
"""


@dataclass(kw_only=True, eq=False)
class UnitMariaDb(SqlServer):
    """The host's MariaDB, which takes root's password from everywhere once ``set_up`` has run."""

    host: SystemdHost
    root_password: str = DEFAULT_PASSWORD

    def login(self) -> Login:
        return Login(password=self.root_password, address=self.host.address)

    def is_running(self) -> bool:
        return self.host.systemctl("is-active", UNIT, check=False).strip() in {"active", "activating"}

    def server_log(self) -> str:
        return self.host.journal(UNIT)

    def set_up(self) -> None:
        """Give root a password, and let it in from outside; make an empty data directory a database first."""
        self.host.run(["sh", "-ec", _INITIALISE])
        password = self.root_password.replace("\\", "\\\\").replace("'", "''")
        statements = (
            f"ALTER USER root@localhost IDENTIFIED BY '{password}';"
            f"CREATE USER root@'%' IDENTIFIED BY '{password}'; GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
        )
        self.host.run(["mariadb"], text=statements)
        self.wait_until_ready()
