"""The contract of notifiers (``notifiers/base.py``), for each of them against a real endpoint, and for the fake."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.errors import NotifyError
from tests.contracts.notifier_endpoints import BEARER, PASSWORD, TOKEN, Endpoints
from tests.environment.tls_authority import make_server_certificate
from tests.fakes.notices import make_notice

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("email", "email-tls", "email-plain", "webhook", "healthchecks", "uptime-kuma", "apprise", "fake")
HTTP_KINDS = ("webhook", "healthchecks", "uptime-kuma", "apprise")
TEXT = "quotes \" ' `, a second\nline, 100 % & <b>no markup</b> \\ \\n, ü ß 日本語 🐘"
MEBIBYTE = 1 << 20
MOST_BYTES = 300_000


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    with ExitStack() as stack:
        yield Endpoints(certificate=make_server_certificate(tmp_path_factory.mktemp("tls")), stack=stack)


@pytest.mark.parametrize("kind", KINDS)
def test_text_arrives_as_it_was_written(endpoints: Endpoints, kind: str) -> None:
    endpoint = endpoints.make(kind, "takes")

    endpoint.notifier.send(make_notice(title='oempro: "backup" failed & more', text=TEXT))

    [text] = endpoint.texts()
    assert TEXT in text.replace("\r\n", "\n")
    assert 'oempro: "backup" failed & more' in text


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_word_for_every_failure_and_for_a_test(endpoints: Endpoints, kind: str) -> None:
    notifier = endpoints.make(kind, "takes").notifier

    assert notifier.has_word_for(make_notice())
    assert notifier.has_word_for(make_notice(NoticeKind.TEST, severity=Severity.INFO))


@pytest.mark.parametrize("kind", KINDS)
def test_a_mebibyte_of_output_is_cut_with_a_note_and_keeps_its_end(endpoints: Endpoints, kind: str) -> None:
    endpoint = endpoints.make(kind, "takes")
    lines = tuple(f"line {number} of the engine ü" for number in range(MEBIBYTE // 25))

    endpoint.notifier.send(make_notice(text=TEXT, log_tail=(*lines, "the last line")))

    [text] = endpoint.texts()
    assert TEXT in text.replace("\r\n", "\n")
    assert len(text.encode()) < MOST_BYTES
    assert ("the last line" in text and " cut)" in text) == endpoint.shows_log


@pytest.mark.parametrize("kind", KINDS)
def test_a_mebibyte_of_text_is_cut_with_a_note(endpoints: Endpoints, kind: str) -> None:
    endpoint = endpoints.make(kind, "takes")

    endpoint.notifier.send(make_notice(text=TEXT + "\n" + "ü" * MEBIBYTE))

    [text] = endpoint.texts()
    assert TEXT in text.replace("\r\n", "\n")
    assert len(text.encode()) < MOST_BYTES
    assert " cut)" in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mood", ["hangs", "resets", "fails", "limits"])
def test_what_may_pass_is_worth_another_try(endpoints: Endpoints, kind: str, mood: str) -> None:
    endpoint = endpoints.make(kind, mood)
    begun = time.monotonic()

    with pytest.raises(NotifyError) as caught:
        endpoint.notifier.send(make_notice())

    assert caught.value.retryable
    assert time.monotonic() - begun < 20
    assert endpoint.texts() == []
    asked = 77.0 if mood == "limits" and endpoint.says_retry_after else None
    assert caught.value.retry_after_seconds == asked


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "email-plain"])
def test_a_certificate_that_cannot_be_verified_is_an_error(endpoints: Endpoints, kind: str) -> None:
    endpoint = endpoints.make(kind, "bad-certificate")

    with pytest.raises(NotifyError) as caught:
        endpoint.notifier.send(make_notice())

    assert endpoint.texts() == []
    if endpoint.tells_certificates_apart:
        assert "certificate" in caught.value.message
        assert not caught.value.retryable


@pytest.mark.parametrize("kind", [*KINDS])
@pytest.mark.parametrize("mood", ["resets", "fails", "bad-certificate"])
def test_secrets_are_in_no_error_and_no_log(
    endpoints: Endpoints, kind: str, mood: str, caplog: pytest.LogCaptureFixture
) -> None:
    if kind == "email-plain" and mood == "bad-certificate":
        mood = "limits"  # without TLS there is no certificate
    endpoint = endpoints.make(kind, mood)

    # httpx logs whole addresses below this level; the daemon's log is set up so that it does not.
    with caplog.at_level("WARNING"), pytest.raises(NotifyError) as caught:
        endpoint.notifier.send(make_notice())

    error = caught.value
    shown = f"{error!r} {error} {error.hint} {error.__cause__!r} {endpoint.notifier!r} {endpoint.notifier.endpoint}"
    for secret in (TOKEN, BEARER, PASSWORD, "canary"):
        assert secret not in shown + caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_notice_can_be_sent(endpoints: Endpoints, kind: str) -> None:
    endpoint = endpoints.make(kind, "takes")

    for notice_kind in NoticeKind:
        endpoint.notifier.send(make_notice(notice_kind))

    assert endpoint.texts()


@pytest.mark.parametrize("kind", HTTP_KINDS[:3])
def test_an_answer_that_does_not_end_is_not_waited_for(endpoints: Endpoints, kind: str) -> None:
    endpoint = endpoints.make(kind, "trickles")
    begun = time.monotonic()

    with pytest.raises(NotifyError, match="does not end"):
        endpoint.notifier.send(make_notice())

    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("kind", KINDS)
def test_name_and_endpoint_say_which_it_is(endpoints: Endpoints, kind: str) -> None:
    notifier = endpoints.make(kind, "takes").notifier

    assert notifier.name
    assert notifier.kind in ("email", "webhook", "healthchecks", "apprise", "fake")
    assert notifier.endpoint
