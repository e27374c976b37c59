"""Debian's MySQL 9 as a systemd unit on a host of its own, and the stand-in for XtraBackup beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.environment.sql_server import DEFAULT_PASSWORD, Login, SqlServer
from tests.environment.systemd_host import SystemdHost
from tests.standins.standin_settings import StandinSettings

UNIT: Final = "mysql.service"
STANDIN_PROGRAM: Final = "/usr/local/lib/standin/xtrabackup"
_TESTS: Final = Path(__file__).resolve().parent.parent
_PYTHON: Final = "/opt/octeth-backupd/bin/python"
_LET_ROOT_IN: Final = """
import pymysql, sys
password = sys.stdin.read().encode()
with pymysql.connect(unix_socket="/run/mysqld/mysqld.sock", user="root") as connection, connection.cursor() as cursor:
    quoted = connection.escape(password.decode())
    cursor.execute(f"CREATE USER root@'%' IDENTIFIED BY {quoted}")
    cursor.execute("GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION")
    cursor.execute(f"ALTER USER root@localhost IDENTIFIED BY {quoted}")
"""


@dataclass(kw_only=True, eq=False)
class UnitMySql(SqlServer):
    """The host's MySQL, which takes root's password from everywhere once ``set_up`` has run."""

    host: SystemdHost
    root_password: str = DEFAULT_PASSWORD

    def login(self) -> Login:
        return Login(password=self.root_password, address=self.host.address)

    def is_running(self) -> bool:
        return self.host.systemctl("is-active", UNIT, check=False).strip() in {"active", "activating"}

    def server_log(self) -> str:
        return self.host.journal(UNIT)

    def gtid_executed(self) -> str:
        """Return the GTIDs that the server claims."""
        return str(self.scalar("SELECT @@GLOBAL.gtid_executed")).replace("\n", "")

    def set_up(self) -> None:
        """Make a database, start the unit, give root a password, and let it in from outside.

        The package must be installed: its Python knows how to talk to the server.
        """
        self.host.run(["sh", "-ec", "chown mysql:mysql /var/lib/mysql; mysqld --initialize-insecure --user=mysql"])
        self.host.systemctl("enable", "--quiet", "--now", UNIT)
        self.host.run([_PYTHON, "-c", _LET_ROOT_IN], text=self.root_password)
        self.wait_until_ready()


def install_standin_here(host: SystemdHost) -> None:
    """Install the stand-in on a host whose server is not in a container; its Python is the package's."""
    directory = Path(STANDIN_PROGRAM).parent
    for source in sorted((_TESTS / "standins").iterdir()):
        if source.is_file():
            host.copy_in(source, f"{directory}/tests/standins")
    host.copy_in(_TESTS / "__init__.py", f"{directory}/tests")
    found = re.search(r"Ver ([0-9.]+)", host.run(["mysqld", "--version"]).stdout)
    assert found is not None
    settings = StandinSettings(version=f"{found[1]}-1", image="")
    exports = "".join(f"export {name}='{value}'\n" for name, value in settings.as_environment().items())
    program = f"{directory}/tests/standins/xtrabackup"
    host.write(STANDIN_PROGRAM, f'#!/bin/sh\n{exports}exec {_PYTHON} {program} "$@"\n', mode=0o755)
