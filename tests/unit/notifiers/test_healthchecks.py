"""Pings: which signal, to which address, with which run."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity
from octeth_backupd.errors import NotifyError
from octeth_backupd.notifiers.healthchecks import (
    HealthchecksNotifier,
    Signal,
    is_uptime_kuma,
    ping_url,
    push_url,
    run_uuid,
    signal,
)
from octeth_backupd.notifiers.settings import NotifierSettings
from tests.environment.receivers import HttpReceiver, http_receiver
from tests.fakes.clock import FakeClock
from tests.fakes.notices import make_notice

PING = "https://hc.example.com/0123456789abcdef"
PUSH = "https://kuma.example.com/api/push/abcdefghij"


def notifier(receiver: HttpReceiver, path: str) -> HealthchecksNotifier:
    table = {"kind": "healthchecks", "url": receiver.url(path)}
    return HealthchecksNotifier(name="ping", settings=NotifierSettings.model_validate(table))


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (make_notice(NoticeKind.START), Signal.START),
        (make_notice(NoticeKind.SUCCESS), Signal.SUCCESS),
        (make_notice(NoticeKind.RECOVERY), Signal.SUCCESS),
        (make_notice(NoticeKind.DEGRADED), Signal.FAIL),
        (make_notice(NoticeKind.FAILURE), Signal.FAIL),
        (make_notice(NoticeKind.FAILURE, facts=(("operation", "backup"),)), Signal.FAIL),
        (make_notice(NoticeKind.FAILURE, facts=(("operation", "sync"),)), Signal.LOG),
        (make_notice(NoticeKind.OVERDUE), Signal.FAIL),
        (make_notice(NoticeKind.OVERDUE, is_end=True), Signal.SUCCESS),
        (make_notice(NoticeKind.DISK, severity=Severity.ERROR), Signal.FAIL),
        (make_notice(NoticeKind.DISK, severity=Severity.ERROR, is_end=True), Signal.LOG),
        (make_notice(NoticeKind.DISK, severity=Severity.WARNING), Signal.LOG),
        (make_notice(NoticeKind.TEST, severity=Severity.INFO), Signal.LOG),
    ],
    ids=lambda one: one.kind if isinstance(one, Notice) else str(one),
)
def test_every_notice_is_a_signal(notice: Notice, expected: Signal) -> None:
    assert signal(notice) is expected


def test_a_success_that_is_told_late_is_no_sign_of_life_and_a_failure_still_one() -> None:
    late = make_notice(NoticeKind.SUCCESS)

    assert signal(late, is_late=True) is Signal.LOG
    assert push_url(PUSH, late, is_late=True) == ""
    assert signal(make_notice(NoticeKind.FAILURE), is_late=True) is Signal.FAIL


@pytest.mark.parametrize(("minutes", "path"), [(60, "/uuid"), (61, "/uuid/log")])
def test_a_success_is_late_after_an_hour(minutes: int, path: str) -> None:
    clock = FakeClock()
    notice = make_notice(NoticeKind.SUCCESS, at=clock.now() - timedelta(minutes=minutes))

    with http_receiver() as receiver:
        replace(notifier(receiver, "/uuid"), clock=clock).send(notice)

    assert receiver.requests[0].path == path


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        (PING, NoticeKind.SUCCESS, PING),
        (f"{PING}/", NoticeKind.START, f"{PING}/start"),
        (PING, NoticeKind.FAILURE, f"{PING}/fail"),
        (f"{PING}?create=1", NoticeKind.FAILURE, f"{PING}/fail?create=1"),
    ],
)
def test_the_signal_stands_behind_the_path(url: str, kind: NoticeKind, expected: str) -> None:
    assert ping_url(url, make_notice(kind)) == expected


def test_begin_and_end_of_a_run_have_the_same_rid() -> None:
    start, end = (ping_url(PING, make_notice(kind, run_id="r1")) for kind in (NoticeKind.START, NoticeKind.SUCCESS))

    assert start.partition("?")[2] == end.partition("?")[2] == f"rid={run_uuid('r1')}"


def test_a_rid_is_a_uuid_the_runs_own_where_it_is_one() -> None:
    own = "7a1c8a8e-3c7c-4d4b-9e2e-111111111111"

    assert run_uuid(own) == own
    assert uuid.UUID(run_uuid("20261122-020000-ab12"))
    assert run_uuid("a") != run_uuid("b")


@pytest.mark.parametrize(
    ("url", "style", "expected"),
    [(PUSH, "auto", True), (PING, "auto", False), (PUSH, "healthchecks", False), (PING, "uptime-kuma", True)],
)
def test_uptime_kuma_is_known_by_its_path_unless_told(url: str, style: str, expected: bool) -> None:
    assert is_uptime_kuma(url, style) is expected


def test_a_push_says_up_or_down_with_a_message_and_the_duration() -> None:
    facts = (("error", "no space & more"), ("duration_seconds", "1.5"))

    down = push_url(f"{PUSH}?status=up&msg=OK&ping=&x=y", make_notice(title="failed", facts=facts))
    up = push_url(PUSH, make_notice(NoticeKind.SUCCESS, title="fine"))

    assert down == f"{PUSH}?x=y&status=down&msg=failed%3A%20no%20space%20%26%20more&ping=1500"
    assert up == f"{PUSH}?status=up&msg=fine&ping="


def test_uptime_kuma_is_not_told_what_it_has_no_word_for() -> None:
    assert push_url(PUSH, make_notice(NoticeKind.START)) == ""
    assert push_url(PUSH, make_notice(NoticeKind.HOLD, severity=Severity.WARNING)) == ""
    assert "status=up" in push_url(PUSH, make_notice(NoticeKind.TEST, severity=Severity.INFO))


def test_uptime_kuma_has_no_word_for_a_start_nor_for_a_success_that_is_late_and_healthchecks_has_for_all() -> None:
    clock = FakeClock()
    late = make_notice(NoticeKind.SUCCESS, at=clock.now() - timedelta(minutes=61))
    notices = [make_notice(NoticeKind.START, at=clock.now()), late, make_notice(at=clock.now())]

    with http_receiver() as receiver:
        push, ping = (replace(notifier(receiver, path), clock=clock) for path in ("/api/push/token", "/uuid"))

        assert [push.has_word_for(notice) for notice in notices] == [False, False, True]
        assert all(ping.has_word_for(notice) for notice in notices)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ('{"ok":false,"msg":"Monitor not found\\nor not active."}', "did not take the push: Monitor not found or not"),
        ('{"ok":false}', "did not take the push$"),
        ('{"ok":null}', "did not take the push$"),
        ("\n<!DOCTYPE html><title>Sign in</title>", "the answer is a page"),
    ],
)
def test_a_push_that_uptime_kuma_did_not_take_is_an_error_though_it_answers_200(answer: str, words: str) -> None:
    with http_receiver() as receiver:
        receiver.answer = answer
        with pytest.raises(NotifyError, match=words) as caught:
            notifier(receiver, "/api/push/token").send(make_notice())

    assert not caught.value.retryable


@pytest.mark.parametrize("answer", ['{"ok":true}', "OK", "[]", ""])
def test_a_push_of_which_nothing_says_that_it_was_refused_was_taken(answer: str) -> None:
    with http_receiver() as receiver:
        receiver.answer = answer
        notifier(receiver, "/api/push/token").send(make_notice())

    assert len(receiver.requests) == 1


def test_a_ping_is_a_post_with_the_text_and_a_push_a_get() -> None:
    with http_receiver() as receiver:
        notifier(receiver, "/uuid").send(make_notice(log_tail=("the engine's line",)))
        notifier(receiver, "/api/push/token").send(make_notice())

    ping, push = receiver.requests
    assert (ping.method, ping.path) == ("POST", "/uuid/fail")
    assert b"the engine's line" in ping.body
    assert (push.method, push.path, push.query["status"]) == ("GET", "/api/push/token", "down")


@pytest.mark.parametrize(
    ("answer", "words", "retryable"),
    [("OK (not found)", "does not know this check", False), ("OK (rate limited)", "limits the rate", True)],
)
def test_what_is_said_with_status_200_all_the_same_is_an_error(answer: str, words: str, retryable: bool) -> None:
    with http_receiver() as receiver:
        receiver.answer = answer
        with pytest.raises(NotifyError, match=words) as caught:
            notifier(receiver, "/uuid").send(make_notice())

    assert caught.value.retryable is retryable
