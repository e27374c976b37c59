"""HTTP for notifiers: what an answer means, and what of an address may be shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import NotifyError
from octeth_backupd.notifiers.http import HttpRequest, exchange, retry_after_seconds, shown_endpoint
from tests.environment.receivers import http_receiver

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 22 Nov 2026 02:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 01:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 02:01:00 -0000", 60.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@h.example.com:8443/token?x=y", "https://h.example.com:8443"),
        ("http://h.example.com/token", "http://h.example.com"),
        ("https://[bad", "an address that cannot be read"),
    ],
)
def test_only_scheme_host_and_port_of_an_address_are_shown(url: str, shown: str) -> None:
    assert shown_endpoint(url) == shown


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (408, True),
        (425, True),
        (429, True),
        (500, True),
        (503, True),
        (302, False),
        (400, False),
        (401, False),
        (404, False),
    ],
)
def test_an_answer_says_whether_time_alone_may_help(status: int, retryable: bool) -> None:
    with http_receiver() as receiver:
        receiver.status, receiver.answer = status, "no_such\nchannel"
        with pytest.raises(NotifyError, match=rf"answers {status}.*: no_such channel") as caught:
            exchange(HttpRequest(method="POST", url=receiver.url(), timeout_seconds=5))

    assert caught.value.retryable is retryable
    assert bool(caught.value.hint) is not retryable


def test_redirects_are_not_followed() -> None:
    with http_receiver() as receiver:
        receiver.status, receiver.answer_headers = 302, {"Location": receiver.url("/elsewhere")}
        with pytest.raises(NotifyError) as caught:
            exchange(HttpRequest(method="GET", url=receiver.url(), timeout_seconds=5))

    assert "Redirects are not followed" in caught.value.hint


def test_the_answer_is_returned_without_its_tail() -> None:
    with http_receiver() as receiver:
        receiver.answer = "OK" + "x" * 100_000
        text = exchange(HttpRequest(method="GET", url=receiver.url(), timeout_seconds=5))

    assert text == "OK" + "x" * 4094


def test_certificates_that_cannot_be_read_are_told_with_their_path(tmp_path: Path) -> None:
    for content in (None, "no certificate"):
        bundle = tmp_path / "ca.pem"
        if content is not None:
            bundle.write_text(content)
        request = HttpRequest(method="GET", url="https://127.0.0.1:1/", timeout_seconds=1, ca_bundle=bundle)
        with pytest.raises(NotifyError, match=r"ca\.pem cannot be read"):
            exchange(request)


def test_an_address_that_is_none_is_told_without_showing_it() -> None:
    with pytest.raises(NotifyError) as caught:
        exchange(HttpRequest(method="GET", url="http://h\x7f.example.com/canary", timeout_seconds=1))

    assert "canary" not in str(caught.value)


def test_a_request_does_not_show_its_address_headers_or_body() -> None:
    request = HttpRequest(method="GET", url="http://canary", headers={"a": "canary"}, body=b"canary", timeout_seconds=1)

    assert "canary" not in repr(request)
