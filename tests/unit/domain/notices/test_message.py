"""A notice as text: whole where it fits, cut with a note where not."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.notices.message import (
    LOG_TITLE,
    cut_beginning,
    cut_end,
    cut_line,
    duration_words,
    message_text,
    shown_facts,
    size_words,
)
from tests.fakes.notices import make_notice


def test_text_facts_and_log_follow_each_other() -> None:
    notice = make_notice(text="It failed.\n", facts=(("step", "backup"), ("hint", "")), log_tail=("one", "two"))

    facts = "time: 2026-11-22 02:00:00 UTC\nstep: backup"
    assert message_text(notice, limit_bytes=10_000) == f"It failed.\n\n{facts}\n\n{LOG_TITLE}\none\ntwo"


def test_facts_are_in_the_words_of_people() -> None:
    facts = (("archive_bytes", "3221225472"), ("duration_seconds", "185.2"), ("error_code", "x"), ("odd_bytes", "much"))

    assert shown_facts(make_notice(facts=facts)) == (
        ("time", "2026-11-22 02:00:00 UTC"),
        ("archive", "3.0 GiB"),
        ("duration", "3 min 5 s"),
        ("error code", "x"),
        ("odd bytes", "much"),
    )


@pytest.mark.parametrize("limit_bytes", [300, 1_000, 20_000])
def test_whatever_the_limit_the_text_is_not_longer(limit_bytes: int) -> None:
    notice = make_notice(text="ü" * 400, log_tail=("ß" * 5_000, "the last line"))

    assert len(message_text(notice, limit_bytes=limit_bytes).encode()) <= limit_bytes


def test_a_log_that_does_not_fit_keeps_its_end() -> None:
    text = message_text(make_notice(log_tail=tuple(f"line {n}" for n in range(1_000))), limit_bytes=500)

    assert text.endswith("line 999")
    assert "… (8,889 bytes in all, the earlier ones cut)" in text


def test_a_log_that_would_be_a_scrap_is_left_out() -> None:
    assert LOG_TITLE not in message_text(make_notice(log_tail=("line",)), limit_bytes=100)


@pytest.mark.parametrize(
    ("text", "limit_bytes", "cut"),
    [
        ("short", 5, "short"),
        ("ü" * 50, 60, "ü" * 16 + "\n… (100 bytes in all, cut)"),
        ("a" * 50, 10, "a" * 10),
    ],
)
def test_the_end_goes_first_and_a_note_says_so_where_there_is_room(text: str, limit_bytes: int, cut: str) -> None:
    assert cut_end(text, limit_bytes) == cut


def test_one_long_line_is_cut_within() -> None:
    assert cut_beginning(("a" * 1_000 + "end",), 100).endswith("end")


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 40, "1.0 TiB")]
)
def test_sizes_in_words(size_bytes: int, words: str) -> None:
    assert size_words(size_bytes) == words


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min")])
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("refused user root (using a key)", "refused user root (using a key)"),
        ("the server refused user root at db (using password: YES)", "the server refused user root at db…"),
        ("the server refused the user of the backups", "the server refused the user of the…"),
        ("x" * 50, "x" * 39 + "…"),
        ("a (b) " + "x" * 50, "a (b) " + "x" * 33 + "…"),
    ],
)
def test_a_line_is_cut_between_words_and_not_inside_of_brackets(text: str, cut: str) -> None:
    assert cut_line(text, 40) == cut
