"""The control interface as it is used: a real socket, the real server, octeth-backupctl as a process of its own.

Needs root, for clients that are other users.
"""

from __future__ import annotations

import grp
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.control.limits import Limits
from octeth_backupd.control.server import ControlServer
from octeth_backupd.control.settings import ControlSettings
from octeth_backupd.domain.backup import RunStatus
from tests.fakes.restores import make_journal
from tests.fakes.services import FakeServices, make_run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
NOBODY = 65534
COMMAND = [sys.executable, "-m", "octeth_backupd.cli.ctl"]

# Everything is imported as root, for another user may not be able to read the checkout.
AS_USER = """
import contextlib, io, os, sys
import octeth_backupd.cli.ctl.bar
from octeth_backupd.cli.ctl import main
with contextlib.redirect_stderr(io.StringIO()):
    main(["status", "--socket", "/nowhere"])
os.setgroups([int(gid) for gid in sys.argv.pop(1).split(",") if gid])
os.setgid(65534)
os.setuid(65534)
sys.exit(main())
"""

READERS, ADMINS = [group for group in grp.getgrall() if group.gr_gid not in {0, NOBODY}][:2]


class Daemon:
    """A control server over services in memory, and clients of it."""

    def __init__(self, directory: Path, limits: Limits) -> None:
        self.path = directory / "run" / "control.sock"
        self.services = FakeServices()
        self.server = ControlServer(
            settings=ControlSettings(socket=self.path, group=READERS.gr_name, admin_group=ADMINS.gr_name),
            services=self.services,
            limits=limits,
        )

    def ctl(self, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=self.environment(environment),
            timeout=60,
        )

    def ctl_as_nobody(self, *arguments: str, groups: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", AS_USER, ",".join(map(str, groups)), *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=self.environment(),
            timeout=60,
        )

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if name not in {"TERM", "NO_COLOR"}}
        return {**plain, "OCTETH_BACKUPD_SOCKET": str(self.path), "TERM": "dumb", **(more or {})}

    def raw(self, *parts: bytes) -> bytes:
        """Send bytes on a connection of their own and return all that comes back."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(self.path))
            try:
                for part in parts:
                    client.sendall(part)
            except BrokenPipeError:
                # It was refused before all was sent; what it said is still there to read.
                pass
            answer = b""
            try:
                while chunk := client.recv(65536):
                    answer += chunk
            except ConnectionResetError:
                pass
            return answer


@pytest.fixture
def daemon(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    directory = Path(tempfile.mkdtemp(prefix="octeth-ctl-"))
    directory.chmod(0o755)
    daemon = Daemon(directory, getattr(request, "param", Limits(read_seconds=1.0, silence_seconds=0.5)))
    daemon.server.start()
    yield daemon
    daemon.server.stop()
    shutil.rmtree(directory)


def wait_until(condition: object, what: str) -> None:
    for _ in range(400):
        if callable(condition) and condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within 20 seconds: {what}")


def test_the_socket_belongs_to_the_group_with_mode_0660_in_a_directory_with_0750(daemon: Daemon) -> None:
    found, directory = daemon.path.stat(), daemon.path.parent.stat()

    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (0, READERS.gr_gid, 0o660)
    assert (directory.st_uid, directory.st_gid, directory.st_mode & 0o7777) == (0, READERS.gr_gid, 0o750)


@pytest.mark.parametrize(("outcome", "code"), [(RunStatus.SUCCESS, 0), (RunStatus.DEGRADED, 8), (RunStatus.FAILED, 1)])
def test_a_backup_is_followed_to_its_end_and_ends_with_its_outcome(
    daemon: Daemon, outcome: RunStatus, code: int
) -> None:
    daemon.services.performs = True
    daemon.services.outcome = outcome

    result = daemon.ctl("backup")

    assert result.returncode == code, result
    assert f"backup of oempro: {outcome}" in result.stdout
    assert ("the disk is full" in result.stderr) == (outcome is RunStatus.FAILED)


def test_json_of_a_backup_is_a_stream_of_objects(daemon: Daemon) -> None:
    daemon.services.performs = True

    result = daemon.ctl("backup", "--json")

    types = [json.loads(line)["type"] for line in result.stdout.splitlines()]
    assert (types[0], types[-1], result.returncode, result.stderr) == ("run", "run_finished", 0, "")


@pytest.mark.parametrize(
    "arguments", [["status"], ["list"], ["show", "latest"], ["runs"], ["schedules"], ["config", "show"]]
)
def test_each_reading_command_answers_plainly_and_as_json(daemon: Daemon, arguments: list[str]) -> None:
    plain, document = daemon.ctl(*arguments), daemon.ctl(*arguments, "--json")

    assert (plain.returncode, plain.stderr, document.returncode, document.stderr) == (0, "", 0, "")
    assert "\x1b" not in plain.stdout
    assert json.loads(document.stdout)["schema_version"] == 1


def test_ctrl_c_detaches_and_the_run_goes_on(daemon: Daemon) -> None:
    with subprocess.Popen(
        [*COMMAND, "backup"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=daemon.environment(),
    ) as client:
        assert client.stdout is not None
        assert "run run-2" in client.stdout.readline()
        client.send_signal(signal.SIGINT)
        _, said = client.communicate(timeout=20)

    assert client.returncode == 130
    assert "octeth-backupctl watch run-2" in said
    assert "Traceback" not in said
    assert daemon.services.find_run("run-2").status is RunStatus.RUNNING
    wait_until(lambda: not daemon.services.subscribers, "the stream of the client that left is gone")


def test_a_watcher_is_told_when_the_daemon_stops_first(daemon: Daemon) -> None:
    daemon.services.all_runs.insert(0, make_run("run-2", status=RunStatus.RUNNING, finished_at=None))
    with subprocess.Popen(
        [*COMMAND, "watch", "run-2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=daemon.environment(),
    ) as client:
        assert client.stdout is not None
        client.stdout.readline()
        begun = time.monotonic()
        daemon.server.stop()
        took = time.monotonic() - begun
        _, said = client.communicate(timeout=20)

    assert took < 5
    assert client.returncode == 69
    assert said.startswith("octeth-backupctl: ")


def test_nobody_cannot_even_connect_and_is_told_the_group(daemon: Daemon) -> None:
    result = daemon.ctl_as_nobody("status")

    assert result.returncode == 77, result
    assert "you may not connect" in result.stderr
    assert f"group {READERS.gr_name}" in result.stderr


def test_nobody_is_refused_by_the_daemon_even_where_the_files_would_let_him(daemon: Daemon) -> None:
    daemon.path.parent.chmod(0o755)
    daemon.path.chmod(0o666)

    result = daemon.ctl_as_nobody("status")

    assert result.returncode == 77, result
    assert f"not a member of the group {READERS.gr_name}" in result.stderr
    assert daemon.services.requests == []


def test_a_member_of_the_group_reads_and_may_not_change(daemon: Daemon) -> None:
    groups = (READERS.gr_gid,)

    reading = daemon.ctl_as_nobody("list", groups=groups)
    changing = [
        daemon.ctl_as_nobody(*arguments, groups=groups)
        for arguments in (
            ["backup"],
            ["cancel", "run-1"],
            ["pause"],
            ["resume"],
            ["verify", "latest"],
            ["restore", "latest"],
        )
    ]

    assert (reading.returncode, reading.stderr) == (0, "")
    assert [result.returncode for result in changing] == [77] * 6
    assert all(f"group {ADMINS.gr_name}" in result.stderr for result in changing)
    assert [method for method, _ in daemon.services.requests] == ["backups_json"]


def test_a_member_of_the_admin_group_changes_under_his_own_name(daemon: Daemon) -> None:
    result = daemon.ctl_as_nobody("backup", "--detach", groups=(READERS.gr_gid, ADMINS.gr_gid))

    assert result.returncode == 0, result
    assert daemon.services.requests[0][1]["requested_by"] == f"uid {NOBODY} (nobody)"


@pytest.mark.parametrize("command", ["show", "restore", "verify", "watch", "cancel"])
@pytest.mark.parametrize("part", ["../../etc/passwd", "..", "a/../b", "x" * 3000])
def test_an_id_that_is_a_path_never_reaches_the_daemon(daemon: Daemon, command: str, part: str) -> None:
    result = daemon.ctl(command, part)

    assert result.returncode == 2, result
    assert "not an id" in result.stderr
    assert daemon.services.requests == []


def test_an_unknown_id_ends_with_4(daemon: Daemon) -> None:
    result = daemon.ctl("show", "no-such-backup")

    assert (result.returncode, result.stdout) == (4, "")
    assert "no backup no-such-backup" in result.stderr


def test_a_second_backup_is_told_who_holds_the_server(daemon: Daemon) -> None:
    daemon.services.all_runs.insert(0, make_run("run-7", status=RunStatus.RUNNING, finished_at=None))

    result = daemon.ctl("backup")

    assert result.returncode == 75
    assert "run run-7 holds the server" in result.stderr


def test_without_a_daemon_the_client_says_how_to_start_it(daemon: Daemon) -> None:
    daemon.server.stop()

    result = daemon.ctl("list")

    assert result.returncode == 69
    assert "systemctl enable --now octeth-backupd" in result.stderr


HEAD = b"POST /v1/backups HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        pytest.param([b"\x00\x01\x02\x03" * 100 + b"\r\n\r\n"], 400, id="binary"),
        pytest.param([b"GET /v1/status\r\n\r\n"], 400, id="version"),
        pytest.param([b"GET /v1/status HTTP/1.1\r\nno colon here\r\n\r\n"], 400, id="header"),
        pytest.param([b"GET /v1/status HTTP/1.1\r\n" + b"x: " + b"y" * 200_000], 431, id="endless-header"),
        pytest.param([HEAD + b"content-length: -5\r\n\r\n"], 400, id="negative-length"),
        pytest.param([HEAD + b"content-length: 10000000\r\n\r\n" + b"x" * 70_000], 413, id="large"),
        pytest.param(
            [HEAD + b"transfer-encoding: chunked\r\n\r\n", *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 3],
            413,
            id="chunks",
        ),
        pytest.param([HEAD + b"connection: close\r\ncontent-length: 5\r\n\r\n{bad}"], 400, id="json"),
        pytest.param([HEAD + b"connection: close\r\ncontent-length: 4\r\n\r\n\xff\xfe\xfd\xfc"], 400, id="encoding"),
        pytest.param([HEAD + b"content-length: 500\r\n\r\nhalf"], 408, id="half-a-body"),
        pytest.param([b"GET /v1/sta"], 408, id="half-a-line"),
        pytest.param([], 408, id="nothing"),
    ],
)
def test_what_is_malformed_too_large_or_too_slow_gets_a_clean_answer(
    daemon: Daemon, parts: list[bytes], status: int
) -> None:
    answer = daemon.raw(*parts)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer[:500]
    assert json.loads(body)["error"]["code"] == "invalid_request"
    assert b"Traceback" not in answer
    assert daemon.services.requests == []
    assert daemon.ctl("status").returncode == 0


@pytest.mark.parametrize("daemon", [Limits(connections=1)], indirect=True)
def test_idle_connections_keep_others_out_but_never_root(daemon: Daemon) -> None:
    with socket.socket(socket.AF_UNIX) as idle:
        idle.connect(str(daemon.path))

        reader, root = daemon.ctl_as_nobody("status", groups=(READERS.gr_gid,)), daemon.ctl("status")

    assert (reader.returncode, root.returncode) == (75, 0), reader
    assert "too many connections" in reader.stderr


def in_terminal(daemon: Daemon, *arguments: str, typed: str = "", **environment: str) -> str:
    """Run the client in a terminal, type something, and return what it drew."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env=daemon.environment(environment),
    ) as client:
        os.close(theirs)
        os.write(ours, typed.encode())
        drawn = b""
        try:
            while chunk := os.read(ours, 65536):
                drawn += chunk
        except OSError:
            # The other end was closed: the client has ended.
            pass
        client.wait(20)
    os.close(ours)
    return drawn.decode()


