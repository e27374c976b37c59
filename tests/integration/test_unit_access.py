"""Who may do what with the installed daemon: real users and groups, audit lines in the journal, the socket's place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.packaged_bench import PASSWORD_FILE, PackagedBench, packaged_bench
from tests.environment.packaged_daemon import CONFIGURATION, UNIT
from tests.environment.systemd_host import CHECKOUT

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

# The package may have to be built, on a machine that does other things as well.
pytestmark = pytest.mark.timeout(900)

READING, CHANGING = "octeth-backup", "backup-admins"
USERS = f"""
groupadd --system {CHANGING}
useradd --gid {READING} primary-reader
useradd --groups {READING} reader
useradd --groups {READING},{CHANGING} admin
useradd --groups {CHANGING} half-admin
useradd stranger
"""
DENIED = 77
JOURNAL_PAGE = CHECKOUT / "docs" / "how-to" / "read-the-journal.md"
SOCKET = "/run/octeth-backupd/control.sock"
LISTENER = """
import socket, time
listener = socket.socket(socket.AF_UNIX)
listener.bind("/run/octeth-backupd/control.sock")
listener.listen()
time.sleep(600)
"""
"""What waits at the socket's place without being the daemon."""
CHANGING_PATHS = """
import http.client, json, socket
connection = http.client.HTTPConnection("localhost")
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect("/run/octeth-backupd/control.sock")
connection.request("GET", "/v1/openapi.json")
for path, methods in json.load(connection.getresponse())["paths"].items():
    if set(methods) - {"get", "head"}:
        print(path)
"""
"""What prints the path of every request that changes something."""


@pytest.fixture(scope="module")
def shared_bench() -> Iterator[PackagedBench]:
    with packaged_bench() as bench:
        bench.host.run(["sh", "-ec", USERS])
        # Else systemd removes what lies in the socket's directory, ours or not, when the daemon has ended.
        bench.daemon.drop_in("preserve", "[Service]\nRuntimeDirectoryPreserve=yes\n")
        yield bench


@pytest.fixture
def bench(shared_bench: PackagedBench) -> PackagedBench:
    """Return the installed daemon, running, with a group that may change."""
    shared_bench.configure(daily="0 2 1 1 *")
    text = shared_bench.host.run(["cat", CONFIGURATION]).stdout
    shared_bench.host.write(CONFIGURATION, f'{text}\n[control]\nadmin_group = "{CHANGING}"\n', mode=0o640)
    shared_bench.host.systemctl("restart", UNIT)
    return shared_bench


