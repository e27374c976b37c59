"""One endpoint for each kind of notifier, in every mood, behind one interface."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import NotifyError
from octeth_backupd.notifiers.registry import notifiers_for
from octeth_backupd.notifiers.settings import NotifierSettings
from octeth_backupd.process.redaction import Redactor
from tests.environment.receivers import HttpReceiver, SmtpReceiver, http_receiver, raw_receiver, smtp_receiver
from tests.fakes.notifier import FakeNotifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.notifiers.base import Notifier
    from tests.environment.tls_authority import ServerCertificate

TOKEN = "canary-token-0123456789"
BEARER = "canary-bearer-0123456789"
PASSWORD = "canary-smtp-password"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A notifier and what its endpoint received, as texts.

    Attributes:
        shows_log: It hands on the log tail.
        says_retry_after: It tells how long it wants to be left alone.
        tells_certificates_apart: A bad certificate is told from an endpoint that is away.
    """

    notifier: Notifier
    texts: Callable[[], list[str]]
    shows_log: bool = True
    says_retry_after: bool = True
    tells_certificates_apart: bool = True


@dataclass(slots=True, kw_only=True)
class Endpoints:
    """Makes them; everything it starts ends with its stack."""

    certificate: ServerCertificate
    stack: ExitStack = field(default_factory=ExitStack)

    def make(self, kind: str, mood: str) -> Endpoint:
        """Return an endpoint that takes, hangs, resets, fails (500), limits (429) or has a bad certificate."""
        if kind == "fake":
            return _fake(mood)
        if kind.startswith("email"):
            return self._email(kind, mood)
        return self._http(kind, mood)

    def _http(self, kind: str, mood: str) -> Endpoint:
        has_tls = kind != "apprise" or mood == "bad-certificate"
        receiver = self.stack.enter_context(http_receiver(self.certificate.server_context() if has_tls else None))
        receiver.status = {"hangs": -1, "trickles": -2, "resets": 0, "fails": 500, "limits": 429}.get(mood, 200)
        receiver.answer = "OK" if mood == "takes" else "no: ECHO"
        receiver.answer_headers = {"Retry-After": "77"} if mood == "limits" else {}
        table = _table(kind, receiver)
        if has_tls and mood != "bad-certificate" and kind != "apprise":
            table["ca_bundle"] = self.certificate.ca_bundle
        return Endpoint(
            notifier=_built(table),
            texts=lambda: [_text(kind, receiver, number) for number in range(len(receiver.requests))],
            shows_log=kind != "uptime-kuma",
            says_retry_after=kind != "apprise",
            tells_certificates_apart=kind != "apprise",
        )

    def _email(self, kind: str, mood: str) -> Endpoint:
        table: dict[str, Any] = {
            "kind": "email",
            "host": "127.0.0.1",
            "sender": "backup@example.com",
            "recipients": ["dba@example.com", "ops@example.com"],
            "security": {"email": "starttls", "email-tls": "tls", "email-plain": "none"}[kind],
            "timeout_seconds": 1,
        }
        if kind != "email-plain":
            table |= {"user": "backup", "password": PASSWORD}
        if mood != "bad-certificate" and kind != "email-plain":
            table["ca_bundle"] = self.certificate.ca_bundle
        if mood in ("hangs", "resets"):
            table["port"] = self.stack.enter_context(raw_receiver(resets=mood == "resets"))
            return Endpoint(notifier=_built(table), texts=list, says_retry_after=False)
        tls = None if kind == "email-plain" else self.certificate.server_context()
        receiver = self.stack.enter_context(smtp_receiver(tls, is_tls_from_start=kind == "email-tls"))
        receiver.refusal = {"fails": "451 4.3.0 try later", "limits": "421 4.7.0 too many"}.get(mood, "")
        table["port"] = receiver.port
        return Endpoint(notifier=_built(table), texts=lambda: _mail_texts(receiver), says_retry_after=False)


def _table(kind: str, receiver: HttpReceiver) -> dict[str, Any]:
    table: dict[str, Any] = {"timeout_seconds": 1}
    match kind:
        case "webhook":
            headers = {"Authorization": f"Bearer {BEARER}"}
            url = receiver.url(f"/hooks/{TOKEN}", scheme="https")
            return table | {"kind": "webhook", "url": url, "headers": headers}
        case "healthchecks":
            return table | {"kind": "healthchecks", "url": receiver.url(f"/ping/{TOKEN}", scheme="https")}
        case "uptime-kuma":
            url = receiver.url(f"/api/push/{TOKEN}?status=up&msg=OK&ping=", scheme="https")
            return table | {"kind": "healthchecks", "url": url}
        case _:
            scheme = "jsons" if receiver.answer != "OK" and receiver.status == 200 else "json"
            return table | {"kind": "apprise", "url": receiver.url(f"/{TOKEN}", scheme=scheme)}


def _built(table: dict[str, Any]) -> Notifier:
    settings = NotifierSettings.model_validate(table)
    return notifiers_for({"team": settings}, redactor=Redactor(settings.secrets), host_name="db1")["team"]


def _text(kind: str, receiver: HttpReceiver, number: int) -> str:
    request = receiver.requests[number]
    match kind:
        case "webhook":
            return str(request.document["text"])
        case "healthchecks":
            return request.body.decode()
        case "uptime-kuma":
            return request.query["msg"]
        case _:
            return f"{request.document['title']}\n{request.document['message']}"


def _mail_texts(receiver: SmtpReceiver) -> list[str]:
    texts = []
    for message in receiver.messages:
        body = message.get_body(("plain",))
        assert body is not None
        texts.append(str(body.get_content()))
    return texts


def _fake(mood: str) -> Endpoint:
    errors = {
        "hangs": NotifyError("no answer from nowhere within 1 s", retryable=True),
        "trickles": NotifyError("the answer does not end", retryable=True),
        "resets": NotifyError("no connection to nowhere", retryable=True),
        "fails": NotifyError("nowhere answers 500", retryable=True),
        "limits": NotifyError("nowhere answers 429", retryable=True, retry_after_seconds=77.0),
        "bad-certificate": NotifyError("the certificate of nowhere cannot be verified"),
    }
    fake = FakeNotifier(error=errors.get(mood))
    return Endpoint(notifier=fake, texts=lambda: fake.texts)
