"""No secret in an error, whatever a library puts there, and no other error than ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import NotifyError
from octeth_backupd.notifiers.redacted import RedactedNotifier
from octeth_backupd.process.redaction import Redactor
from tests.fakes.notices import make_notice
from tests.fakes.notifier import FakeNotifier

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.notice import Notice


def test_errors_are_masked_and_keep_what_they_say_of_another_try() -> None:
    inner = FakeNotifier(error=NotifyError("canary refused", hint="Wait.", retryable=True, retry_after_seconds=7.0))

    with pytest.raises(NotifyError) as caught:
        RedactedNotifier(inner=inner, redactor=Redactor(["canary"])).send(make_notice())

    error = caught.value
    assert (error.message, error.hint, error.retryable, error.retry_after_seconds) == ("*** refused", "Wait.", True, 7)
    assert error.__cause__ is None


def test_words_that_are_secret_here_only_are_masked_in_errors_and_spoil_no_name() -> None:
    inner = FakeNotifier(name="mail", endpoint="https://mail", error=NotifyError("https://mail: mail sesame-mail"))
    outer = RedactedNotifier(inner=inner, redactor=Redactor(["sesame-mail"]), of_errors=Redactor(["mail"]))

    with pytest.raises(NotifyError) as caught:
        outer.send(make_notice())

    assert caught.value.message == "https://***: *** ***"
    assert (outer.name, outer.endpoint) == ("mail", "https://mail")


def test_a_surprise_becomes_an_error_of_ours() -> None:
    def surprise(_notice: Notice) -> None:
        raise RuntimeError("canary")

    inner = FakeNotifier(before=surprise)

    with pytest.raises(NotifyError, match=r"unexpected error: RuntimeError: \*\*\*") as caught:
        RedactedNotifier(inner=inner, redactor=Redactor(["canary"])).send(make_notice())

    assert caught.value.retryable


def test_everything_else_is_the_inner_notifiers() -> None:
    inner = FakeNotifier(name="team", kind="webhook", endpoint="https://canary", limit_seconds=3.0)
    outer = RedactedNotifier(inner=inner, redactor=Redactor(["canary"]))

    outer.send(make_notice())

    assert (outer.name, outer.kind, outer.endpoint, outer.limit_seconds) == ("team", "webhook", "https://***", 3.0)
    assert len(inner.sent) == 1