def ctl_as(bench: PackagedBench, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run octeth-backupctl as a user who has logged in."""
    return bench.host.run(["runuser", "-u", user, "--", "octeth-backupctl", *arguments], check=False)


def changes(bench: PackagedBench) -> list[dict[str, Any]]:
    """Return the audit lines of this start."""
    invocation = bench.daemon.shown("InvocationID")
    return bench.daemon.entries(f"_SYSTEMD_INVOCATION_ID={invocation}", "EVENT=control.change")


@pytest.mark.parametrize(
    ("user", "reads", "changes_too"),
    [
        ("root", True, True),
        ("admin", True, True),
        ("reader", True, False),
        ("primary-reader", True, False),
        ("half-admin", False, False),
        ("stranger", False, False),
        ("nobody", False, False),
    ],
)
def test_groups_decide_who_reads_and_who_changes(
    bench: PackagedBench, user: str, *, reads: bool, changes_too: bool
) -> None:
    read = ctl_as(bench, user, "status")
    changed = ctl_as(bench, user, "pause")

    assert (read.returncode == DENIED) is not reads, read.stderr
    assert (changed.returncode == DENIED) is not changes_too, changed.stderr
    assert bench.daemon.told("schedules")["schedules"][0]["paused"] is changes_too
    bench.daemon.ctl("resume")


def test_a_process_without_the_users_groups_has_not_their_rights(bench: PackagedBench) -> None:
    """The kernel's word about the process counts, not the user database: a session from before the group was given."""
    as_reader = ["setpriv", "--reuid=reader", "--regid=reader", "--clear-groups", "octeth-backupctl", "status"]
    as_admin = ["setpriv", "--reuid=admin", "--regid=admin", f"--groups={READING}", "octeth-backupctl", "pause"]

    assert bench.host.run(as_reader, check=False).returncode == DENIED
    refused = bench.host.run(as_admin, check=False)

    assert refused.returncode == DENIED
    assert f"group {CHANGING}" in refused.stderr


def test_each_change_leaves_a_line_that_says_who_what_of_which_object_and_the_outcome(bench: PackagedBench) -> None:
    backup = bench.back_up()
    run = bench.daemon.told("runs")["runs"][0]["id"]
    uid = int(bench.host.run(["id", "-u", "admin"]).stdout)
    begun = len(changes(bench))
    requests = [
        (["backup", "--detach", "--server", "oempro"], "/v1/backups", "accepted"),
        (["cancel", run], f"/v1/runs/{run}/cancel", "refused"),
        (["pause", "--server", "oempro"], "/v1/schedules/pause", "accepted"),
        (["resume"], "/v1/schedules/resume", "accepted"),
        (["pin", backup], f"/v1/backups/{backup}/pin", "accepted"),
        (["unpin", backup], f"/v1/backups/{backup}/unpin", "accepted"),
        (["verify", backup], f"/v1/backups/{backup}/verify", "accepted"),
        (["accept", backup], f"/v1/backups/{backup}/accept", "refused"),
        (["sync"], "/v1/sync", "accepted"),
        (["notify", "test"], "/v1/notifiers/test", "refused"),
        (["retention", "--apply"], "/v1/retention", "accepted"),
        (["restore", backup, "--dry-run"], "/v1/restores/plan", "accepted"),
        (["restore", "no-such-backup", "--yes"], "/v1/restores/plan", "refused"),
        (["restore", backup, "--yes"], "/v1/restores", "accepted"),
        (["undo", "--server", "oempro", "--yes"], "/v1/servers/oempro/undo", "accepted"),
        (["delete", backup, "--yes", "--force"], f"/v1/backups/{backup}/delete", "accepted"),
    ]
    for arguments, _, _ in requests:
        done = ctl_as(bench, "admin", *arguments)
        assert done.returncode != DENIED, (arguments, done.stderr)
        bench.wait_until_idle()
    restored = ctl_as(bench, "reader", "restore", backup, "--yes")

    lines = changes(bench)[begun:]
    assert {(line["USER"], line["UID"]) for line in lines if line["USER"] != "reader"} == {("admin", str(uid))}
    assert all(int(line["PID"]) > 1 for line in lines)
    told = {(line["PATH"], line["OUTCOME"]) for line in lines}
    assert [(path, outcome) for _, path, outcome in requests if (path, outcome) not in told] == [], told
    by_path = {line["PATH"]: line for line in lines}
    assert by_path["/v1/backups"]["SERVER"] == "oempro"
    assert by_path["/v1/backups"]["RUN_ID"] in {found["id"] for found in bench.daemon.told("runs")["runs"]}
    assert by_path[f"/v1/backups/{backup}/pin"]["BACKUP_ID"] == backup
    assert restored.returncode == DENIED
    assert (lines[-1]["USER"], lines[-1]["OUTCOME"], lines[-1]["STATUS"]) == ("reader", "refused", "403")
    assert re.fullmatch(r"reader \(uid \d+, pid \d+\): POST /v1/restores\S*: refused \(403\)", lines[-1]["MESSAGE"])
    templates = bench.host.run(["python3", "-c", CHANGING_PATHS]).stdout.split()
    for template in templates:
        pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template))
        assert any(pattern.fullmatch(line["PATH"]) for line in lines), f"no change at {template} was tried"


def test_recipes_and_fields_of_the_page_on_the_journal_are_true(bench: PackagedBench) -> None:
    page = JOURNAL_PAGE.read_text()
    text = bench.host.run(["cat", CONFIGURATION]).stdout
    bench.host.write(CONFIGURATION, f'{text}\n[daemon]\nlog_level = "debug"\n', mode=0o640)
    bench.host.systemctl("restart", UNIT)
    backup = bench.back_up()
    run = bench.daemon.told("runs")["runs"][0]["id"]
    bench.daemon.ctl("pin", backup)
    bench.daemon.ctl("unpin", backup)
    bench.daemon.ctl("pause", "--server", "oempro")
    bench.daemon.ctl("resume")
    ctl_as(bench, "reader", "pause")
    bench.daemon.ctl("restore", backup, "--yes", check=False)
    bench.server.wait_until_ready()
    bench.host.write(PASSWORD_FILE, "wrong\n", mode=0o600)
    bench.host.systemctl("reload", UNIT)
    bench.daemon.ctl("backup", check=False)
    bench.host.write(PASSWORD_FILE, bench.server.root_password + "\n", mode=0o600)

    commands = re.findall(r"^(journalctl [^#\n]+)", page, re.MULTILINE)
    empty = []
    for command in commands:
        wanted = command.replace("20261122-020000-aaaaaa", run)
        if (
            "No entries" in (said := bench.host.run(["sh", "-c", f"{wanted} --no-pager | head -n 3"]).stdout)
            or not said
        ):
            empty.append(command)
    fields = {field for entry in bench.daemon.entries() for field in entry}
    documented = set(re.findall(r"`([A-Z_]+)`", "\n".join(re.findall(r"^\| (`[A-Z`, _]+) \|", page, re.MULTILINE))))

    assert len(commands) > 10
    assert empty == []
    assert len(documented) > 20
    assert documented - fields == set()


