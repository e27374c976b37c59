"""Notifiers drawn for people."""

from __future__ import annotations

from typing import Any

from octeth_backupd.cli.ctl.notifier_drawing import show_notifier, show_notifiers
from tests.fakes.terminal import MemoryScreen

AT = "2026-11-22T02:00:00Z"


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

    show_notifier(notifier(), screen)

    assert "mail (email, smtp.example.com:587): gets through" in screen.shown
    assert "failure, recovery" in screen.shown
    assert "waiting" not in screen.shown


def test_one_that_does_not_says_what_waits_why_and_when_it_is_tried() -> None:
    screen = MemoryScreen()

    show_notifier(FAILING | {"given_up": 3}, screen)

    for words in ("does not get through", "2, since", "refused, ", "next try", "3 in the last 90 days"):
        assert words in screen.shown


def test_status_has_one_line_for_each() -> None:
    screen = MemoryScreen()

    show_notifiers([notifier(), FAILING, notifier(name="new", state="unused", last_sent_at=None)], screen)

    lines = screen.shown.splitlines()
    assert lines[1] == "notifiers"
    assert "gets through, last" in lines[2]
    assert "2 waiting, refused" in lines[3]
    assert lines[4].endswith("nothing was sent yet")


def test_without_notifiers_status_shows_nothing_of_them() -> None:
    screen = MemoryScreen()

    show_notifiers([], screen)

    assert screen.shown == ""
