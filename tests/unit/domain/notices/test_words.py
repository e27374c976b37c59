"""Words of notices."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from octeth_backupd.domain.notices.words import count_words, duration_words, moment_words, sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (59.9, "59 s"), (7199, "119 min"), (7200, "2 h"), (172799, "47 h"), (172800, "2 days")],
)
def test_a_duration_is_never_said_longer_than_it_is(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_a_time_is_said_in_utc_with_its_weekday() -> None:
    at = datetime(2026, 11, 22, 4, 30, tzinfo=timezone(timedelta(hours=2)))

    assert moment_words(at) == "Sun 2026-11-22 02:30 UTC"


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [(1, "copy", "1 copy"), (2, "copy", "2 copies"), (0, "run", "0 runs"), (3, "day", "3 days")],
)
def test_one_is_no_plural(count: int, noun: str, words: str) -> None:
    assert count_words(count, noun) == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("it fails", "It fails."),
        ("xtrabackup: no", "xtrabackup: no."),
        ("s3://b is away", "s3://b is away."),
        ("What?", "What?"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_unless_with_a_name(text: str, said: str) -> None:
    assert sentence(text) == said
