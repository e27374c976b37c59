"""Asking for the server's name."""

import io
from typing import TextIO

import pytest

from octeth_backupd.cli.ctl.confirmation import confirmed_name
from octeth_backupd.cli.ctl.failure import CommandFailedError
from tests.fakes.terminal import MemoryScreen


class Typed(io.StringIO):
    """A terminal at which something is typed."""

    def isatty(self) -> bool:
        return True


def at(stdin: TextIO, monkeypatch: pytest.MonkeyPatch) -> MemoryScreen:
    monkeypatch.setattr("sys.stdin", stdin)
    return MemoryScreen()


@pytest.mark.parametrize("typed", ["oempro\n", "  oempro \n", "oempro"])
def test_the_servers_name_confirms(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = at(Typed(typed), monkeypatch)

    assert confirmed_name("oempro", screen, yes=False) == "oempro"
    assert "oempro" in screen.said
    assert screen.shown == ""


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "yes\n", "Oempro\n", "other\noempro\n"])
def test_anything_else_ends_with_3(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandFailedError, match="nothing was touched") as caught:
        confirmed_name("oempro", at(Typed(typed), monkeypatch), yes=False)

    assert caught.value.exit_code == 3


def test_without_a_terminal_nobody_is_asked_and_the_hint_names_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = at(io.StringIO("oempro\n"), monkeypatch)

    with pytest.raises(CommandFailedError) as caught:
        confirmed_name("oempro", screen, yes=False)

    assert (caught.value.exit_code, screen.said) == (2, "")
    assert "--yes" in caught.value.hint


def test_json_is_for_programs_which_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typed("oempro\n"))

    with pytest.raises(CommandFailedError):
        confirmed_name("oempro", MemoryScreen(as_json=True), yes=False)


def test_yes_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = at(io.StringIO(), monkeypatch)

    assert confirmed_name("oempro", screen, yes=True) == "oempro"
    assert screen.said == ""
