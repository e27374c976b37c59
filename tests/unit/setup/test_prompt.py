"""Asking somebody, or nobody."""

from __future__ import annotations

import io

import pytest

from octeth_backupd.errors import CancelledError, InvalidRequestError
from octeth_backupd.setup.prompt import NobodyPrompt, TerminalPrompt


def _terminal(typed: str, *, hidden: str = "", yes: bool = False) -> tuple[TerminalPrompt, io.StringIO]:
    sink = io.StringIO()
    return TerminalPrompt(io.StringIO(typed), sink, read_hidden=lambda _: hidden, yes=yes), sink


def test_empty_line_takes_the_default() -> None:
    prompt, sink = _terminal("\n typed \n")

    assert prompt.text("Name", flag="--server", default="oempro") == "oempro"
    assert prompt.text("Name", flag="--server", default="oempro") == "typed"
    assert sink.getvalue() == "Name [oempro]: " * 2


def test_default_that_the_server_named_cannot_fake_what_is_shown() -> None:
    prompt, sink = _terminal("\n")

    prompt.text("Databases", flag="--databases", default="a\nDo it? [Y/n]\x1b[2K")

    assert sink.getvalue() == "Databases [a�Do it? [Y/n]�[2K]: "


def test_empty_line_without_a_default_is_asked_again_with_the_flag() -> None:
    prompt, sink = _terminal("\nx\n")

    assert prompt.text("Name", flag="--server") == "x"
    assert "--server" in sink.getvalue()


def test_empty_default_is_an_answer() -> None:
    prompt, _ = _terminal("\n")

    assert prompt.text("Databases", flag="--databases", default="") == ""


def test_choice_is_by_number_and_asked_until_it_is_one() -> None:
    prompt, sink = _terminal("3\nx\n2\n")

    assert prompt.choice("Which?", ["a", "b"], flag="--container", default=0) == 1
    assert "  1. a\n  2. b\n" in sink.getvalue()
    assert sink.getvalue().count("from 1 to 2") == 2


@pytest.mark.parametrize(
    ("typed", "default", "answer"),
    [
        ("y\n", False, True),
        ("NO\n", True, False),
        ("\n", True, True),
        ("\n", False, False),
        ("what\nyes\n", False, True),
    ],
)
def test_offer_takes_yes_no_and_its_default(typed: str, default: bool, answer: bool) -> None:
    prompt, _ = _terminal(typed)

    assert prompt.offer("Start?", default=default) is answer


def test_yes_confirms_without_a_question_and_takes_no_offer() -> None:
    prompt, sink = _terminal("n\n", yes=True)

    assert prompt.confirm("Do it?")
    assert sink.getvalue() == ""
    assert not prompt.offer("Start?")


def test_closed_terminal_ends_it() -> None:
    prompt, _ = _terminal("")

    with pytest.raises(CancelledError):
        prompt.text("Name", flag="--server", default="x")


def test_hidden_answer_is_not_written() -> None:
    prompt, sink = _terminal("", hidden="hunter2")

    assert prompt.secret("Password", flag="--password-file") == "hunter2"
    assert sink.getvalue() == ""


def test_closed_terminal_ends_a_hidden_question() -> None:
    def closed(_: str) -> str:
        raise EOFError

    prompt = TerminalPrompt(io.StringIO(), io.StringIO(), read_hidden=closed)

    with pytest.raises(CancelledError):
        prompt.secret("Password", flag="--password-file")


def test_nobody_takes_defaults_and_names_the_flag_that_is_missing() -> None:
    prompt = NobodyPrompt()

    assert prompt.text("Name", flag="--server", default="x") == "x"
    assert prompt.choice("Which?", ["a"], flag="--container", default=0) == 0
    assert prompt.confirm("Do it?")
    assert not prompt.offer("Start?")
    for ask in (
        lambda: prompt.text("Name", flag="--server"),
        lambda: prompt.secret("Password", flag="--server"),
        lambda: prompt.choice("Which?", ["a", "b"], flag="--server", default=0),
    ):
        with pytest.raises(InvalidRequestError) as caught:
            ask()
        assert "--server" in caught.value.hint
