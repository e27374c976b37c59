"""The Apprise library: errors in words, and its absence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.notices.notice import Severity
from octeth_backupd.errors import NotifyError
from octeth_backupd.notifiers.apprise import AppriseNotifier
from octeth_backupd.notifiers.settings import NotifierSettings
from tests.environment.receivers import http_receiver
from tests.fakes.notices import make_notice

if TYPE_CHECKING:
    from pathlib import Path


def notifier(url: str) -> AppriseNotifier:
    settings = NotifierSettings.model_validate({"kind": "apprise", "url": url, "timeout_seconds": 2})
    return AppriseNotifier(name="chat", settings=settings)


def test_a_missing_library_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [path for path in sys.path if "site-packages" not in path])

    with pytest.raises(NotifyError, match="not installed") as caught:
        notifier("json://localhost").send(make_notice())

    assert "pipx install" in caught.value.hint
    assert not caught.value.retryable


def test_a_program_that_fails_is_worth_another_try(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit(7)")
    monkeypatch.setattr("octeth_backupd.notifiers.apprise.PROGRAM", broken)

    with pytest.raises(NotifyError, match=r"broken\.py ended with 7") as caught:
        notifier("json://localhost").send(make_notice())

    assert caught.value.retryable


def test_an_address_that_the_library_does_not_know_is_told() -> None:
    with pytest.raises(NotifyError, match="does not understand") as caught:
        notifier("nonsense://whatever").send(make_notice())

    assert not caught.value.retryable


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (404, False), (429, True), (500, True), (503, True)])
def test_the_status_in_the_librarys_log_says_whether_time_may_help(status: int, retryable: bool) -> None:
    with http_receiver() as receiver:
        receiver.status = status
        with pytest.raises(NotifyError, match=f"error={status}") as caught:
            notifier(receiver.url("/", scheme="json")).send(make_notice())

    assert caught.value.retryable is retryable


@pytest.mark.parametrize(
    ("severity", "is_end", "kind"),
    [
        (Severity.ERROR, False, "failure"),
        (Severity.WARNING, False, "warning"),
        (Severity.INFO, False, "info"),
        (Severity.INFO, True, "success"),
    ],
)
def test_severity_is_handed_on(severity: Severity, is_end: bool, kind: str) -> None:
    with http_receiver() as receiver:
        notifier(receiver.url("/", scheme="json")).send(make_notice(severity=severity, is_end=is_end))

    assert receiver.requests[0].document["type"] == kind


def test_only_the_scheme_is_shown() -> None:
    assert notifier("tgram://123456:canary/42").endpoint == "tgram:// by apprise"
