"""Mail: the message itself, and what a server's answers mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.errors import NotifyError
from octeth_backupd.notifiers.email import EmailNotifier, email_message
from octeth_backupd.notifiers.settings import NotifierSettings
from tests.environment.receivers import SmtpReceiver, smtp_receiver
from tests.environment.tls_authority import make_server_certificate
from tests.fakes.notices import make_notice

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from octeth_backupd.domain.notices.notice import Notice

TO = ("dba@example.com", "ops@example.com")


def message(notice: Notice) -> EmailMessage:
    return email_message(notice, sender="backup@example.com", recipients=TO, host_name="db1")


def notifier(receiver: SmtpReceiver, **table: Any) -> EmailNotifier:
    values: dict[str, Any] = {
        "kind": "email",
        "host": "127.0.0.1",
        "port": receiver.port,
        "security": "none",
        "sender": "backup@example.com",
        "recipients": list(TO),
        "timeout_seconds": 2,
    }
    return EmailNotifier(name="mail", settings=NotifierSettings.model_validate(values | table), host_name="db1")


def test_headers_say_what_is_the_matter_when_and_where() -> None:
    mail = message(make_notice(title="oempro: backup failed: ü\nX-Evil: 1"))

    assert mail["Subject"] == "ERROR: oempro: backup failed: ü X-Evil: 1 [db1]"
    assert mail["Date"] == "Sun, 22 Nov 2026 02:00:00 +0000"
    assert mail["To"] == "dba@example.com, ops@example.com"
    assert mail["From"] == "octeth-backupd <backup@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Evil"] is None


@pytest.mark.parametrize(
    ("severity", "words"), [(Severity.INFO, "t [db1]"), (Severity.WARNING, "WARNING: t"), (Severity.ERROR, "ERROR: t")]
)
def test_subject_begins_with_how_bad_it_is(severity: Severity, words: str) -> None:
    assert message(make_notice(title="t", severity=severity))["Subject"].startswith(words)


def test_the_same_notice_has_the_same_message_id_and_another_has_another() -> None:
    first, again, other = (message(make_notice(notice_id=one))["Message-ID"] for one in ("a", "a", "b"))

    assert first == again
    assert first != other
    assert first.endswith("@example.com>")


def test_mails_of_one_problem_are_one_thread() -> None:
    begin, end = (message(make_notice(notice_id=one, problem="overdue:oempro")) for one in ("a", "b"))

    assert begin["References"] == end["References"]
    assert message(make_notice())["References"] is None


def test_there_is_a_text_and_an_html_part_with_the_same_content() -> None:
    mail = message(make_notice(text="a <b> & c", facts=(("error", "<script>"),), log_tail=("line 1 <x>", "line 2 ü")))
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))

    assert plain is not None
    assert html is not None
    assert "a <b> & c" in plain.get_content()
    assert "line 2 ü" in plain.get_content()
    assert "a &lt;b&gt; &amp; c" in html.get_content()
    assert "&lt;script&gt;" in html.get_content()
    assert "<script>" not in html.get_content()


def test_mail_goes_to_every_recipient_over_starttls_with_login(tmp_path: Path) -> None:
    certificate = make_server_certificate(tmp_path)
    login = {"security": "starttls", "user": "backup", "password": "canary-smtp-password"}
    with smtp_receiver(certificate.server_context()) as receiver:
        notifier(receiver, ca_bundle=certificate.ca_bundle, **login).send(make_notice())

    assert receiver.recipients == [list(TO)]


def test_a_refused_login_is_nothing_that_time_helps_against(tmp_path: Path) -> None:
    certificate = make_server_certificate(tmp_path)
    login = {"security": "starttls", "user": "backup", "password": "canary-wrong"}
    with (
        smtp_receiver(certificate.server_context()) as receiver,
        pytest.raises(NotifyError, match="refuses the login: 535") as caught,
    ):
        notifier(receiver, ca_bundle=certificate.ca_bundle, **login).send(make_notice())

    assert not caught.value.retryable
    assert receiver.messages == []


def test_a_server_without_starttls_gets_no_mail() -> None:
    with smtp_receiver() as receiver, pytest.raises(NotifyError, match="does not offer") as caught:
        notifier(receiver, security="starttls").send(make_notice())

    assert not caught.value.retryable
    assert receiver.messages == []


@pytest.mark.parametrize(("answer", "retryable"), [("451 later", True), ("554 spam", False), ("421 busy", True)])
def test_the_servers_answer_says_whether_time_may_help(answer: str, retryable: bool) -> None:
    with smtp_receiver() as receiver:
        receiver.refusal = answer
        with pytest.raises(NotifyError, match=answer) as caught:
            notifier(receiver).send(make_notice())

    assert caught.value.retryable is retryable


def test_a_mail_that_some_recipients_get_is_sent_and_a_test_says_who_did_not() -> None:
    with smtp_receiver() as receiver:
        receiver.refused_recipients = ("ops@example.com",)
        notifier(receiver).send(make_notice())
        with pytest.raises(NotifyError, match=r"ops@example\.com: 550 5\.1\.1 no such user"):
            notifier(receiver).send(make_notice(NoticeKind.TEST))

    assert receiver.recipients == [["dba@example.com"]] * 2


def test_a_mail_that_nobody_may_get_is_an_error() -> None:
    with smtp_receiver() as receiver:
        receiver.refused_recipients = TO
        with pytest.raises(NotifyError, match="refuses recipients") as caught:
            notifier(receiver).send(make_notice())

    assert not caught.value.retryable


def test_no_connection_is_worth_another_try() -> None:
    with smtp_receiver() as receiver:
        pass
    with pytest.raises(NotifyError, match="no connection") as caught:
        notifier(receiver).send(make_notice())

    assert caught.value.retryable
