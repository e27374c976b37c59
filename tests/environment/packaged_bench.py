"""A host with the installed package, a MariaDB unit and a backup of it: what tests of the shipped unit begin with."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.environment.audit_fault import Stop, stop_at, stoppable
from tests.environment.built_package import built_package
from tests.environment.docker_engine import Mount
from tests.environment.gate import Gate
from tests.environment.packaged_daemon import BACKUP_DIRECTORY, CONFIGURATION, UNIT, PackagedDaemon
from tests.environment.systemd_host import SystemdHost
from tests.environment.unit_mariadb import UNIT as SERVER_UNIT
from tests.environment.unit_mariadb import UnitMariaDb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

PASSWORD_FILE: Final = "/etc/octeth-backupd/oempro.password"
CONFIG: Final = f"""\
[servers.oempro]
systemd_unit = "{SERVER_UNIT}"
password_file = "{PASSWORD_FILE}"
databases = ["oempro"]

[backup]
space_margin = "16 MiB"
min_free = "16 MiB"
max_disk_usage_percent = 99

[schedules]
daily = "{{daily}}"
weekly = "{{weekly}}"
monthly = ""
retention = ""
timezone = "UTC"

[restore]
flush_seconds = 2
max_safety_copies = 1
"""
_RESTORES: Final = frozenset({"restore", "undo", "resolve"})
_KNOWN_EARLIER: Final = """
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.process.clock import SystemClock
catalog = Catalog.open(Path("/var/lib/octeth-backupd/catalog.sqlite"), clock=SystemClock())
state = catalog.schedule_state("oempro", "daily")
catalog.save_schedule_state(replace(state, known_since=datetime.fromisoformat(sys.argv[1])))
catalog.close()
"""
_PYTHON: Final = "/opt/octeth-backupd/bin/python"
_LEFT_PROGRAMS: Final = "mariadb-backup --|octeth-backupd-.*-rehearsal"
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class PackagedBench:
    """The daemon as its package installs it, whose restores may be held on their way.

    Attributes:
        faults: Where the stops of the daemon are written; seen by the daemon in its sandbox.
        seen: Runs that are not shown any more.
    """

    host: SystemdHost
    server: UnitMariaDb
    daemon: PackagedDaemon
    faults: Path
    seen: set[str] = field(default_factory=set)

    def look_afresh(self) -> None:
        """Forget all runs until now."""
        self.wait_until_idle()
        self.seen.update(run["id"] for run in self.daemon.told("runs")["runs"])

    def configure(self, *, daily: str = "", weekly: str = "") -> None:
        """Write a good configuration with these schedules only."""
        self.host.write(CONFIGURATION, CONFIG.format(daily=daily, weekly=weekly), mode=0o640)

    def back_up(self) -> str:
        """Take a backup and return its id."""
        done = self.daemon.ctl("backup", check=False)
        assert done.returncode == 0, done.stdout + done.stderr + self.host.journal(UNIT)[-4000:]
        return str(self.daemon.told("list")["backups"][0]["id"])

    def make_due(self, since: datetime) -> None:
        """Let the stopped daemon believe that it knew its daily schedule since then, and was off all the time."""
        self.host.run([_PYTHON, "-c", _KNOWN_EARLIER, since.isoformat()])

    @contextmanager
    def held_engine(self) -> Iterator[None]:
        """Let every engine wait for the server's backup lock within a block."""
        with closing(self.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("BACKUP STAGE START")
            yield

    def wait_for_engine(self) -> None:
        """Return when the engine of a backup runs."""
        self._wait(lambda: self.processes("mariadb-backup --backup|mariadb-backup --defaults") != "", "an engine runs")

    def wait_for_runs(self, *statuses: str, operation: str = "backup") -> list[dict[str, Any]]:
        """Return the runs of an operation, oldest first, when they are in these states."""
        self._wait(lambda: self._statuses(operation) == list(statuses), f"{operation} runs are {statuses}")
        return self.runs(operation)

    def wait_until_idle(self) -> None:
        """Return when no run is queued or running."""
        active = {"queued", "running"}
        self._wait(lambda: not [run for run in self.daemon.told("runs")["runs"] if run["status"] in active], "idle")

    def runs(self, *operations: str) -> list[dict[str, Any]]:
        """Return the runs of operations since the last ``look_afresh``, oldest first."""
        newest_first = [run for run in self.daemon.told("runs")["runs"] if run["id"] not in self.seen]
        return [run for run in reversed(newest_first) if run["operation"] in operations]

    def held_restore(self, backup: str, patterns: tuple[str, ...]) -> Gate:
        """Begin a restore that waits at a gate, and return when it does."""
        gate = Gate(self.faults / f"gate-{time.monotonic_ns()}")
        stop_at(self.faults, [Stop(patterns=patterns, gate=gate)])
        self.daemon.ctl("restore", backup, "--yes", "--detach")
        gate.wait_until_reached(120)
        return gate

    def wait_until_resolved(self) -> dict[str, Any]:
        """Return the newest journal of a restore as soon as none is open and nothing runs."""

        def is_resolved() -> bool:
            held = [run for run in self.runs(*_RESTORES) if run["status"] in {"queued", "running"}]
            return not held and not any(journal["is_open"] for journal in self.journals())

        self._wait(is_resolved, "no restore is open")
        self.server.wait_until_ready()
        return self.journals()[0]

    def journals(self) -> list[dict[str, Any]]:
        """Return what the daemon's journals of restores hold, newest first."""
        script = 'for file in /var/lib/octeth-backupd/restores/*.json; do cat "$file"; echo; printf "\\0"; done'
        texts = self.host.run(["sh", "-c", script]).stdout.split("\0")
        found = [json.loads(text) for text in texts if text.strip()]
        for journal in found:
            journal["is_open"] = journal["state"] not in {"committed", "aborted", "rolled_back"}
        return sorted(found, key=lambda journal: str(journal["restore_id"]), reverse=True)

    def unit(self) -> tuple[str, str, str]:
        """Return what systemd says of the server: loaded or masked, active or not, enabled or not."""
        shown = self.host.shown(SERVER_UNIT, "LoadState", "ActiveState", "UnitFileState")
        return shown["LoadState"], shown["ActiveState"], shown["UnitFileState"]

    def processes(self, pattern: str) -> str:
        """Return the processes whose command line has a pattern."""
        return self.host.run(["pgrep", "-fa", "--", pattern], check=False).stdout

    def leftovers(self) -> str:
        """Return what should not be there while nothing runs: programs, workspaces, option files, strange rooms."""
        known = {swap["room"] for j in self.journals() if not j["removed_at"] for swap in j["swaps"]}
        listed = self.host.run(
            ["sh", "-c", f"ls -A {BACKUP_DIRECTORY}/.workspace /run/octeth-backupd/options 2>/dev/null | grep -v : "],
            check=False,
        ).stdout.strip()
        rooms = self.host.run(["sh", "-c", "ls -d /var/lib/.octeth-backupd-* 2>/dev/null"], check=False).stdout.split()
        strange = " ".join(room for room in rooms if room not in known)
        transient = self.host.systemctl("list-units", "--plain", "--no-legend", "octeth-backupd-*-rehearsal-*").strip()
        return "\n".join(filter(None, [self.processes(_LEFT_PROGRAMS), listed, strange, transient]))

    def _statuses(self, operation: str) -> list[str]:
        return [run["status"] for run in self.runs(operation)]

    def _wait(self, condition: Any, what: str, timeout_seconds: float = 120) -> None:
        limit = time.monotonic() + timeout_seconds
        while not condition():
            assert time.monotonic() < limit, f"not so: {what}: {self.host.journal(UNIT)[-6000:]}"
            time.sleep(_POLL_SECONDS)


@contextmanager
def packaged_bench() -> Iterator[PackagedBench]:
    """Install the package on a host of its own, beside a server with some data; the daemon is not started."""
    # Not beneath /tmp: the unit is given one of its own.
    directory = Path(tempfile.mkdtemp(prefix="octeth-backupd-test-", dir="/srv"))
    try:
        with SystemdHost(mounts=(Mount(source=directory),)) as host:
            server = UnitMariaDb(host=host)
            server.set_up()
            server.fill(2_000_000)
            daemon = PackagedDaemon(host=host)
            daemon.install(built_package())
            host.write(PASSWORD_FILE, server.root_password + "\n", mode=0o600)
            bench = PackagedBench(host=host, server=server, daemon=daemon, faults=directory)
            bench.configure()
            variables = " ".join(f'"{name}={value}"' for name, value in stoppable(directory).items())
            daemon.drop_in("bench", f"[Service]\nReadWritePaths=/var/lib {directory}\nEnvironment={variables}\n")
            yield bench
    finally:
        shutil.rmtree(directory)
