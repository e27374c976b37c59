"""The JSON body of webhooks: the bash tool's keys, Slack's, and the notice itself."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from octeth_backupd.domain.notices.notice import NoticeKind, Severity, parse_notice
from octeth_backupd.notifiers.settings import NotifierSettings
from octeth_backupd.notifiers.webhook import (
    SIGNATURE_HEADER,
    WebhookNotifier,
    signature,
    webhook_body,
    webhook_status,
)
from tests.environment.receivers import http_receiver
from tests.fakes.notices import make_notice

FAILED = make_notice(
    text="It <failed> & more.",
    facts=(("error", 'no "space"'), ("archive_bytes", "2576980378")),
    log_tail=("one", "two"),
)


def test_body_has_the_keys_that_the_bash_tool_wrote() -> None:
    body = webhook_body(FAILED, for_slack=False)

    assert list(body)[:5] == ["status", "message", "timestamp", "backup_size", "error"]
    assert (body["status"], body["message"], body["error"]) == ("failure", FAILED.title, 'no "space"')
    assert (body["timestamp"], body["backup_size"]) == ("2026-11-22T02:00:00Z", "2.4 GiB")


def test_body_carries_the_notice_as_it_is() -> None:
    body = webhook_body(FAILED, for_slack=False)

    assert parse_notice(json.dumps(body["notice"])) == FAILED


def test_slacks_own_markup_is_escaped_for_slack_alone() -> None:
    assert "It &lt;failed&gt; &amp; more." in webhook_body(FAILED, for_slack=True)["text"]
    assert "It <failed> & more." in webhook_body(FAILED, for_slack=False)["text"]


@pytest.mark.parametrize(
    ("kind", "severity", "is_end", "status"),
    [
        (NoticeKind.SUCCESS, Severity.INFO, False, "success"),
        (NoticeKind.FAILURE, Severity.WARNING, False, "failure"),
        (NoticeKind.DEGRADED, Severity.WARNING, False, "degraded"),
        (NoticeKind.OVERDUE, Severity.ERROR, False, "failure"),
        (NoticeKind.OVERDUE, Severity.INFO, True, "recovery"),
        (NoticeKind.DISK, Severity.WARNING, False, "warning"),
        (NoticeKind.TEST, Severity.INFO, False, "test"),
    ],
)
def test_status_is_one_word(kind: NoticeKind, severity: Severity, is_end: bool, status: str) -> None:
    assert webhook_status(make_notice(kind, severity=severity, is_end=is_end)) == status


def test_signature_is_the_hmac_of_the_body_as_it_arrives() -> None:
    with http_receiver() as receiver:
        table = {"kind": "webhook", "url": receiver.url("/x"), "signing_secret": "ké", "headers": {"X-Team": "a"}}
        WebhookNotifier(name="hook", settings=NotifierSettings.model_validate(table)).send(FAILED)

    [request] = receiver.requests
    digest = hmac.new("ké".encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers[SIGNATURE_HEADER] == f"sha256={digest}" == signature("ké", request.body)
    assert request.headers["X-Team"] == "a"
    assert request.headers["Content-Type"] == "application/json"


def test_without_a_key_nothing_is_signed() -> None:
    with http_receiver() as receiver:
        table = {"kind": "webhook", "url": receiver.url("/x")}
        WebhookNotifier(name="hook", settings=NotifierSettings.model_validate(table)).send(FAILED)

    assert SIGNATURE_HEADER not in receiver.requests[0].headers


def test_the_error_of_a_problem_that_is_no_runs_end_is_its_cause_and_empty_when_it_is_over() -> None:
    late = make_notice(NoticeKind.OVERDUE, text="None has been made in time.")
    over = make_notice(NoticeKind.OVERDUE, text="It is over.", severity=Severity.INFO, is_end=True)
    begun = make_notice(NoticeKind.START, text="It has begun.", severity=Severity.INFO)

    errors = [webhook_body(notice, for_slack=False)["error"] for notice in (late, over, begun)]

    assert errors == ["None has been made in time.", "", ""]
