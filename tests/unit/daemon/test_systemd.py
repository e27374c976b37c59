"""What systemd is told, through a real datagram socket."""

from __future__ import annotations

import os
import re
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.systemd import Systemd, watchdog_interval_seconds
from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.events import RunFinished, RunStarted, StepProgress, StepStarted, Warned
from tests.fakes.runs import AT, a_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.domain.events import Event


class Manager:
    """systemd's end of the notification socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        """Return every message since the last call."""
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """A notification socket that the environment names."""
    manager = Manager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


def _started(run_id: str = "r1", server: str = "oempro") -> RunStarted:
    return RunStarted(run_id=run_id, server=server, at=AT, run=a_run(run_id, server=server))


def _finished(run_id: str = "r1", server: str = "oempro") -> RunFinished:
    run = replace(a_run(run_id, server=server), status=RunStatus.SUCCESS)
    return RunFinished(run_id=run_id, server=server, at=AT, run=run)


def _progress(done_bytes: int, total_bytes: int) -> StepProgress:
    return StepProgress(
        run_id="r1",
        server="oempro",
        at=AT,
        step="backup",
        done_bytes=done_bytes,
        total_bytes=total_bytes,
        rate_bytes_per_second=0,
    )


def test_the_life_of_a_daemon_in_systemds_words(manager: Manager) -> None:
    systemd = Systemd()

    systemd.ready()
    systemd.alive()
    systemd.status("busy")
    systemd.stopping()

    assert manager.heard() == ["READY=1\nSTATUS=idle", "WATCHDOG=1", "STATUS=busy", "STOPPING=1\nSTATUS=stopping"]


def test_a_reload_leaves_the_running_step_in_status(manager: Manager) -> None:
    systemd = Systemd()
    systemd.follow(_started())
    manager.heard()

    systemd.ready("new configuration refused")

    assert manager.heard() == ["READY=1\nSTATUS=oempro: backup"]


def test_last_result_is_there_after_a_start_and_a_reload_and_stays_behind_housekeeping(manager: Manager) -> None:
    systemd = Systemd()
    systemd.remember(a_run("r1", status=RunStatus.FAILED))
    upload = a_run("r2", status=RunStatus.SUCCESS, operation=Operation.UPLOAD)

    systemd.ready()
    systemd.follow(RunFinished(run_id="r2", server="oempro", at=AT, run=upload))

    assert manager.heard() == [
        "READY=1\nSTATUS=idle; last: backup of oempro failed",
        "STATUS=idle; last: backup of oempro failed",
    ]


def test_reloading_says_when_in_the_same_message(manager: Manager) -> None:
    Systemd().reloading()

    (message,) = manager.heard()
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", message)


def test_status_follows_the_running_step(manager: Manager) -> None:
    systemd = Systemd()
    events: list[Event] = [
        _started(),
        StepStarted(run_id="r1", server="oempro", at=AT, step="backup"),
        _progress(5 << 20, 0),
        _progress(50, 100),
        _progress(120, 100),
        Warned(run_id="r1", server="oempro", at=AT, message="no change of status"),
        _finished(),
    ]

    for event in events:
        systemd.follow(event)

    assert manager.heard() == [
        "STATUS=oempro: backup",
        "STATUS=oempro: backup",
        "STATUS=oempro: backup 5 MiB",
        "STATUS=oempro: backup 50 %",
        "STATUS=oempro: backup 99 %",
        "STATUS=idle; last: backup of oempro success",
    ]


def test_words_in_any_language_arrive_and_ready_with_them(manager: Manager) -> None:
    systemd = Systemd()
    systemd.remember(replace(a_run(status=RunStatus.FAILED), error=f"Zugriff für „root“ verweigert {'x' * 200}"))

    systemd.ready()

    [message] = manager.heard()
    assert message.startswith("READY=1\nSTATUS=idle; last: backup of oempro failed: Zugriff für „root“ verweigert")
    assert message.endswith("…")


def test_the_end_of_one_run_leaves_the_others_in_status(manager: Manager) -> None:
    systemd = Systemd()
    for event in (_started("r1", "oempro"), _started("r2", "shop"), _finished("r1", "oempro")):
        systemd.follow(event)

    assert manager.heard()[-2:] == ["STATUS=oempro: backup; shop: backup", "STATUS=shop: backup"]


def test_runs_in_many_threads_do_not_disturb_each_other(manager: Manager) -> None:
    systemd = Systemd()
    errors: list[BaseException] = []

    def follow(number: int) -> None:
        try:
            for turn in range(100):
                systemd.follow(_started(f"r{number}-{turn}", f"s{number}"))
                systemd.follow(_finished(f"r{number}-{turn}", f"s{number}"))
        except RuntimeError as exc:
            errors.append(exc)

    def read() -> None:
        while not over.is_set():
            manager.heard()

    over = threading.Event()
    reader = threading.Thread(target=read)
    reader.start()
    threads = [threading.Thread(target=follow, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    over.set()
    reader.join(20)
    systemd.follow(_finished("last", "oempro"))

    assert errors == []
    assert manager.heard()[-1] == "STATUS=idle; last: backup of oempro success"


def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd = Systemd()

    systemd.ready()
    systemd.follow(_started())

    assert watchdog_interval_seconds() == 0


@pytest.mark.parametrize(
    ("microseconds", "pid", "seconds"),
    [
        ("30000000", None, 10.0),
        ("30000000", str(os.getpid()), 10.0),
        ("30000000", "1", 0.0),
        ("", None, 0.0),
        ("0", None, 0.0),
        ("soon", None, 0.0),
        ("²", None, 0.0),
    ],
    ids=["anybody", "us", "another", "blank", "zero", "a word", "no digit"],  # a pid differs in each test process
)
def test_the_watchdog_is_fed_three_times_as_often_as_it_asks_and_only_by_whom_it_asks(
    monkeypatch: pytest.MonkeyPatch, microseconds: str, pid: str | None, seconds: float
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    if pid is None:
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
    else:
        monkeypatch.setenv("WATCHDOG_PID", pid)

    assert watchdog_interval_seconds() == seconds


def test_more_time_to_end_is_asked_for_in_microseconds(manager: Manager) -> None:
    Systemd().extend_stop(30)

    assert manager.heard() == ["EXTEND_TIMEOUT_USEC=30000000"]