def test_a_restore_is_begun_when_the_servers_name_is_typed_on_a_terminal(daemon: Daemon) -> None:
    daemon.services.performs = True

    drawn = in_terminal(daemon, "restore", "latest", typed="oempro\n")

    assert "This can be done." in drawn
    assert "Type the server's name, oempro," in drawn
    assert "restore of oempro: success" in drawn
    [asked] = [asked for method, asked in daemon.services.requests if method == "request_restore"]
    assert (asked["confirm"], asked["requested_by"]) == ("oempro", "uid 0 (root)")


def test_a_restore_is_not_begun_when_something_else_is_typed(daemon: Daemon) -> None:
    drawn = in_terminal(daemon, "restore", "latest", typed="yes\n")

    assert "not confirmed; nothing was touched" in drawn
    assert [method for method, _ in daemon.services.requests if method.startswith("request")] == []


def test_a_restore_in_a_script_needs_yes(daemon: Daemon) -> None:
    daemon.services.performs = True

    refused, done = daemon.ctl("restore", "latest"), daemon.ctl("restore", "latest", "--yes")

    assert (refused.returncode, done.returncode) == (2, 0), (refused, done)
    assert "--yes" in refused.stderr
    assert "restore of oempro: success" in done.stdout


def test_a_member_of_the_admin_group_restores_backups_but_names_no_paths(daemon: Daemon) -> None:
    groups = (READERS.gr_gid, ADMINS.gr_gid)

    backup = daemon.ctl_as_nobody("restore", "latest", "--yes", "--detach", groups=groups)
    paths = [
        daemon.ctl_as_nobody("restore", *arguments, "--yes", groups=groups)
        for arguments in (["--file", "/etc/shadow"], ["latest", "--to", "/srv/elsewhere"])
    ]

    assert backup.returncode == 0, backup
    assert [(result.returncode, "only root may" in result.stderr) for result in paths] == [(77, True)] * 2


