"""Setup on a host with real servers in containers: what it finds, asks, makes and writes, and that it works."""

from __future__ import annotations

import shutil
import stat
import threading
import tomllib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.environment.availability import require_mysql_image
from tests.environment.database_containers import MariaDbContainer, MySqlContainer, unique_name
from tests.environment.setup_host import Conversation, SetupHost
from tests.environment.sql_server import DEFAULT_PASSWORD
from tests.environment.standin import install_standin

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "octeth-backup"
ROOT_PASSWORD = f"of setup {DEFAULT_PASSWORD}"
"""Looked for in all processes of the machine, where other tests show the usual one."""


@pytest.fixture
def host(tmp_path: Path) -> SetupHost:
    return SetupHost(directory=tmp_path / "host")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MariaDbContainer]:
    with MariaDbContainer(
        data_directory=tmp_path / "mysql" / "data", name=unique_name("oempro_mysql"), root_password=ROOT_PASSWORD
    ) as running:
        running.fill(1_000_000)
        yield running


@contextmanager
def watched_processes() -> Iterator[set[str]]:
    """Yield the arguments and environments of all processes that are seen while the block lasts."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    with suppress(OSError):
                        seen.add((path / name).read_bytes().decode(errors="replace"))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_least_privilege_account_is_made_backs_up_and_lets_a_restore_read_rows(
    host: SetupHost, server: MariaDbContainer
) -> None:
    with watched_processes() as seen:
        done = host.set_up(
        "--container", server.name, "--server", "oempro", "--create-user", "--admin-password-file", "-",
        "--databases", "oempro", "--directory", host.backups,
        text=server.root_password + "\n",
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    password = (host.etc / "oempro.password").read_text().strip()
    for secret in (password, server.root_password):
        assert secret not in done.stdout + done.stderr
        assert not [line for line in seen if secret in line and "MYSQL_ROOT_PASSWORD" not in line]
    assert [line for line in seen if "octeth-backupd setup" in line.replace("\0", " ")]
    assert (_mode(host.config), _mode(host.etc / "oempro.password"), _mode(host.backups)) == (0o640, 0o600, 0o700)
    [drop_in] = (host.units / "octeth-backupd.service.d").iterdir()
    assert f"ReadWritePaths=-{server.data_directory.parent}\n" in drop_in.read_text()
    assert f"ReadWritePaths=-{host.backups}\n" in drop_in.read_text()
    assert "daemon-reload" in host.calls.read_text()
    assert done.stdout.count("Next due:") == 1
    with host.daemon() as daemon:
        backup = daemon.backup("--json")
        assert backup.exit_code == 0, backup.err + daemon.log()[-4000:]
        before = server.checksum_tables()
        server.sql("DROP TABLE oempro.subscribers_1")
        restored = daemon.ctl("restore", "latest", "--yes", timeout_seconds=300)
        assert restored.exit_code == 0, restored.out + restored.err + daemon.log()[-6000:]
        assert "lacks the privilege" not in daemon.log()
    server.wait_until_ready()
    assert server.checksum_tables() == before


def test_mysql_account_has_what_the_preflight_and_the_engine_need(tmp_path: Path) -> None:
    require_mysql_image()
    install_standin(tmp_path / "bin")
    host = SetupHost(directory=tmp_path / "host", path_first=(tmp_path / "bin",))
    admin = tmp_path / "admin.password"
    (tmp_path / "mysql").mkdir()
    with MySqlContainer(data_directory=tmp_path / "mysql" / "data", name=unique_name("my_db")) as server:
        server.fill(1_000_000, database="my_data")
        server.sql("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")  # for the stand-in, which has CLONE make the backup
        admin.write_text(server.root_password + "\n")

        done = host.set_up(
            "--container", server.name, "--server", "main", "--create-user", "--admin-password-file", admin,
            "--directory", host.backups,
        )  # fmt: skip

        assert done.returncode == 0, done.stdout + done.stderr
        assert "ok      grants: octeth-backup@% has the 8 privileges" in done.stdout
        assert "GRANT SELECT ON `my\\_data`.* TO 'octeth-backup'@'%';" in done.stdout
        assert tomllib.loads(host.config.read_text())["servers"]["main"]["databases"] == ["my_data"]
        with host.daemon() as daemon:
            backup = daemon.backup("--json")
            assert backup.exit_code == 0, backup.err + daemon.log()[-4000:]


def test_conversation_asks_again_after_a_wrong_password_and_writes_after_a_yes(
    host: SetupHost, server: MariaDbContainer
) -> None:
    talk = Conversation(host, "--container", server.name, "--directory", host.backups)
    talk.wait_for("Its name here")
    talk.type("oempro")
    talk.wait_for("Create an account for the backups")
    talk.type("n")
    talk.wait_for("Account that backs up [root]")
    talk.type("")
    talk.wait_for("Password of root (not shown)")
    talk.type("wrong")
    talk.wait_for("refused user 'root'")
    talk.wait_for("Password of root again")
    talk.type(server.root_password)
    talk.wait_for("Databases that tests of a backup read")
    talk.type("oempr")
    talk.wait_for("the server has no database oempr")
    talk.type("")
    talk.wait_for("Do it? [Y/n]")
    assert not host.config.exists()
    talk.type("y")
    talk.wait_for("Start the daemon")
    talk.type("n")

    assert talk.end() == 0, talk.shown
    assert server.root_password not in talk.shown
    assert (host.etc / "oempro.password").read_text() == server.root_password + "\n"
    assert tomllib.loads(host.config.read_text())["servers"]["oempro"]["databases"] == ["oempro"]


def test_ctrl_c_leaves_nothing(host: SetupHost, server: MariaDbContainer) -> None:
    talk = Conversation(
        host, "--container", server.name, "--server", "oempro", "--create-user", "--directory", host.backups
    )
    talk.wait_for("Account that may create accounts [root]")
    talk.type("")
    talk.wait_for("Password of root (not shown)")
    talk.type(server.root_password)
    talk.wait_for("Databases that tests")
    talk.type("")
    talk.wait_for("Do it?")
    talk.press(b"\x03")

    assert talk.end() == 130, talk.shown
    assert "nothing is half done" in talk.shown
    assert not host.etc.exists()
    assert not host.backups.exists()
    assert server.scalar(f"SELECT COUNT(*) FROM mysql.user WHERE User = '{USER}'") == 0


def test_what_cannot_be_written_takes_the_account_away_again(host: SetupHost, server: MariaDbContainer) -> None:
    (host.units / "octeth-backupd.service.d").write_text("a file, not a directory")

    done = host.set_up(
        "--container", server.name, "--server", "oempro", "--create-user", "--admin-password-file", "-",
        "--directory", host.backups,
        text=server.root_password + "\n",
    )  # fmt: skip

    assert done.returncode == 1, done.stdout
    assert "octeth-backupd.service.d" in done.stderr
    assert server.scalar(f"SELECT COUNT(*) FROM mysql.user WHERE User = '{USER}'") == 0
    assert not host.etc.exists()
    assert not host.backups.exists()


def test_second_server_is_added_and_a_configuration_in_use_is_not_replaced(
    host: SetupHost, server: MariaDbContainer
) -> None:
    password = host.directory / "root.password"
    password.write_text(server.root_password + "\n")
    login = ("--user", "root", "--password-file", password)
    first = host.set_up("--container", server.name, *login, "--server", "one", "--directory", host.backups)
    assert first.returncode == 0, first.stdout + first.stderr
    before = host.config.read_text()

    refused = host.set_up("--address", server.address, *login)
    looked = host.set_up("--address", server.address, *login, "--server", "two", "--add", "--dry-run")
    assert (refused.returncode, looked.returncode) == (78, 0), refused.stderr + looked.stderr
    assert "Nothing was changed." in looked.stdout
    assert host.config.read_text() == before
    added = host.set_up("--address", server.address, *login, "--server", "two", "--add")

    # It is written, and a check fails: the files of a server that is known by its address only are not seen from here.
    assert added.returncode == 8, added.stdout + added.stderr
    assert "  FAILED  " in added.stdout
    assert host.config.read_text().startswith(before)
    assert set(tomllib.loads(host.config.read_text())["servers"]) == {"one", "two"}
    [copy] = host.etc.glob("config.toml.*.before")
    assert copy.read_text() == before


def test_password_is_in_no_binary_log_of_mariadb_and_an_old_one_comes_back_after_a_failure(
    host: SetupHost, tmp_path: Path
) -> None:
    data = tmp_path / "mysql" / "data"
    with MariaDbContainer(data_directory=data, name=unique_name("oempro_mysql"), binlog=True) as server:
        making = (
            "--container", server.name, "--server", "oempro", "--create-user", "--admin-password-file", "-",
            "--directory", host.backups,
        )  # fmt: skip
        made = host.set_up(*making, text=server.root_password + "\n")
        password = (host.etc / "oempro.password").read_text().strip()
        hashed = server.scalar(f"SELECT authentication_string FROM mysql.user WHERE User = '{USER}'")
        shutil.rmtree(host.units / "octeth-backupd.service.d")
        (host.units / "octeth-backupd.service.d").write_text("a file, not a directory")

        failed = host.set_up(*making, "--force", text=server.root_password + "\n")

        assert "Done, all of it." in made.stdout, made.stdout + made.stderr
        assert failed.returncode == 1, failed.stdout + failed.stderr
        assert "which is there, a new random password" in failed.stdout
        assert (host.etc / "oempro.password").read_text().strip() == password
        assert server.scalar(f"SELECT authentication_string FROM mysql.user WHERE User = '{USER}'") == hashed
        logs = b"".join(path.read_bytes() for path in data.glob("binlog.0*"))
        assert logs.count(str(hashed).encode()) == 2
        assert password.encode() not in logs
