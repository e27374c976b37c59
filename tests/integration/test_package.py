"""The Debian package on a host of its own: installed, run by the shipped unit in its sandbox, upgraded, removed."""

from __future__ import annotations

import re
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.built_package import built_package
from tests.environment.packaged_daemon import BACKUP_DIRECTORY, CONFIGURATION, UNIT, PackagedDaemon
from tests.environment.systemd_host import SystemdHost
from tests.environment.unit_mariadb import UnitMariaDb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The package may have to be built, on a machine that does other things as well.
pytestmark = pytest.mark.timeout(900)

PASSWORD_FILE = "/etc/octeth-backupd/oempro.password"
CONFIG = f"""\
[servers.oempro]
systemd_unit = "mariadb.service"
password_file = "{PASSWORD_FILE}"
databases = ["oempro"]

[backup]
space_margin = "16 MiB"
min_free = "16 MiB"
max_disk_usage_percent = 99

[schedules]
daily = ""
weekly = ""
monthly = ""
retention = ""
timezone = "Europe/Berlin"

[restore]
flush_seconds = 2
"""
MISSPELT = CONFIG.replace("flush_seconds", "flush_secnds")
MOST_EXPOSURE = 2.5
START_SECONDS = 5


@pytest.fixture(scope="module")
def package() -> Path:
    return built_package()


@pytest.fixture(scope="module")
def shared_daemon(package: Path) -> Iterator[PackagedDaemon]:
    with SystemdHost() as host:
        server = UnitMariaDb(host=host)
        server.set_up()
        server.fill(2_000_000)
        daemon = PackagedDaemon(host=host)
        daemon.install(package)
        host.write(PASSWORD_FILE, server.root_password + "\n", mode=0o600)
        daemon.drop_in("server", "[Service]\nReadWritePaths=/var/lib\n")
        yield daemon


@pytest.fixture
def daemon(shared_daemon: PackagedDaemon) -> PackagedDaemon:
    """Return the installed daemon, running with a good configuration."""
    shared_daemon.host.write(CONFIGURATION, CONFIG, mode=0o640)
    shared_daemon.host.systemctl("restart", UNIT)
    return shared_daemon


@pytest.fixture
def server(daemon: PackagedDaemon) -> UnitMariaDb:
    return UnitMariaDb(host=daemon.host)


def mode_of(host: SystemdHost, path: str) -> str:
    return host.run(["stat", "--format=%a %U:%G", path]).stdout.strip()


def backed_up(daemon: PackagedDaemon) -> str:
    done = daemon.ctl("backup", check=False)
    assert done.returncode == 0, done.stdout + done.stderr + daemon.host.journal(UNIT)[-4000:]
    return str(daemon.told("list")["backups"][0]["id"])


def test_package_is_installed_removed_and_purged_and_the_backups_stay(package: Path) -> None:
    with SystemdHost() as host:
        daemon = PackagedDaemon(host=host)

        said = daemon.install(package)

        assert "Name your server in /etc/octeth-backupd/config.toml" in said
        assert daemon.ctl("--version").stdout.startswith("octeth-backupctl ")
        checked = host.run(["octeth-backupd", "check-config"], check=False)
        assert checked.returncode == 78
        assert "Add a table [servers.oempro]" in checked.stderr
        assert host.systemctl("is-enabled", UNIT, check=False).strip() == "disabled"
        assert daemon.shown("ActiveState") == "inactive"
        assert mode_of(host, CONFIGURATION) == "640 root:root"
        assert mode_of(host, "/etc/octeth-backupd") == "750 root:root"
        assert mode_of(host, BACKUP_DIRECTORY) == "700 root:root"
        assert host.run(["getent", "group", "octeth-backup"]).stdout
        writable = ["(", "!", "-user", "root", "-o", "-perm", "/022", ")"]
        assert host.run(["find", "/opt/octeth-backupd", "!", "-type", "l", *writable]).stdout == ""

        host.write(f"{BACKUP_DIRECTORY}/oempro/archive.tar.zst", "a backup")
        host.write(CONFIGURATION, CONFIG, mode=0o640)
        removed = host.run(["dpkg", "--remove", "octeth-backupd"]).stdout
        assert host.run(["cat", CONFIGURATION]).stdout == CONFIG
        assert host.run(["ls", "/opt/octeth-backupd"], check=False).returncode != 0
        purged = host.run(["dpkg", "--purge", "octeth-backupd"]).stdout

        for said in (removed, purged):
            assert f"your backups were not deleted. They are in:\n  {BACKUP_DIRECTORY}\n" in said
        assert host.run(["cat", f"{BACKUP_DIRECTORY}/oempro/archive.tar.zst"]).stdout == "a backup"
        assert host.run(["cat", CONFIGURATION], check=False).returncode != 0