def test_an_old_password_is_in_no_argument_and_reaches_the_daemon(daemon: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "old.password"
    path.write_text("hunter2\n")

    result = daemon.ctl("restore", "latest", "--old-password-file", str(path), "--yes", "--detach")

    assert result.returncode == 0, result
    order = daemon.services.requests[-1][1]["order"]
    assert order.old_password.get_secret_value() == "hunter2"
    assert "hunter2" not in f"{result} {daemon.services.requests}"


def test_an_undo_is_confirmed_and_followed(daemon: Daemon) -> None:
    daemon.services.journals = [make_journal()]
    daemon.services.performs = True

    drawn = in_terminal(daemon, "undo", typed="oempro\n")

    assert "Undo restore 20261122t090000-restore-1a2b of oempro" in drawn
    assert "undo of oempro: success" in drawn


COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


def test_a_terminal_gets_a_bar_and_colour(daemon: Daemon) -> None:
    daemon.services.performs = True
    daemon.services.pace_seconds = 0.2

    drawn = in_terminal(daemon, "backup", TERM="xterm-256color")

    assert "2.0 GiB of 4.0 GiB (50 %), 190.7 MiB/s, 11 s left" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn)
    assert "backup done in 2 s" in drawn
    assert COLOUR.search(drawn)
    assert "backup of oempro: success" in drawn


def test_no_color_is_honoured(daemon: Daemon) -> None:
    daemon.services.performs = True

    drawn = in_terminal(daemon, "backup", TERM="xterm-256color", NO_COLOR="1")

    assert "backup of oempro: success" in drawn
    assert COLOUR.search(drawn) is None


def test_a_dumb_terminal_gets_plain_lines(daemon: Daemon) -> None:
    daemon.services.performs = True

    drawn = in_terminal(daemon, "backup", TERM="dumb")

    assert "backup of oempro: success" in drawn
    assert "\x1b" not in drawn


def test_the_interface_can_be_used_with_curl(daemon: Daemon) -> None:
    if shutil.which("curl") is None:
        pytest.fail("curl is missing: apt-get install curl")
    base = ["curl", "--silent", "--unix-socket", str(daemon.path)]

    accepted = subprocess.run(
        [*base, "-d", '{"server": "oempro"}', "http://localhost/v1/backups"], capture_output=True, check=True
    )

    assert json.loads(accepted.stdout)["run"]["id"] == "run-2"
