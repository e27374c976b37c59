"""Settings of the notifiers, one table each.

All kinds share one table so that every key has one place in file, environment and credentials; keys of another kind
are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from octeth_backupd.domain.notices.notice import Notice, NoticeKind
from octeth_backupd.domain.section import Section

_DAY_SECONDS = 24 * 3600
_SHORTEST_TOKEN = 12
_NAME_LOOKUP_SECONDS = 15
_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CREDENTIAL_HEADER = re.compile(
    "auth|key|token|secret|pass|cookie|credential|session|sign|access|api|bearer|pin$", re.IGNORECASE
)
_SCHEME = re.compile(r"(basic|bearer|digest|token)\s", re.IGNORECASE)
_LEAST_LIKE_A_TOKEN = 16
"""Shorter values of other headers are words, such as a team's name: masked everywhere, they would spoil messages."""

PROBLEM_KINDS: tuple[NoticeKind, ...] = tuple(
    kind for kind in NoticeKind if kind not in {NoticeKind.START, NoticeKind.SUCCESS, NoticeKind.TEST}
)
"""What most people want to be told: everything but what goes as planned."""
PING_KINDS = (NoticeKind.START, NoticeKind.SUCCESS, NoticeKind.DEGRADED, NoticeKind.FAILURE)
"""What a dead-man switch is told: every backup run's beginning and end."""

_OWN_KEYS = {
    "email": ("host", "port", "security", "user", "password", "password_file", "sender", "recipients", "ca_bundle"),
    "webhook": ("url", "url_file", "headers", "signing_secret", "signing_secret_file", "ca_bundle"),
    "healthchecks": ("url", "url_file", "style", "ca_bundle"),
    "apprise": ("url", "url_file"),
}
_SHARED_KEYS = ("kind", "on", "servers", "repeat_seconds", "timeout_seconds")


def _addresses(addresses: tuple[str, ...]) -> tuple[str, ...]:
    for address in addresses:
        if not _ADDRESS.fullmatch(address) or not address.isprintable():
            raise ValueError("must be addresses such as dba@example.com, one in each text")
    return addresses


def _address(address: str) -> str:
    return _addresses((address,))[0] if address else ""


