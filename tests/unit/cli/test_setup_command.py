"""The command ``octeth-backupd setup``."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.cli import setup_command
from octeth_backupd.cli.ctl.connection import Connection
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.daemon import build_parser, main
from octeth_backupd.cli.setup_command import order_of
from octeth_backupd.domain.server import Placement
from octeth_backupd.errors import BusyError, InvalidRequestError
from octeth_backupd.setup.prompt import NobodyPrompt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.setup.order import Machine, SetupOrder


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[tuple[SetupOrder, Machine]]:
    """A setup that does nothing but note what it was asked for."""
    asked: list[tuple[SetupOrder, Machine]] = []

    def run_setup(order: SetupOrder, machine: Machine) -> int:
        asked.append((order, machine))
        machine.say("done")
        return 8

    monkeypatch.setattr(setup_command, "run_setup", run_setup)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return asked


def test_flags_become_an_order(orders: list[tuple[SetupOrder, Machine]], capsys: pytest.CaptureFixture[str]) -> None:
    words = ["setup", "--non-interactive", "--config", "/etc/c", "--unit", "mysql.service", "--databases", "a,b"]

    assert main([*words, "--create-user", "--start", "--directory", "/b"]) == 8

    [(order, machine)] = orders
    assert order.config == Path("/etc/c")
    assert order.target == (Placement.SYSTEMD, "mysql.service")
    assert order.databases == ("a", "b")
    assert (order.create_user, order.start, order.directory, order.first_backup) == (True, True, Path("/b"), False)
    assert isinstance(machine.prompt, NobodyPrompt)
    assert capsys.readouterr().out == "done\n"


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ((), None),
        (("--container", "db"), (Placement.CONTAINER, "db")),
        (("--socket", "/s"), (Placement.ADDRESS, "/s")),
        (("--address", "db:1"), (Placement.ADDRESS, "db:1")),
    ],
)
def test_place_of_the_server_is_one_of_four(words: tuple[str, ...], target: tuple[Placement, str] | None) -> None:
    assert order_of(build_parser().parse_args(["setup", *words])).target == target


def test_socket_must_be_absolute() -> None:
    with pytest.raises(InvalidRequestError, match="no absolute path"):
        order_of(build_parser().parse_args(["setup", "--socket", "s"]))


def test_setup_is_for_root(
    orders: list[tuple[SetupOrder, Machine]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert main(["setup"]) == 77

    assert "root" in capsys.readouterr().err
    assert orders == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_end_by_a_signal_is_130_and_handlers_are_as_before(
    orders: list[tuple[SetupOrder, Machine]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    def interrupted(*_: object) -> int:
        signal.raise_signal(number)
        return 0

    monkeypatch.setattr(setup_command, "run_setup", interrupted)
    before = signal.getsignal(number)

    assert main(["setup", "--non-interactive"]) == 130

    assert signal.getsignal(number) is before
    assert "nothing is half done" in capsys.readouterr().err


def test_without_a_terminal_the_way_without_questions_is_named(
    orders: list[tuple[SetupOrder, Machine]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = Path.open

    def refused(path: Path, *arguments: str, **keywords: str) -> object:
        if str(path) == "/dev/tty":
            raise OSError(6, "No such device or address")
        return opened(path, *arguments, **keywords)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refused)

    assert main(["setup"]) == 2

    assert "--non-interactive" in capsys.readouterr().err
    assert orders == []


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """A socket at which somebody listens, who says nothing."""
    path = tmp_path / "listening.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        yield path


def test_runs_are_those_that_the_daemon_says_hold_a_server(listening: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [{"id": "r1", "operation": "backup"}, {"id": "r2", "operation": "upload"}, None]
    servers = [{"name": name, "active_run": run} for name, run in zip(("one", "two", "three"), runs, strict=True)]
    monkeypatch.setattr(Connection, "get", lambda *_: {"servers": servers})

    assert [str(each) for each in setup_command._runs(listening)] == ["backup of one (r1)"]


def test_a_daemon_that_listens_and_does_not_answer_may_have_a_run(
    listening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> object:
        raise CommandFailedError("the daemon does not answer", code="unavailable")

    monkeypatch.setattr(Connection, "get", silent)

    with pytest.raises(BusyError, match="does not say what it is doing: the daemon does not answer"):
        setup_command._runs(listening)


def test_no_run_goes_on_where_no_daemon_answers(tmp_path: Path) -> None:
    assert setup_command._runs(tmp_path / "control.sock") == ()
