"""A secret that is planted as password is found nowhere but in its own file and a live engine's option file."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.environment.backup_lock import backup_lock
from tests.environment.daemon import Daemon
from tests.environment.database_containers import MariaDbContainer, unique_name
from tests.environment.docker_engine import shared_engine
from tests.environment.gate import Gate, install_gated_program
from tests.environment.leftovers import sidecars
from tests.environment.plain_mariadb import BACKUP_PROGRAM, PlainMariaDb
from tests.faults.conftest import programs_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from tests.environment.sql_server import SqlServer

GRANTS = "RELOAD, PROCESS, BINLOG MONITOR"
COMMANDS = (
    ("status", "--json"),
    ("list", "--json"),
    ("show", "latest"),
    ("show", "latest", "--json"),
    ("runs",),
    ("runs", "--json"),
    ("doctor", "--json"),
    ("config", "show"),
    ("config", "show", "--json"),
    ("verify", "latest"),
)


class ProcessWatch:
    """Reads arguments and environment of every process on the machine, again and again, and looks for a secret.

    Attributes:
        rounds: How often it went through all processes.
        found: Where the secret was.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.rounds = 0
        self.found: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            with os.scandir("/proc") as processes:
                for process in processes:
                    if process.name.isdigit():
                        self._look(process.path)
            self.rounds += 1
            time.sleep(0.005)

    def _look(self, process: str) -> None:
        for kind in ("cmdline", "environ"):
            try:
                descriptor = os.open(f"{process}/{kind}", os.O_RDONLY)
            except OSError:
                continue
            try:
                data = os.read(descriptor, 1 << 17)
            except OSError:
                continue
            finally:
                os.close(descriptor)
            if self._secret in data:
                name = "a process that has ended since"
                with suppress(OSError):
                    name = Path(process, "comm").read_text().strip()
                self.found.add(f"{kind} of {name}")


def test_the_watch_over_processes_finds_a_secret_in_arguments_and_in_the_environment() -> None:
    secret = new_secret()
    with ProcessWatch(secret.encode()) as watch:
        subprocess.run(["sleep", "2"], env={**os.environ, "PASSWORD": secret}, check=True)
        subprocess.run(["sh", "-c", "sleep 2; :", secret], check=True)

    assert any(found.startswith("environ of") for found in watch.found)
    assert any(found.startswith("cmdline of") for found in watch.found)


def test_a_canary_is_in_no_process_file_or_answer_of_a_backup_on_the_host(tmp_path: Path) -> None:
    secret = new_secret()
    with PlainMariaDb(directory=tmp_path / "server", binlog=True) as server:
        make_account(server, "localhost", secret)
        daemon = make_daemon(tmp_path, secret, {"socket": str(server.socket)})
        gate = Gate(tmp_path / "gate")
        install_gated_program(
            programs_of(daemon) / "mariadb-backup", BACKUP_PROGRAM, argument="--backup", gate=gate, when="after"
        )
        with ProcessWatch(secret.encode()) as watch, daemon:
            run_id = daemon.ctl("backup", "--detach", "--json").json["run"]["id"]
            gate.wait_until_reached()
            assert_only_in_the_option_file(daemon, secret)
            gate.open()
            assert daemon.wait_for("run.finished", run_id=run_id)["status"] == "success"
            assert_nowhere(daemon, server, secret)

    assert watch.rounds > 20
    assert watch.found == set()


def test_a_canary_is_in_no_process_file_or_answer_of_a_backup_by_a_sidecar(tmp_path: Path) -> None:
    secret, name = new_secret(), unique_name("canary")
    with MariaDbContainer(data_directory=tmp_path / "data", name=name) as server:
        make_account(server, "%", secret)
        daemon = make_daemon(tmp_path, secret, {"container": name})
        with ProcessWatch(secret.encode()) as watch, daemon:
            with backup_lock(server) as wait_until_engine_waits:
                run_id = daemon.ctl("backup", "--detach", "--json").json["run"]["id"]
                wait_until_engine_waits(daemon)
                assert_only_in_the_option_file(daemon, secret)
                [sidecar] = sidecars(daemon)
                assert secret not in json.dumps(shared_engine().client.api.inspect_container(sidecar))
            assert daemon.wait_for("run.finished", run_id=run_id)["status"] == "success"
            assert_nowhere(daemon, server, secret)

    assert watch.rounds > 20
    assert watch.found == set()


def assert_only_in_the_option_file(daemon: Daemon, secret: str) -> None:
    """Assert that, while an engine runs, one file beneath the daemon's directory holds the secret, well protected."""
    [options] = files_with(daemon.directory, secret)
    assert options.parent == daemon.runtime_directory / "options"
    assert options.stat().st_mode & 0o777 == 0o600
    assert options.parent.stat().st_mode & 0o777 == 0o700


def assert_nowhere(daemon: Daemon, server: SqlServer, secret: str) -> None:
    """Assert that no file and no answer holds the secret or its hash, after a good backup and after refused logins."""
    server.sql(f"ALTER USER canary@{account_host(server)} IDENTIFIED BY 'another one'")
    assert daemon.backup().exit_code == 1
    assert "refused user 'canary'" in daemon.runs()[0]["error"]
    answers = [daemon.ctl(*command) for command in COMMANDS]

    assert all(secret not in answer.out + answer.err for answer in answers)
    assert all(password_hash(secret) not in answer.out + answer.err for answer in answers)
    assert not list(daemon.runtime_directory.rglob("*.cnf"))
    assert daemon.stop() == 0
    assert list(files_with(daemon.directory, secret)) == []
    assert list(files_with(daemon.directory, password_hash(secret))) == []
    [archive] = daemon.backup_directory.rglob("*.tar.zst")
    unpacked = subprocess.run(["zstd", "-dc", archive], check=True, capture_output=True).stdout
    assert secret.encode() not in unpacked
    assert password_hash(secret).encode() in unpacked, "the account is in the backup: this is how its hash looks"


def files_with(directory: Path, text: str) -> Iterator[Path]:
    """Yield the files that hold a text, sockets left out."""
    for path in directory.rglob("*"):
        if path.is_file() and text.encode() in path.read_bytes():
            yield path


def make_daemon(tmp_path: Path, secret: str, server: dict[str, Any]) -> Daemon:
    """Return a daemon that logs everything; the file with the secret lies outside of its directory."""
    password = tmp_path / "secret" / "password"
    password.parent.mkdir()
    password.write_text(secret + "\n")
    password.chmod(0o600)
    return Daemon(
        directory=tmp_path / "daemon",
        servers={"oempro": {**server, "user": "canary", "password_file": str(password)}},
        path_first=[tmp_path / "bin"],
    )


def make_account(server: SqlServer, host: str, secret: str) -> None:
    server.create_ledger()
    server.sql(f"CREATE USER canary@'{host}' IDENTIFIED BY '{secret}'")
    server.sql(f"GRANT {GRANTS} ON *.* TO canary@'{host}'")


def account_host(server: SqlServer) -> str:
    return str(server.scalar("SELECT CONCAT('\\'', host, '\\'') FROM mysql.user WHERE user = 'canary'"))


def new_secret() -> str:
    return f"canary-{secrets.token_hex(12)}"


def password_hash(secret: str) -> str:
    """Return how the server stores a password of mysql_native_password."""
    inner = hashlib.sha1(secret.encode()).digest()
    return "*" + hashlib.sha1(inner).hexdigest().upper()
