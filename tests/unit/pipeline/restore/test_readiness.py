from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.errors import CancelledError, DockerError, RestoreError, ServerError
from octeth_backupd.pipeline.restore import readiness
from octeth_backupd.pipeline.restore.readiness import Ready, enter, wait_until_ready
from tests.fakes.clock import FakeClock
from tests.fakes.power import FakePower
from tests.fakes.server import FakeServer
from tests.unit.pipeline.restore.doors import CONFIGURED, OLD, Door, session

if TYPE_CHECKING:
    from pathlib import Path


class Bench:
    """A server with a door and a switch."""

    def __init__(self, directory: Path, door: Door) -> None:
        self.clock = FakeClock()
        self.power = FakePower(clock=self.clock)
        self.server = FakeServer(directory)
        self.door = door
        self.waited: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.clock.go(seconds)

    def until_ready(self, *logins: Any, seconds: float = 60) -> Ready:
        return wait_until_ready(
            self.server, self.power, logins, timeout_seconds=seconds, wait=self.wait, clock=self.clock
        )


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    door = Door({"old": session()})
    monkeypatch.setattr(readiness, "log_in", door.log_in)
    return Bench(tmp_path, door)


def test_silence_is_asked_again_every_20_milliseconds(bench: Bench) -> None:
    bench.door.silent = 3

    assert bench.until_ready(OLD).login == "old"
    assert bench.waited == [0.02] * 3


def test_login_that_is_refused_gives_way_to_the_next(bench: Bench) -> None:
    assert bench.until_ready(CONFIGURED, OLD) == Ready(login="old")
    assert bench.door.tried == ["new", "old"]


def test_server_that_refuses_every_login_is_up_and_says_so(bench: Bench) -> None:
    assert bench.until_ready(CONFIGURED) == Ready(login="", refusal="backup was refused")
    assert bench.door.tried == ["new"]


def test_server_that_ended_is_not_waited_for(bench: Bench) -> None:
    bench.door.silent = 100
    bench.power.running, bench.power.exit_code = False, 1
    bench.power.lines = ["[Note] hello", "[ERROR] InnoDB: Database page corruption on disk"]

    with pytest.raises(RestoreError, match=r"exit code 1 .*page corruption"):
        bench.until_ready(OLD)

    assert bench.waited == []


def test_password_in_the_log_is_not_quoted(bench: Bench) -> None:
    bench.door.silent = 100
    bench.power.running = False
    bench.power.lines = ["GENERATED ROOT PASSWORD: hunter2hunter2"]

    with pytest.raises(RestoreError) as caught:
        bench.until_ready(OLD)

    assert "GENERATED ROOT" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_server_that_is_not_ready_in_time_says_what_was_heard_last(bench: Bench) -> None:
    bench.door.silent = 10_000

    with pytest.raises(RestoreError, match=r"not ready 2 s after its start: nobody answers"):
        bench.until_ready(OLD, seconds=2)


def test_engine_that_goes_away_is_not_taken_for_the_server(bench: Bench) -> None:
    bench.power.error = DockerError("the engine is down", retryable=True)

    with pytest.raises(DockerError):
        bench.until_ready(OLD)


def test_waiting_can_be_ended_by_who_waits(bench: Bench) -> None:
    bench.door.silent = 10_000

    def give_up(seconds: float) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        wait_until_ready(bench.server, bench.power, (OLD,), timeout_seconds=60, wait=give_up, clock=bench.clock)


def test_server_without_a_free_connection_is_asked_again(bench: Bench) -> None:
    bench.door.error = ServerError("too many connections", retryable=True)

    def free(seconds: float) -> None:
        bench.door.error = None

    ready = wait_until_ready(bench.server, bench.power, (OLD,), timeout_seconds=60, wait=free, clock=bench.clock)

    assert ready.login == "old"


def test_entrance_without_any_login_says_so(bench: Bench) -> None:
    with enter(bench.server, ()) as entrance:
        assert entrance.session is None
        assert entrance.refusal == "there is no login to try"
