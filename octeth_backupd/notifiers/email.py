"""Notices as mail, by SMTP: one message to all recipients, plain text and HTML.

Source:
    RFC 5322 (Message-ID, Date, References), RFC 3834 (Auto-Submitted), RFC 3207 (STARTTLS), RFC 8314 (TLS).
"""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.notices.message import LOG_TITLE, cut_beginning, cut_end, message_text, shown_facts
from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity
from octeth_backupd.errors import NotifyError

if TYPE_CHECKING:
    from octeth_backupd.notifiers.settings import NotifierSettings

_log = structlog.get_logger("notices")

_PART_BYTES = 200_000
_SUBJECT_CHARACTERS = 200
_TEMPORARY = range(400, 500)
_WORDS = {Severity.INFO: "", Severity.WARNING: "WARNING: ", Severity.ERROR: "ERROR: "}
_COLOURS = {Severity.INFO: "#2e7d32", Severity.WARNING: "#b26a00", Severity.ERROR: "#b71c1c"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailNotifier:
    """See notifiers.base.

    Attributes:
        host_name: This machine's, for greeting, subject and signature.
    """

    name: str
    settings: NotifierSettings
    host_name: str
    kind: str = "email"

    @property
    def endpoint(self) -> str:
        """See Notifier.endpoint."""
        return f"{self.settings.host}:{self.settings.smtp_port}"

    @property
    def limit_seconds(self) -> float:
        """See Notifier.limit_seconds."""
        return self.settings.limit_seconds

    def has_word_for(self, notice: Notice) -> bool:  # noqa: ARG002 - it has one for all
        """See Notifier.has_word_for."""
        return True

    def send(self, notice: Notice) -> None:
        """See Notifier.send. Where some recipients are refused and others not, those are logged."""
        message = email_message(
            notice, sender=self.settings.sender, recipients=self.settings.recipients, host_name=self.host_name
        )
        try:
            refused = self._deliver(message)
        except smtplib.SMTPNotSupportedError as exc:
            hint = "Choose another value for security, or see that the server offers what is asked for."
            raise NotifyError(f"{self.endpoint} does not offer what is needed: {exc}", hint=hint) from exc
        except smtplib.SMTPAuthenticationError as exc:
            raise _login_refused(self.endpoint, exc) from exc
        except smtplib.SMTPRecipientsRefused as exc:
            raise self._recipients_refused(exc.recipients) from exc
        except smtplib.SMTPResponseException as exc:
            raise NotifyError(
                f"{self.endpoint} answers {exc.smtp_code} {_text(exc.smtp_error)}",
                retryable=exc.smtp_code in _TEMPORARY,
            ) from exc
        except ssl.SSLCertVerificationError as exc:
            raise NotifyError(
                f"the certificate of {self.endpoint} cannot be verified: {exc.verify_message}",
                hint="Name the authority's certificates in ca_bundle, or write host as the certificate spells it.",
            ) from exc
        except TimeoutError as exc:
            limit = f"{self.settings.timeout_seconds} s"
            raise NotifyError(f"no answer from {self.endpoint} within {limit}", retryable=True) from exc
        except (smtplib.SMTPException, OSError, UnicodeError) as exc:
            raise NotifyError(f"no connection to {self.endpoint}: {exc}", retryable=True) from exc
        if refused and notice.kind is NoticeKind.TEST:
            raise self._recipients_refused(refused)
        if refused:
            _log.warning("notice.recipients_refused", notifier=self.name, recipients=sorted(refused))

    def _deliver(self, message: EmailMessage) -> dict[str, tuple[int, bytes]]:
        client = self._connect()
        try:
            client.ehlo_or_helo_if_needed()
            if self.settings.security == "starttls":
                client.starttls(context=self._tls())
                client.ehlo()
            if self.settings.user:
                client.login(self.settings.user, self.settings.password.get_secret_value())
            refused = client.send_message(message, self.settings.sender, self.settings.recipients)
            with contextlib.suppress(smtplib.SMTPException, OSError):  # the message was taken
                client.quit()
        finally:
            client.close()
        return refused

    def _connect(self) -> smtplib.SMTP:
        # A name of our own: the library's default asks the DNS, which may take long.
        own_name = self.host_name if self.host_name.isascii() and self.host_name else "localhost"
        host, port, seconds = self.settings.host, self.settings.smtp_port, self.settings.timeout_seconds
        if self.settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, local_hostname=own_name, timeout=seconds, context=self._tls())
        return smtplib.SMTP(host, port, local_hostname=own_name, timeout=seconds)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.settings.ca_bundle is not None:
            context.load_verify_locations(self.settings.ca_bundle)
        return context

    def _recipients_refused(self, refused: dict[str, tuple[int, bytes]]) -> NotifyError:
        said = "; ".join(f"{address}: {code} {_text(text)}" for address, (code, text) in sorted(refused.items()))
        return NotifyError(
            f"{self.endpoint} refuses recipients: {said}",
            hint="Correct recipients in the configuration, or let the server relay for this host.",
            retryable=all(code in _TEMPORARY for code, _ in refused.values()),
        )


def email_message(notice: Notice, *, sender: str, recipients: tuple[str, ...], host_name: str) -> EmailMessage:
    """Return a notice as a message; the same notice gives the same Message-ID, so that a second is known as such."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _one_line(f"{_WORDS[notice.severity]}{notice.title} [{host_name}]")
    message["From"] = f"octeth-backupd <{sender}>"
    message["To"] = ", ".join(recipients)
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = f"<{_digest(notice.notice_id)}@{domain}>"
    if notice.problem:
        message["References"] = f"<{_digest(notice.problem)}@{domain}>"  # one thread for each problem
    message["Auto-Submitted"] = "auto-generated"
    signature = f"octeth-backupd, {host_name}"
    text = f"{notice.title}\n\n{message_text(notice, limit_bytes=_PART_BYTES)}\n\n-- \n{signature}\n"
    message.set_content(text, cte="base64" if not text.isascii() else "quoted-printable")
    message.add_alternative(_html(notice, signature), subtype="html", cte="base64")
    return message


def _html(notice: Notice, signature: str) -> str:
    rows = "".join(
        f'<tr><td style="padding:2px 12px 2px 0;color:#666;vertical-align:top">{escape(label)}</td>'
        f'<td style="white-space:pre-wrap">{escape(value)}</td></tr>'
        for label, value in shown_facts(notice)
    )
    log = (
        f"<p>{LOG_TITLE}</p>"
        f'<pre style="background:#f4f4f4;padding:8px">{escape(cut_beginning(notice.log_tail, _PART_BYTES))}</pre>'
        if notice.log_tail
        else ""
    )
    return (
        '<html><body style="font-family:sans-serif;font-size:14px">'
        f'<h2 style="color:{_COLOURS[notice.severity]}">{escape(notice.title)}</h2>'
        f'<div style="white-space:pre-wrap">{escape(cut_end(notice.text, _PART_BYTES))}</div>'
        f'<table style="margin-top:12px">{rows}</table>{log}'
        f'<p style="color:#666">{escape(signature)}</p></body></html>\n'
    )


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SUBJECT_CHARACTERS]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _text(answer: bytes | str) -> str:
    return _one_line(answer.decode(errors="replace") if isinstance(answer, bytes) else answer)


def _login_refused(endpoint: str, error: smtplib.SMTPAuthenticationError) -> NotifyError:
    return NotifyError(
        f"{endpoint} refuses the login: {error.smtp_code} {_text(error.smtp_error)}",
        hint="Correct user and password; many providers want a password made for programs.",
        retryable=error.smtp_code in _TEMPORARY,
    )
