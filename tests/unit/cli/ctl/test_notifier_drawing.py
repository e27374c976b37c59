"""Notifiers drawn for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from octeth_backupd.cli.ctl.notifier_drawing import notifier_entry, show_notifier
from tests.fakes.terminal import MemoryScreen

AT = "2026-11-22T02:00:00Z"
NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def notifier(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": "mail",
        "kind": "email",
        "endpoint": "smtp.example.com:587",
        "on": ["failure", "recovery"],
        "state": "ok",
        "waiting": 0,
        "waiting_since": None,
        "next_try_at": None,
        "last_sent_at": AT,
        "last_failed_at": None,
        "last_error": "",
        "given_up": 0,
    }
    return values | changes


FAILING = notifier(
    name="chat", state="failing", waiting=2, waiting_since=AT, next_try_at=AT, last_failed_at=AT, last_error="refused"
)


def test_one_that_gets_through_says_of_what_it_tells_and_when_it_did_last() -> None:
    screen = MemoryScreen()

    show_notifier(notifier(), screen, now=NOW)

    assert "mail (email, smtp.example.com:587): gets through" in screen.shown
    assert "failure, recovery" in screen.shown
    assert "waiting" not in screen.shown


def test_one_that_does_not_says_what_waits_why_and_when_it_is_tried() -> None:
    screen = MemoryScreen()

    show_notifier(FAILING | {"given_up": 3}, screen, now=NOW)

    for words in ("does not get through", "2, since", "refused, ", "next try", "3 in the last 90 days"):
        assert words in screen.shown


@pytest.mark.parametrize(
    ("next_try_at", "words"), [(AT, "next try      being tried now"), ("2026-11-22T11:00:30Z", "(in 30 s)")]
)
def test_a_next_try_whose_time_has_come_goes_on_now(next_try_at: str, words: str) -> None:
    screen = MemoryScreen()

    show_notifier(FAILING | {"next_try_at": next_try_at}, screen, now=NOW)

    [line] = [line for line in screen.shown.splitlines() if "next try" in line]
    assert words in line
    assert "ago" not in line


def test_a_long_error_is_wrapped_between_words_within_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    screen = MemoryScreen(is_live=True)

    show_notifier(FAILING | {"last_error": "the service does not know this notifier. " * 10}, screen, now=NOW)

    lines = screen.shown.splitlines()
    assert max(len(line) for line in lines) <= screen.width
    assert screen.shown.count("notifier.") == 10


def test_status_has_one_line_for_all_with_the_last_notice_of_any() -> None:
    entry = notifier_entry([notifier(), notifier(name="new", state="unused", last_sent_at=None)], now=NOW)

    assert (entry.text, entry.style) == ("mail and new, last notice 9 h ago", "")


def test_status_names_those_that_do_not_get_through() -> None:
    entry = notifier_entry([notifier(last_sent_at=None), FAILING | {"last_sent_at": None}], now=NOW)

    assert entry.text == "mail and chat, nothing was sent yet; chat does not get through, see above"
    assert entry.style == "yellow"


def test_without_notifiers_status_says_that_nobody_is_told() -> None:
    assert "nobody is told" in notifier_entry([], now=NOW).text