def test_unit_is_clean_and_little_exposed(daemon: PackagedDaemon) -> None:
    verified = daemon.host.run(["systemd-analyze", "verify", "--man=no", UNIT], check=False)
    security = daemon.host.run(["systemd-analyze", "security", "--no-pager", UNIT]).stdout

    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", security)
    assert verified.returncode == 0
    assert [line for line in verified.stderr.splitlines() if "octeth" in line] == []
    assert found is not None
    assert float(found[1]) <= MOST_EXPOSURE


def test_start_is_quick_and_says_what_it_does(daemon: PackagedDaemon) -> None:
    taken = []
    for _ in range(3):  # the quickest counts: the machine does other things as well
        daemon.host.systemctl("stop", UNIT)
        began = time.monotonic()
        daemon.host.systemctl("start", UNIT)
        taken.append(time.monotonic() - began)

    assert daemon.shown("ActiveState") == "active"
    assert daemon.shown("StatusText").startswith("idle")
    assert min(taken) < START_SECONDS


def test_daemon_cannot_write_its_own_configuration(daemon: PackagedDaemon) -> None:
    main = daemon.shown("MainPID")

    written = daemon.host.run(
        ["nsenter", f"--target={main}", "--mount", "touch", "/etc/octeth-backupd/x", "/usr/x"], check=False
    )

    assert written.returncode != 0
    assert written.stderr.count("Read-only file system") == 2


def test_backup_and_restore_work_in_the_sandbox(daemon: PackagedDaemon, server: UnitMariaDb) -> None:
    before = server.checksum_tables()
    backup = backed_up(daemon)
    server.sql("CREATE TABLE oempro.later (id INT PRIMARY KEY)")

    restored = daemon.ctl("restore", backup, "--yes", check=False)

    assert restored.returncode == 0, restored.stdout + restored.stderr + daemon.host.journal(UNIT)[-6000:]
    server.wait_until_ready()
    assert server.checksum_tables() == before
    assert "restore" not in daemon.shown("StatusText") or "success" in daemon.shown("StatusText")
    assert daemon.host.run(["ls", "-A", f"{BACKUP_DIRECTORY}/.workspace"], check=False).stdout == ""


def test_journal_has_fields_and_priorities(daemon: PackagedDaemon) -> None:
    backed_up(daemon)
    run = daemon.told("runs")["runs"][0]["id"]

    entries = daemon.entries(f"RUN_ID={run}")

    [finished] = [entry for entry in entries if entry["EVENT"] == "run.finished"]
    assert finished["PRIORITY"] == "6"
    assert finished["SERVER"] == "oempro"
    assert finished["STATUS"] == "success"
    assert finished["MESSAGE"].startswith("backup of oempro: success after ")
    assert {entry["SYSLOG_IDENTIFIER"] for entry in entries} == {"octeth-backupd"}
    assert {entry["PRIORITY"] for entry in entries} <= {"4", "6", "7"}


def test_failed_run_is_an_error_in_the_journal(daemon: PackagedDaemon, server: UnitMariaDb) -> None:
    daemon.host.write(PASSWORD_FILE, "wrong\n", mode=0o600)
    daemon.host.systemctl("reload", UNIT)
    try:
        failed = daemon.ctl("backup", check=False)
    finally:
        daemon.host.write(PASSWORD_FILE, server.root_password + "\n", mode=0o600)

    run = daemon.told("runs")["runs"][0]["id"]
    assert failed.returncode == 1
    [finished] = daemon.entries(f"RUN_ID={run}", "EVENT=run.finished")
    assert finished["PRIORITY"] == "3"


