"""process.child: ending what a child has started. (Running and piping: test_host.)"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time

import pytest

from octeth_backupd.errors import ProgramError
from octeth_backupd.process.child import Child, spawn
from octeth_backupd.process.command import StopPolicy
from octeth_backupd.process.procfs import session_members
from octeth_backupd.process.wakeup import Wakeup


def _spawn(script: str) -> Child:
    return spawn(
        ("sh", "-c", script),
        executable="/bin/sh",
        environment={"PATH": "/usr/bin:/bin"},
        working_directory=None,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )


def test_leaving_the_block_ends_everything() -> None:
    with _spawn("sleep 300 & echo $$; sleep 300") as child:
        session = int(child.stdout.readline())

    assert session_members(session) == []


def test_waiting_can_be_ended_from_elsewhere() -> None:
    wakeup = Wakeup()

    with _spawn("sleep 300") as child:
        wakeup.set()
        ended = child.wait(wakeup=wakeup)

    wakeup.close()
    assert not ended


def test_waiting_has_a_limit() -> None:
    with _spawn("sleep 300") as child:
        assert not child.wait(timeout_seconds=0.05)


def test_end_of_the_program_is_seen_before_that_of_its_children() -> None:
    with _spawn("sleep 300 & echo $$") as child:
        session = int(child.stdout.readline())
        ended = child.wait()
        left = [member.program for member in session_members(session)]
        child.end(StopPolicy())
        exit_code = child.reap()

    assert ended
    assert len(left) == 1
    assert exit_code == 0
    assert session_members(session) == []


def test_signals_are_tried_in_turn() -> None:
    with _spawn("trap '' HUP; trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done") as child:
        child.stdout.readline()
        child.end(StopPolicy(signals=(signal.SIGHUP, signal.SIGINT), grace_seconds=2))
        exit_code = child.reap()

    assert exit_code == 9


def test_grandchild_that_ignores_the_signals_is_killed_with_the_rest() -> None:
    with _spawn("(trap '' TERM; echo $$; while :; do sleep 300; done) & wait") as child:
        session = int(child.stdout.readline())
        child.end(StopPolicy(grace_seconds=0.2))
        left = session_members(session)
        exit_code = child.reap()

    assert left == []
    assert exit_code == -signal.SIGTERM


def test_late_kill_does_not_reach_a_stranger_with_the_same_number() -> None:
    with _spawn("exit 0") as child:
        child.end(StopPolicy())
        exit_code = child.reap()
        child.send_kill()
        child.kill()

    assert exit_code == 0


def test_program_that_is_not_executable_is_an_error() -> None:
    with pytest.raises(ProgramError, match="cannot be started"):
        spawn(
            ("x",),
            executable="/etc/hostname",
            environment={},
            working_directory=None,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )


def test_program_that_cannot_be_watched_does_not_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def no_descriptor_left(pid: int) -> int:
        started.append(pid)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pidfd_open", no_descriptor_left)

    with pytest.raises(ProgramError, match="cannot be watched, and was ended: too many open files"):
        _spawn("sleep 300")

    limit = time.monotonic() + 10
    while session_members(started[0]) and time.monotonic() < limit:
        time.sleep(0.01)  # what was killed takes a moment to be gone
    assert session_members(started[0]) == []