@pytest.mark.parametrize(
    "made",
    ["echo precious >{0}", "mkdir {0}", "echo precious >/root/precious; ln -s /root/precious {0}"],
    ids=["file", "directory", "symlink"],
)
def test_what_is_no_socket_is_not_replaced(bench: PackagedBench, made: str) -> None:
    bench.host.systemctl("stop", UNIT)
    bench.host.run(["sh", "-ec", f"mkdir -p /run/octeth-backupd; {made.format(SOCKET)}"])
    before = bench.host.run(["stat", "--format=%F %i", SOCKET]).stdout

    started = bench.host.run(["systemctl", "start", UNIT], check=False)
    after = bench.host.run(["stat", "--format=%F %i", SOCKET], check=False).stdout
    state = bench.daemon.shown("ActiveState")
    bench.host.run(["rm", "-rf", "/run/octeth-backupd"])

    assert started.returncode != 0
    assert (state, bench.daemon.shown("ExecMainStatus")) == ("failed", "78")
    assert f"{SOCKET} exists and is not a socket" in bench.host.journal(UNIT)
    assert after == before


def test_socket_at_which_somebody_listens_is_not_taken_over(bench: PackagedBench) -> None:
    bench.host.systemctl("stop", UNIT)
    bench.host.run(["mkdir", "-p", "/run/octeth-backupd"])
    bench.host.run(["systemd-run", "--quiet", "--unit=living", "python3", "-c", LISTENER])
    bench.host.run(["sh", "-c", f"until [ -S {SOCKET} ]; do sleep 0.05; done"])
    inode = bench.host.run(["stat", "--format=%i", SOCKET]).stdout

    started = bench.host.run(["systemctl", "start", UNIT], check=False)
    kept = bench.host.run(["stat", "--format=%i", SOCKET], check=False).stdout
    bench.host.systemctl("stop", UNIT, "living.service")
    bench.host.run(["rm", "-rf", "/run/octeth-backupd"])

    assert started.returncode != 0
    assert "another daemon answers at" in bench.host.journal(UNIT)
    assert kept == inode


@pytest.mark.parametrize(
    ("path", "mode", "owner", "said"),
    [
        (CONFIGURATION, "644", "root:root", "every user may read the configuration file"),
        (CONFIGURATION, "660", f"root:{READING}", f"the group {READING} may write the configuration file"),
        (CONFIGURATION, "640", "stranger:root", "the user stranger, to whom it belongs, may write"),
        (PASSWORD_FILE, "644", "root:root", f"every user may read {PASSWORD_FILE}"),
        (PASSWORD_FILE, "620", f"root:{READING}", f"the group {READING} may write {PASSWORD_FILE}"),
    ],
    ids=["config read", "config of a group", "config of a user", "password read", "password of a group"],
)
def test_file_that_is_not_roots_alone_is_named_by_check_config_and_doctor(
    bench: PackagedBench, path: str, mode: str, owner: str, said: str
) -> None:
    bench.host.run(["sh", "-ec", f"chown {owner} {path}; chmod {mode} {path}"])
    try:
        checked = bench.host.run(["octeth-backupd", "check-config", "--quiet"], check=False)
        results = bench.daemon.ctl("--json", "doctor", check=False).stdout
    finally:
        bench.host.run(["sh", "-ec", f"chown root:root {path}; chmod 640 {CONFIGURATION}; chmod 600 {PASSWORD_FILE}"])

    assert checked.returncode == 0, checked.stderr
    assert said in checked.stderr
    assert said in results


def test_files_of_root_alone_are_no_reason_to_warn(bench: PackagedBench) -> None:
    checked = bench.host.run(["octeth-backupd", "check-config", "--quiet"])

    assert checked.stdout + checked.stderr == ""