def test_reload_takes_up_a_good_configuration(daemon: PackagedDaemon) -> None:
    daemon.host.write(CONFIGURATION, CONFIG.replace('daily = ""', 'daily = "0 4 * * *"'), mode=0o640)

    daemon.host.systemctl("reload", UNIT)

    daemon.wait_for("ActiveState", "active")
    assert [schedule["schedule"] for schedule in daemon.told("schedules")["schedules"]] == ["daily"]


def test_reload_of_a_bad_configuration_fails_and_changes_nothing(daemon: PackagedDaemon) -> None:
    main = daemon.shown("MainPID")
    daemon.host.write(CONFIGURATION, MISSPELT, mode=0o640)

    reloaded = daemon.host.run(["systemctl", "reload", UNIT], check=False)

    assert reloaded.returncode != 0
    assert daemon.shown("ActiveState") == "active"
    assert daemon.shown("MainPID") == main
    assert "flush_secnds" in daemon.host.journal(UNIT)
    backed_up(daemon)


def test_bad_configuration_at_the_start_is_not_tried_again(daemon: PackagedDaemon) -> None:
    daemon.host.systemctl("stop", UNIT)
    daemon.host.write(CONFIGURATION, MISSPELT, mode=0o640)

    started = daemon.host.run(["systemctl", "start", UNIT], check=False)

    assert started.returncode != 0
    assert daemon.shown("ActiveState") == "failed"
    assert daemon.shown("ExecMainStatus") == "78"


def test_password_may_be_a_credential_of_the_unit(daemon: PackagedDaemon) -> None:
    credential = f"[Service]\nLoadCredential=servers.oempro.password:{PASSWORD_FILE}\n"
    daemon.host.write(CONFIGURATION, CONFIG.replace(f'password_file = "{PASSWORD_FILE}"\n', ""), mode=0o640)
    daemon.drop_in("credentials", credential)
    try:
        daemon.host.systemctl("restart", UNIT)
        at_start = backed_up(daemon)
        daemon.host.systemctl("reload", UNIT)
        after_reload = backed_up(daemon)
    finally:
        daemon.host.run(["rm", f"/etc/systemd/system/{UNIT}.d/credentials.conf"])
        daemon.host.systemctl("daemon-reload")

    assert at_start != after_reload


def test_members_of_the_group_may_look_and_nobody_else(daemon: PackagedDaemon) -> None:
    daemon.host.run(["sh", "-c", "id looker || useradd --groups octeth-backup looker; id other || useradd other"])

    looked = daemon.host.run(["runuser", "-u", "looker", "--", "octeth-backupctl", "status"], check=False)
    changed = daemon.host.run(["runuser", "-u", "looker", "--", "octeth-backupctl", "pause"], check=False)
    kept_out = daemon.host.run(["runuser", "-u", "other", "--", "octeth-backupctl", "status"], check=False)
    read = daemon.host.run(["runuser", "-u", "looker", "--", "cat", CONFIGURATION], check=False)

    assert looked.returncode == 0, looked.stderr
    assert changed.returncode == 77, changed.stderr
    assert kept_out.returncode == 77, kept_out.stderr
    assert "Permission denied" in read.stderr


def test_members_of_the_group_may_look_after_a_reload_and_after_a_refused_one(daemon: PackagedDaemon) -> None:
    daemon.host.run(["sh", "-c", "id looker || useradd --groups octeth-backup looker"])
    look = ["runuser", "-u", "looker", "--", "octeth-backupctl", "status"]

    daemon.host.systemctl("reload", UNIT)
    daemon.wait_for("ActiveState", "active")
    after_reload = daemon.host.run(look, check=False)
    daemon.host.write(CONFIGURATION, MISSPELT, mode=0o640)
    refused = daemon.host.run(["systemctl", "reload", UNIT], check=False)
    after_refusal = daemon.host.run(look, check=False)

    assert after_reload.returncode == 0, after_reload.stderr
    assert refused.returncode != 0
    assert after_refusal.returncode == 0, after_refusal.stderr
    assert mode_of(daemon.host, "/run/octeth-backupd/control.sock") == "660 root:octeth-backup"
    open_ones = ["find", "/run/octeth-backupd", "-mindepth", "1", "!", "-type", "s", "-perm", "/077"]
    assert daemon.host.run(open_ones).stdout == ""


