"""The program beside the Apprise library."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from octeth_backupd.notifiers.apprise_program import answer
from tests.environment.receivers import http_receiver


def request(url: str, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "url": url,
        "title": "t & <t>",
        "texts": ["x" * 50_000, "fits & <fits>", "short"],
        "kind": "WARNING",
        "timeout_seconds": 2,
    }
    return values | changes


def test_the_longest_text_that_fits_is_sent_as_it_is() -> None:
    with http_receiver() as receiver:
        outcome = answer(request(receiver.url("/", scheme="json")))

    assert outcome == {"installed": True, "known": True, "sent": True, "said": []}
    document = receiver.requests[0].document
    assert (document["title"], document["message"], document["type"]) == ("t & <t>", "fits & <fits>", "warning")


def test_a_failure_carries_what_the_library_logged() -> None:
    with http_receiver() as receiver:
        receiver.status = 500
        outcome = answer(request(receiver.url("/", scheme="json")))

    assert (outcome["known"], outcome["sent"]) == (True, False)
    assert "error=500" in outcome["said"][0]


def test_an_address_that_the_library_does_not_know_is_not_sent_to() -> None:
    outcome = answer(request("nonsense://x"))

    assert (outcome["installed"], outcome["known"], outcome["sent"]) == (True, False, False)


def test_without_the_library_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    assert answer(request("json://x")) == {"installed": False, "known": False, "sent": False, "said": []}