def _headers(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not value.get_secret_value().isprintable():
            raise ValueError(f"{name!r} is no header, or its value is not printable")
    return headers


def _known_kinds(kinds: Any) -> Any:
    known = [kind.value for kind in NoticeKind if kind is not NoticeKind.TEST]
    for kind in kinds if isinstance(kinds, list | tuple) else ():
        if isinstance(kind, str) and kind not in set(NoticeKind):
            raise ValueError(f"names a kind of notice that there is not. Known are {', '.join(known)}.")
    return kinds


def _kinds(kinds: tuple[NoticeKind, ...]) -> tuple[NoticeKind, ...]:
    if NoticeKind.TEST in kinds:
        raise ValueError('"test" is sent when an operator tries a notifier, and only then: leave it out')
    return tuple(dict.fromkeys(kinds))


class NotifierSettings(Section):
    """A notifier: by whom or what, and of which events. The name is free and shown in status."""

    kind: Literal["email", "webhook", "healthchecks", "apprise"] = Field(
        description="How it tells: mail by SMTP, an HTTP request with JSON, a ping of healthchecks.io or Uptime Kuma, "
        "or the Apprise library, which knows Slack, Discord, Telegram, ntfy, Teams, PagerDuty and more.",
    )
    on: Annotated[tuple[NoticeKind, ...], BeforeValidator(_known_kinds), AfterValidator(_kinds)] = Field(
        default=(),
        description="Of what it tells: start, success, degraded, failure, recovery, missed, overdue, upload, anomaly, "
        "hold, restore, disk, credentials, notifier. Empty: healthchecks start, success, degraded and failure, the "
        "others all but start and success.",
    )
    servers: tuple[str, ...] = Field(
        default=(),
        description="Of which servers it tells, by name; empty: all. What is about none of them is told all the same.",
    )
    repeat_seconds: int = Field(
        default=_DAY_SECONDS,
        ge=0,
        le=365 * _DAY_SECONDS,
        description="After how long a problem that lasts is told again; 0: never.",
    )
    timeout_seconds: int = Field(default=10, ge=1, le=120, description="Longest wait for a sign of the endpoint.")
    ca_bundle: Path | None = Field(
        default=None,
        description="Certificates (PEM) that the endpoint's certificate is verified with; not for apprise.",
    )
    host: str = Field(default="", description="For email: the SMTP server.")
    port: int = Field(
        default=0, ge=0, le=65535, description="For email: port; 0: 587 with starttls, 465 with tls, 25 with none."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="For email: how the connection is encrypted; it is never left unencrypted silently.",
    )
    user: str = Field(default="", description="For email: login; empty for none.")
    password: SecretStr = Field(
        default=SecretStr(""), description="For email: password of the login; better kept in password_file."
    )
    password_file: Path | None = Field(
        default=None, description="For email: file that holds the password on its only line; mode 0600."
    )
    sender: Annotated[str, AfterValidator(_address)] = Field(default="", description="For email: address it is from.")
    recipients: Annotated[tuple[str, ...], AfterValidator(_addresses)] = Field(
        default=(), description="For email: addresses it goes to."
    )
    url: SecretStr = Field(
        default=SecretStr(""),
        description="For webhook, healthchecks and apprise: the address. It is a secret: whoever has it can write "
        "there; better kept in url_file.",
    )
    url_file: Path | None = Field(default=None, description="File that holds the address on its only line; mode 0600.")
    headers: Annotated[dict[str, SecretStr], AfterValidator(_headers)] = Field(
        default={}, description="For webhook: further headers, such as Authorization; their values are never shown."
    )
    signing_secret: SecretStr = Field(
        default=SecretStr(""),
        description="For webhook: key of the HMAC-SHA256 of the body, sent as X-Octeth-Signature; empty: not signed.",
    )
    signing_secret_file: Path | None = Field(
        default=None, description="For webhook: file that holds this key on its only line; mode 0600."
    )
    style: Literal["auto", "healthchecks", "uptime-kuma"] = Field(
        default="auto",
        description="For healthchecks: what is spoken; auto: uptime-kuma when the address has /api/push/ in it.",
    )

    @property
    def kinds(self) -> tuple[NoticeKind, ...]:
        """Return of what it tells, defaults included."""
        return self.on or (PING_KINDS if self.kind == "healthchecks" else PROBLEM_KINDS)

    def wants(self, notice: Notice) -> bool:
        """Return whether a notice is for this notifier."""
        is_of_server = not self.servers or notice.server in ("", *self.servers)
        return notice.kind in self.kinds and is_of_server

    @property
    def limit_seconds(self) -> float:
        """Return after how long a send hangs: a mail is several questions and answers, each with its own time-out."""
        return 3.0 * self.timeout_seconds + _NAME_LOOKUP_SECONDS

    @property
    def smtp_port(self) -> int:
        """Return the port of the SMTP server."""
        return self.port or _PORTS[self.security]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown, the secret parts of the address one by one too.

        Values of headers are among them where they are credentials by the header's name, or long enough to be.
        """
        of_headers = [
            value
            for name, value in zip(self.headers, self.header_values, strict=True)
            if _CREDENTIAL_HEADER.search(name) or len(value) >= _LEAST_LIKE_A_TOKEN or _SCHEME.match(value)
        ]
        texts = [self.password.get_secret_value(), self.signing_secret.get_secret_value(), *of_headers]
        texts += [text.partition(" ")[2] for text in texts]  # "Bearer TOKEN"
        return tuple(dict.fromkeys(text for text in (*texts, *secret_parts(self.url.get_secret_value())) if text))

    @property
    def header_values(self) -> tuple[str, ...]:
        """Return the values of all headers: what the errors of this notifier must not quote."""
        return tuple(value.get_secret_value() for value in self.headers.values())

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        own = (*_SHARED_KEYS, *_OWN_KEYS[self.kind])
        for key, field in type(self).model_fields.items():
            if key not in own and getattr(self, key) != field.default:
                raise ValueError(f'{key} does not belong to kind = "{self.kind}"')
        if self.kind == "email":
            self._check_email()
        else:
            self._check_url()
        return self

    def _check_email(self) -> None:
        missing = [key for key in ("host", "sender", "recipients") if not getattr(self, key)]
        if missing:
            raise ValueError(f'kind = "email" needs {", ".join(missing)}')
        if not self.host.isprintable() or " " in self.host or "/" in self.host:
            raise ValueError("host must be a host name or address alone")
        if bool(self.user) != bool(self.password.get_secret_value()):
            raise ValueError("user and password belong together: give both or neither")
        if self.user and self.security == "none":
            raise ValueError('a password is never sent unencrypted: use security = "starttls" or "tls"')

    def _check_url(self) -> None:
        url = self.url.get_secret_value()
        if not url:
            raise ValueError(f'kind = "{self.kind}" needs url or url_file')
        scheme, separator, rest = url.partition("://")
        if not separator or not rest or not url.isprintable() or " " in url:
            raise ValueError("url must be an address with a scheme, such as https://")
        if self.kind != "apprise" and (scheme not in ("http", "https") or not _host(url)):
            raise ValueError("url must begin with https:// or http:// and a host name")


def secret_parts(url: str) -> tuple[str, ...]:
    """Return the address itself and what of it could stand alone in a library's error: its path, tokens, password."""
    if not url:
        return ()
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url,)
    behind_host = url.partition("://")[2].partition("/")[2]
    segments = [
        *parts.path.split("/"),
        *(value.partition("=")[2] for value in parts.query.split("&")),
        *re.split(r"[@:]", parts.netloc if parts.scheme not in ("http", "https") else parts.netloc.rpartition("@")[0]),
    ]
    user_info = parts.netloc.rpartition("@")[0]
    password = user_info.partition(":")[2]
    tokens = [segment for segment in segments if len(segment) >= _SHORTEST_TOKEN and "." not in segment]
    found = [url, behind_host if len(behind_host) >= _SHORTEST_TOKEN else "", password, unquote(password), *tokens]
    return tuple(dict.fromkeys(text for text in found if text))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
