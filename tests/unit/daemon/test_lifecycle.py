"""The main thread's loop, driven by signals that the test puts in and a clock that it moves."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, cast

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.lifecycle import EXIT_UNHEALTHY, TICK_SECONDS, Lifecycle
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.daemon.systemd import Systemd


class Said:
    """What the loop did, in order; ``then`` says what happens next each time it is about to feed the watchdog."""

    def __init__(self, *then: Callable[[], None]) -> None:
        self.done: list[str] = []
        self.clock = FakeClock()
        self.dead = ""
        self.tick_error: Exception | None = None
        self.reload_error: Exception | None = None
        self._then = iter(then)
        self.lifecycle = Lifecycle(
            systemd=cast("Systemd", self),
            clock=self.clock,
            watchdog_seconds=0.001,
            healthy=lambda: self.dead,
            tick=self._tick,
            reload=self._reload,
            stop=lambda: self.done.append("stop"),
        )

    def alive(self) -> None:
        self.done.append("alive")
        next(self._then)()

    def stopping(self) -> None:
        self.done.append("stopping")

    def _reload(self) -> None:
        self.done.append("reload")
        if self.reload_error is not None:
            raise self.reload_error

    def _tick(self) -> None:
        self.done.append("tick")
        if self.tick_error is not None:
            raise self.tick_error


def _send(number: int) -> Callable[[], None]:
    return lambda: signal.raise_signal(number)


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Give the process its own signal handlers back."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_ends_in_order(number: int) -> None:
    said = Said(_send(number))
    said.lifecycle.listen()

    exit_code = said.lifecycle.run()

    assert exit_code == 0
    assert said.done == ["alive", "stopping", "stop"]


def test_a_signal_during_the_start_is_answered_once_the_loop_runs() -> None:
    said = Said()
    said.lifecycle.listen()
    signal.raise_signal(signal.SIGTERM)

    assert said.lifecycle.run() == 0
    assert said.done == ["stopping", "stop"]


def test_hup_reads_the_configuration_again_and_goes_on() -> None:
    said = Said(_send(signal.SIGHUP), _send(signal.SIGTERM))
    said.lifecycle.listen()

    said.lifecycle.run()

    assert said.done == ["alive", "reload", "alive", "stopping", "stop"]


def test_a_dead_part_ends_the_daemon_with_a_code_that_starts_it_again() -> None:
    said = Said()
    said.dead = "the scheduler's thread"

    with capture_logs() as lines:
        exit_code = said.lifecycle.run()

    assert exit_code == EXIT_UNHEALTHY
    assert said.done == ["stopping", "stop"]
    assert lines[0]["dead"] == "the scheduler's thread"


def test_chores_are_done_every_minute_by_a_clock_that_does_not_jump() -> None:
    said = Said(
        lambda: said.clock.go(59),
        lambda: said.clock.jump(3600),
        lambda: said.clock.go(1),
        lambda: None,
        _send(signal.SIGTERM),
    )
    said.lifecycle.listen()

    said.lifecycle.run()

    assert said.done == ["alive", "alive", "alive", "tick", "alive", "alive", "stopping", "stop"]


def test_a_chore_that_fails_is_logged_and_the_daemon_goes_on() -> None:
    said = Said(lambda: said.clock.go(60), _send(signal.SIGTERM))
    said.tick_error = ZeroDivisionError("division by zero")
    said.lifecycle.listen()

    with capture_logs() as lines:
        exit_code = said.lifecycle.run()

    assert exit_code == 0
    assert said.done == ["alive", "tick", "alive", "stopping", "stop"]
    assert "daemon.tick_failed" in [line["event"] for line in lines]


def test_a_reload_that_fails_is_logged_and_running_backups_go_on() -> None:
    said = Said(_send(signal.SIGHUP), _send(signal.SIGTERM))
    said.reload_error = ValueError("a defect")
    said.lifecycle.listen()

    with capture_logs() as lines:
        exit_code = said.lifecycle.run()

    assert exit_code == 0
    assert said.done == ["alive", "reload", "alive", "stopping", "stop"]
    assert "daemon.reload_failed" in [line["event"] for line in lines]


@pytest.mark.parametrize(("watchdog_seconds", "waits"), [(0.0, TICK_SECONDS), (2.0, 2.0), (60.0, TICK_SECONDS)])
def test_the_loop_never_waits_longer_than_the_watchdog_allows(watchdog_seconds: float, waits: float) -> None:
    lifecycle = Lifecycle(
        systemd=cast("Systemd", None),
        clock=FakeClock(),
        watchdog_seconds=watchdog_seconds,
        healthy=str,
        tick=lambda: None,
        reload=lambda: None,
        stop=lambda: None,
    )

    assert lifecycle.wait_seconds == waits


def test_a_signal_wakes_a_waiting_loop_at_once() -> None:
    said = Said()
    lifecycle = Lifecycle(
        systemd=cast("Systemd", said),
        clock=said.clock,
        watchdog_seconds=0,
        healthy=str,
        tick=lambda: None,
        reload=lambda: None,
        stop=lambda: said.done.append("stop"),
    )
    lifecycle.listen()
    main = threading.main_thread().ident
    assert main is not None
    sender = threading.Thread(target=signal.pthread_kill, args=(main, signal.SIGTERM))
    sender.start()

    exit_code = lifecycle.run()

    sender.join()
    assert exit_code == 0
    assert said.done == ["stopping", "stop"]
