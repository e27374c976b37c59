"""Standard output and error."""

import io
import json
import sys

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.screen import Screen, printable
from tests.fakes.terminal import MemoryScreen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_columns_are_aligned_and_never_cut() -> None:
    screen = MemoryScreen()

    screen.table(("ID", "SIZE", "STATUS"), [("x" * 300, "1 B", "good"), ("y", "100 B", "")], right=frozenset({"SIZE"}))

    lines = screen.shown.splitlines()
    assert lines[1] == "x" * 300 + "    1 B  good"
    assert lines[2] == "y" + " " * 299 + "  100 B  "
    assert lines[0].startswith("ID" + " " * 298 + "   SIZE  STATUS")


def test_plain_output_has_no_escape_sequences() -> None:
    screen = MemoryScreen()

    screen.line("text", style="red")
    screen.table(("A",), [("failed",)])

    assert "\x1b" not in screen.shown


def test_colour_does_not_change_the_alignment() -> None:
    screen = MemoryScreen(colour=True)

    screen.table(("STATUS", "NEXT"), [("failed", "a"), ("degraded", "b")])

    lines = [
        line.replace("\x1b[31m", "").replace("\x1b[33m", "").replace("\x1b[0m", "")
        for line in screen.shown.splitlines()
    ]
    assert lines[1:] == ["failed    a", "degraded  b"]
    assert "\x1b[31mfailed\x1b[0m" in screen.shown


@pytest.mark.parametrize(
    ("environment", "live", "colour"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({}, False, False),
    ],
)
def test_a_terminal_is_used_as_far_as_the_environment_lets(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, live: bool, colour: bool
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    screen = Screen.for_process(as_json=False)

    assert (screen.is_live, screen.colour) == (live, colour)


def test_a_pipe_is_never_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("TERM", "xterm")

    screen = Screen.for_process(as_json=False)

    assert (screen.is_live, screen.colour) == (False, False)


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert (
        printable("a\x1b[2Jb\rc\x07\td\ne")
        == "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}\td\ne"
    )


def test_marks_fall_back_where_the_output_cannot_show_them() -> None:
    latin = Screen(out=io.TextIOWrapper(io.BytesIO(), encoding="latin-1"), err=io.StringIO(), as_json=False)

    assert latin.symbols["failed"] == "x"
    assert MemoryScreen().symbols["failed"] == "✗"


def test_a_failure_is_told_on_standard_error_with_its_hint() -> None:
    screen = MemoryScreen()

    screen.failure(CommandFailedError("it broke", hint="Mend it.", code="busy"))

    assert screen.said == "octeth-backupctl: it broke\nMend it.\n"
    assert screen.shown == ""


def test_a_failure_is_a_document_too_when_json_was_asked_for() -> None:
    screen = MemoryScreen(as_json=True)

    screen.failure(CommandFailedError("it broke", code="busy"))

    assert json.loads(screen.shown) == {
        "schema_version": 1,
        "error": {"code": "busy", "message": "it broke", "hint": ""},
    }
    assert screen.said == "octeth-backupctl: it broke\n"


def test_a_question_stands_on_standard_error_with_the_answer_behind_it() -> None:
    screen = MemoryScreen()

    screen.question("Type \x1b[31mit: ")

    assert screen.said == "Type \N{REPLACEMENT CHARACTER}[31mit: "
    assert screen.shown == ""


@pytest.mark.parametrize(("columns", "width"), [("80", 80), ("300", 120), ("10", 40)])
def test_width_is_the_terminals_within_what_can_be_read(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    assert MemoryScreen(is_live=True).width == width


def test_a_failure_is_wrapped_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen, file = MemoryScreen(is_live=True), MemoryScreen()

    for one in (screen, file):
        one.failure(CommandFailedError("no daemon answers at /run/octeth-backupd/control.sock", hint="Start it."))

    assert screen.said.splitlines() == [
        "octeth-backupctl: no daemon answers at",
        "/run/octeth-backupd/control.sock",
        "Start it.",
    ]
    assert file.said.count("\n") == 2
