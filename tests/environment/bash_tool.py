"""Archives as the bash tool makes them: the same programs with the same arguments in the same order.

Its versions 1.0 and 1.1 write ``.tar.gz``, prepared when VERIFY_BACKUP is on; 1.2 writes ``.xbstream.gz``, never
prepared.
"""

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.environment.database_containers import DatabaseContainer, MariaDbContainer

Form = Literal["tar prepared", "tar unprepared", "xbstream"]
NAME = "octeth-backup-2025-01-15_02-00-00"


@dataclass(frozen=True, kw_only=True)
class BashTool:
    """The bash tool beside a server.

    Attributes:
        engine: XtraBackup on the host; for MariaDB its own program in the server's container.
        directory: Mounted into the container at the same path; holds archives and scratch space.
    """

    server: DatabaseContainer
    engine: str
    directory: Path

    def archive(self, form: Form) -> Path:
        """Make an archive with its checksum file, under the names that the bash tool gives."""
        where = self.directory / form.replace(" ", "-")
        where.mkdir()
        if form == "xbstream":
            path = where / f"{NAME}.xbstream.gz"
            stream = f"{self._backup_command(where)} --stream=xbstream --target-dir={where} 2>>{where}/log"
            self._run(f"set -o pipefail; {stream} | gzip -6 > {path}")
        else:
            path = where / f"{NAME}.tar.gz"
            self._run(f"{self._backup_command(where)} --target-dir={where}/{NAME} >>{where}/log 2>&1")
            if form == "tar prepared":
                self._run(f"{self.engine} --prepare --target-dir={where}/{NAME} >>{where}/log 2>&1")
            _shell(f"set -o pipefail; tar -cf - -C {where} {NAME} | pigz -6 > {path}")
        _shell(f"cd {where} && sha256sum {path.name} > {path.name}.sha256")
        return path

    def _backup_command(self, where: Path) -> str:
        login = self.server.login()
        host = "127.0.0.1" if isinstance(self.server, MariaDbContainer) else login.address
        words = [
            self.engine,
            "--backup",
            f"--datadir={self._data_directory()}",
            f"--host={host}",
            f"--port={login.port}",
            "--user=root",
            f"--password={login.password}",
            "--parallel=2",
        ]
        if not isinstance(self.server, MariaDbContainer):  # MYSQL_LOG_BIN
            data = self.server.data_directory
            words += [f"--log-bin={data}/binlog", f"--log-bin-index={data}/binlog.index"]
        return f"cd {where} && {shlex.join(words)}"

    def _data_directory(self) -> str:
        return "/var/lib/mysql" if isinstance(self.server, MariaDbContainer) else str(self.server.data_directory)

    def _run(self, script: str) -> None:
        """Run where the engine is: MariaDB's sees its server's files only inside the container."""
        if not isinstance(self.server, MariaDbContainer):
            _shell(script)
            return
        exit_code, output = self.server.run_inside("bash", "-c", script, user="root")
        if exit_code:
            raise RuntimeError(f"{script.split()[0]} ended with {exit_code}: {output}")


def _shell(script: str) -> None:
    finished = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(f"the bash tool's command ended with {finished.returncode}: {finished.stderr[-2000:]}")