def test_stop_leaves_nothing(daemon: PackagedDaemon) -> None:
    backed_up(daemon)

    daemon.host.systemctl("stop", UNIT)

    assert daemon.shown("ActiveState") == "inactive"
    assert daemon.shown("Result") == "success"
    assert daemon.host.run(["pgrep", "-fa", "octeth-backupd serve|mariadb-backup"], check=False).stdout == ""
    assert daemon.host.run(["ls", "/run/octeth-backupd"], check=False).returncode != 0
    assert daemon.host.run(["ls", "-A", f"{BACKUP_DIRECTORY}/.workspace"], check=False).stdout == ""


@contextmanager
def held_backup(daemon: PackagedDaemon, server: UnitMariaDb) -> Iterator[str]:
    """Start a backup, whose engine waits for the server's backup lock within a block; yield the run's id."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("BACKUP STAGE START")
        run = str(daemon.told("backup", "--detach")["run"]["id"])
        wait_until_it_runs(daemon.host, "mariadb-backup --")
        yield run


def wait_until_it_runs(host: SystemdHost, pattern: str) -> None:
    limit = time.monotonic() + 60
    while host.run(["pgrep", "-f", "--", pattern], check=False).returncode != 0:
        assert time.monotonic() < limit, f"nothing like {pattern!r} runs"
        time.sleep(0.1)


def run_of(daemon: PackagedDaemon, run_id: str) -> dict[str, Any]:
    [found] = [run for run in daemon.told("runs")["runs"] if run["id"] == run_id]
    return dict(found)


def test_daemon_that_hangs_is_started_again_by_the_watchdog(daemon: PackagedDaemon, server: UnitMariaDb) -> None:
    daemon.drop_in("watchdog", "[Service]\nWatchdogSec=10\nRestartSec=1\n")
    try:
        daemon.host.systemctl("restart", UNIT)
        hung = daemon.shown("MainPID")
        with held_backup(daemon, server) as run:
            daemon.host.systemctl("kill", "--kill-who=main", "--signal=STOP", UNIT)
            daemon.wait_for("NRestarts", "1")
            daemon.wait_for("ActiveState", "active")
    finally:
        daemon.host.run(["rm", f"/etc/systemd/system/{UNIT}.d/watchdog.conf"])
        daemon.host.systemctl("daemon-reload")

    assert daemon.shown("MainPID") != hung
    assert "Watchdog timeout" in daemon.host.journal(UNIT)
    assert run_of(daemon, run)["status"] == "interrupted"
    assert daemon.host.run(["pgrep", "-fa", "mariadb-backup --"], check=False).stdout == ""


def test_upgrade_waits_for_a_running_backup_and_keeps_what_was_set(
    daemon: PackagedDaemon, server: UnitMariaDb, package: Path
) -> None:
    said: list[str] = []
    upgrade = threading.Thread(target=lambda: said.append(daemon.install(package)))
    before = daemon.shown("MainPID")

    with held_backup(daemon, server) as run:
        upgrade.start()
        wait_until_it_runs(daemon.host, "^sleep 5$")
        meanwhile = daemon.shown("MainPID")
    upgrade.join()

    assert meanwhile == before
    assert "waiting for the end of: backup of oempro" in said[0]
    assert run_of(daemon, run)["status"] == "success"
    assert daemon.shown("ActiveState") == "active"
    assert daemon.shown("MainPID") != before
    assert daemon.host.run(["cat", CONFIGURATION]).stdout == CONFIG
