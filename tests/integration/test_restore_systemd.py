"""Restores of a server that is a unit of a real systemd: stopped, masked, started, and brought through reboots."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pymysql
import pytest

from tests.environment.audit_fault import Stop, stop_at, stoppable
from tests.environment.docker_engine import Mount
from tests.environment.gate import Gate
from tests.environment.restoring import SERVER_NAME, Bench, Contents
from tests.environment.systemd_host import SystemdHost
from tests.environment.unit_daemon import UnitDaemon
from tests.environment.unit_mariadb import DATA_DIRECTORY, UNIT, UnitMariaDb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALIAS = "mysql.service"
SOCKET = "mariadb.socket"
RENAME = "^ctypes[.]dlsym .* renameat2$"
IN_THE_SWAP = (" state=swapping$", "")
AFTER_THE_EXCHANGE = (" state=swapping$", RENAME, "^open ")
AMONG_THE_ENTRIES = (" state=swapping$", *(4 * [RENAME]))
FENCED = (" state=fencing$", " state=")
"""The server is masked and has stopped; nothing was changed."""
RESOLVED_SECONDS = 60
_MARKS = itertools.count(2)


@dataclass(frozen=True, kw_only=True)
class UnitBench(Bench):
    """A bench on a host of its own.

    Attributes:
        faults: Where the stops of the daemon are written.
        backup: Id of a backup that the server no longer is equal to.
        at_backup: What is in it.
    """

    host: SystemdHost
    daemon: UnitDaemon
    faults: Path
    backup: str
    at_backup: Contents

    def unit(self) -> tuple[str, str, str]:
        """Return what systemd says of the server: loaded or masked, active or not, enabled or not."""
        shown = self.host.shown(UNIT, "LoadState", "ActiveState", "UnitFileState")
        return shown["LoadState"], shown["ActiveState"], shown["UnitFileState"]

    def stopped_restore(self, patterns: tuple[str, ...]) -> Gate:
        """Begin a restore that waits at a gate, and return when it does."""
        gate = Gate(self.faults / f"gate-{time.monotonic_ns()}")
        stop_at(self.faults, [Stop(patterns=patterns, gate=gate)])
        begun = self.daemon.ctl("restore", self.backup, "--yes", "--detach")
        assert begun.exit_code == 0, begun.err
        gate.wait_until_reached(60)
        return gate

    def restores(self) -> list[dict[str, Any]]:
        return [run for run in self.daemon.runs() if run["operation"] in {"restore", "resolve"}]

    def wait_until_resolved(self) -> dict[str, Any]:
        """Return the newest journal as soon as no restore is open."""
        limit = time.monotonic() + RESOLVED_SECONDS
        while True:
            journals = self.journals()
            held = [run for run in self.daemon.runs() if run["status"] in {"queued", "running"}]
            if not held and not any(journal["is_open"] for journal in journals):
                self.server.wait_until_ready()
                return journals[0] if journals else {}
            assert time.monotonic() < limit, self.daemon.log()[-6000:]
            time.sleep(0.1)


@contextmanager
def unit_bench(directory: Path, *, unit: str, mounts: tuple[Mount, ...] = ()) -> Iterator[UnitBench]:
    with ExitStack() as stack:
        host = stack.enter_context(SystemdHost(mounts=(Mount(source=directory), *mounts)))
        server = UnitMariaDb(host=host)
        server.set_up()
        server.fill(2_000_000)
        password = directory / "root.password"
        password.write_text(server.root_password + "\n")
        password.chmod(0o600)
        daemon = UnitDaemon(
            host=host,
            directory=directory / "daemon",
            servers={SERVER_NAME: {"systemd_unit": unit, "password_file": password, "databases": ["oempro"]}},
            sections={"restore": {"flush_seconds": 2}},
            environment=stoppable(directory / "faults"),
        )
        daemon.start()
        before = Bench(server=server, daemon=daemon)
        backup, at_backup = before.back_up(), before.contents()
        before.change(1)
        yield UnitBench(
            server=server,
            daemon=daemon,
            host=host,
            faults=directory / "faults",
            backup=backup,
            at_backup=at_backup,
        )


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnitBench]:
    with unit_bench(tmp_path_factory.mktemp("host"), unit=UNIT) as bench:
        yield bench


@pytest.fixture
def bench(shared_bench: UnitBench) -> UnitBench:
    """Return the host of this module, its server holding something that is not in the backup, no restore held up."""
    stop_at(shared_bench.faults, [])
    shared_bench.change(next(_MARKS))
    return shared_bench


class Availability:
    """Asks the server each 20 ms, from outside; what it tells is the longest time without an answer."""

    def __init__(self, server: UnitMariaDb) -> None:
        self._server = server
        self._login = server.login()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.longest_gap_seconds = 0.0

    def __enter__(self) -> Availability:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        last = time.monotonic()
        while not self._over.wait(0.02):
            try:
                pymysql.connect(
                    host=self._login.address,
                    user="root",
                    password=self._login.password.encode(),
                    connect_timeout=1,
                    read_timeout=1,
                ).close()
            except (pymysql.err.Error, OSError):
                continue
            now = time.monotonic()
            self.longest_gap_seconds = max(self.longest_gap_seconds, now - last)
            last = now


def test_restore_and_undo_leave_the_unit_as_it_was(bench: UnitBench) -> None:
    before, unit = bench.contents(), bench.unit()
    assert isinstance(bench.server, UnitMariaDb)
    restart_began = time.monotonic()
    bench.host.systemctl("restart", UNIT)
    restart_seconds = time.monotonic() - restart_began

    with Availability(bench.server) as availability:
        bench.restore("latest")
        time.sleep(0.2)

    assert bench.contents() == bench.at_backup
    assert bench.unit() == unit == ("loaded", "active", "enabled")
    assert bench.host.shown(SOCKET, "ActiveState") == {"ActiveState": "active"}
    # Generous, for other tests run beside it; how long a restore takes the server down is measured by its benchmark.
    assert availability.longest_gap_seconds < restart_seconds + 10

    bench.undo()

    assert bench.contents() == before
    assert bench.unit() == unit


def test_rehearsal_runs_as_a_transient_unit_of_its_own(bench: UnitBench) -> None:
    bench.restore(bench.backup)

    [restored] = [run for run in bench.daemon.runs() if run["operation"] == "restore"][:1]
    unit = f"octeth-backupd-{restored['id']}-rehearsal-"
    said = [line for line in bench.host.journal().splitlines() if unit in line and "systemd[1]" in line]
    assert any("Started" in line for line in said), said
    assert any("Deactivated successfully" in line for line in said), said


def test_nothing_starts_the_server_while_its_directories_change_places(bench: UnitBench) -> None:
    gate = bench.stopped_restore(IN_THE_SWAP)

    by_hand = bench.host.run(["systemctl", "start", UNIT], check=False)
    with pytest.raises(pymysql.err.OperationalError):
        bench.server.connect()  # systemd listens for the server, and cannot start it
    fenced = bench.unit()
    gate.open()

    assert by_hand.returncode != 0
    assert "masked" in by_hand.stderr
    assert fenced == ("masked", "inactive", "masked")
    assert bench.wait_until_resolved()["state"] == "committed"
    assert bench.contents() == bench.at_backup
    assert bench.unit() == ("loaded", "active", "enabled")
    assert bench.host.shown(SOCKET, "ActiveState") == {"ActiveState": "active"}


def test_server_that_does_not_start_on_the_restored_data_has_the_old_again(bench: UnitBench) -> None:
    before = bench.contents()
    gate = bench.stopped_restore(IN_THE_SWAP)
    bench.host.run(["sh", "-ec", 'for file in /var/lib/.octeth-backupd-*/new/ibdata1; do echo x >"$file"; done'])

    gate.open()
    journal = bench.wait_until_resolved()

    assert journal["state"] == "rolled_back", journal
    assert bench.contents() == before
    assert bench.unit() == ("loaded", "active", "enabled")


@pytest.mark.parametrize(
    ("patterns", "unit_meanwhile"),
    [(FENCED, "inactive"), (AFTER_THE_EXCHANGE, "inactive")],
    ids=["fence", "swap"],
)
def test_killed_daemon_is_followed_by_one_that_puts_it_right(
    bench: UnitBench, patterns: tuple[str, ...], unit_meanwhile: str
) -> None:
    before = bench.contents()
    bench.stopped_restore(patterns)
    bench.daemon.kill()
    meanwhile = bench.unit()

    bench.daemon.start()
    bench.wait_until_resolved()

    assert meanwhile == ("masked", unit_meanwhile, "masked")
    assert bench.contents() == before
    assert bench.unit() == ("loaded", "active", "enabled")


def test_shutdown_in_the_middle_of_a_swap_ends_on_one_complete_data_set(bench: UnitBench) -> None:
    before = bench.contents()
    gate = bench.stopped_restore(AFTER_THE_EXCHANGE)
    opening = threading.Timer(0.5, gate.open)
    opening.start()

    bench.host.reboot()
    opening.join()
    bench.daemon.wait_until_ready()
    bench.wait_until_resolved()

    assert bench.contents() in (before, bench.at_backup)
    assert bench.unit() == ("loaded", "active", "enabled")


def test_power_lost_in_the_middle_of_a_swap_by_entries_does_not_start_the_server_on_half_of_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    mount = Mount(source=data, target=DATA_DIRECTORY)
    with unit_bench(tmp_path, unit=ALIAS, mounts=(mount,)) as bench:
        before = bench.contents()
        bench.stopped_restore(AMONG_THE_ENTRIES)
        bench.host.systemctl("disable", "--quiet", "octeth-backupd.service")

        bench.host.lose_power()
        bench.host.start()
        at_boot = bench.unit()
        starts = bench.host.journal(UNIT).count("Started mariadb.service")
        bench.daemon.start()
        bench.wait_until_resolved()

        assert at_boot == ("masked", "inactive", "masked")
        assert bench.host.journal(UNIT).count("Started mariadb.service") == starts + 1
        assert bench.contents() == before
        assert bench.unit() == ("loaded", "active", "enabled")
        assert bench.host.shown(SOCKET, "ActiveState") == {"ActiveState": "active"}


@pytest.mark.parametrize(
    ("socket", "refusal"), [("", "not_in_unit"), ("--socket=/run/mysqld/other.sock", "another process holds")]
)
def test_server_that_runs_beside_its_unit_is_not_exchanged_under(bench: UnitBench, socket: str, refusal: str) -> None:
    """Nobody told systemd: its unit is stopped, and the same program runs on the same directory, seen or unseen."""
    before = bench.contents()
    bench.host.systemctl("stop", SOCKET, UNIT)
    program = ["mariadbd", "--skip-networking", *([socket] if socket else [])]
    bench.host.run(["systemd-run", "--unit=by-hand", "--property=User=mysql", *program])
    try:
        bench.host.run(["sh", "-c", f"until mariadb-admin {socket} ping 2>/dev/null; do sleep 0.1; done"])
        refused = bench.restore(bench.backup, check=False)
    finally:
        bench.host.systemctl("stop", "by-hand.service")
        bench.host.systemctl("start", SOCKET, UNIT)
        bench.server.wait_until_ready()

    assert refused.exit_code != 0
    assert refusal in refused.err, refused.err
    assert bench.contents() == before
