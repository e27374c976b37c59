"""Texts within the width of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wrapping import Entry, show_entries, show_wrapped, wrapped
from tests.fakes.terminal import MemoryScreen

if TYPE_CHECKING:
    import pytest

PATH = "/srv/oempro/backups/octeth-backup-2026-11-22.tar.zst"


def test_lines_are_broken_between_words_and_their_own_breaks_and_indents_are_kept() -> None:
    assert list(wrapped("one two three four five\n  -v /a:/b", 20)) == ["one two three four", "five", "  -v /a:/b"]
    assert list(wrapped("", 20)) == [""]


def test_a_word_longer_than_a_line_is_broken_behind_a_slash_if_it_has_one() -> None:
    assert list(wrapped(f"look at {PATH}", 36)) == [
        "look at",
        "/srv/oempro/backups/",
        "octeth-backup-2026-11-22.tar.zst",
    ]
    assert list(wrapped("x" * 45, 20)) == ["x" * 20, "x" * 20, "x" * 5]


def test_further_lines_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = MemoryScreen(is_live=True)

    show_wrapped(f"! {'word ' * 12}".strip(), screen, hang=2)

    assert screen.shown.splitlines()[1].startswith("  word")


def test_texts_are_aligned_behind_their_names_and_below_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = MemoryScreen(colour=True, is_live=True)

    show_entries(
        [Entry(name="why", text="word " * 9), Entry(name="command", text="x" * 50, is_whole=True, style="bold")],
        screen,
        indent=2,
    )

    assert screen.shown.splitlines() == [
        "  why      word word word word word word",
        "           word word word",
        f"\x1b[1m  command  {'x' * 50}\x1b[0m",
    ]


def test_where_there_is_no_terminal_lines_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = MemoryScreen()

    show_wrapped(f"! {'word ' * 60}{PATH}", screen, hang=2)

    assert screen.shown.count("\n") == 1
