"""The one way in which notifiers speak HTTP: no redirects, certificates verified, errors in our own words."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from octeth_backupd.errors import NotifyError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import httpx

_ANSWER_BYTES = 4096
_SHOWN_CHARACTERS = 200
_WORTH_ANOTHER_TRY = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request; its address is not shown.

    Attributes:
        timeout_seconds: For the connection, for each sign of the endpoint, and twice that for the whole.
        ca_bundle: Certificates that count beside the system's.
    """

    method: str
    url: str = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_seconds: float
    ca_bundle: Path | None = None


def exchange(request: HttpRequest) -> str:
    """Send a request; return the beginning of the answer's text.

    Raises:
        NotifyError: There is no answer, or it is no 2xx. The message may quote the answer.
    """
    import httpx

    where = shown_endpoint(request.url)
    try:
        context = ssl.create_default_context()
        if request.ca_bundle is not None:
            context.load_verify_locations(request.ca_bundle)
    except OSError as exc:
        raise NotifyError(
            f"the certificates in {request.ca_bundle} cannot be read: {exc.strerror or exc}",
            hint="Name a PEM file in ca_bundle.",
        ) from exc
    try:
        with httpx.Client(verify=context, timeout=request.timeout_seconds, follow_redirects=False) as client:
            return _answered(client, request, where)
    except httpx.TimeoutException as exc:
        raise NotifyError(f"no answer from {where} within {request.timeout_seconds:g} s", retryable=True) from exc
    except httpx.TransportError as exc:
        raise _transport_error(exc, where) from exc
    except (httpx.InvalidURL, UnicodeError) as exc:
        raise NotifyError(f"the address of {where} cannot be used", hint="Correct url in the configuration.") from exc


def shown_endpoint(url: str) -> str:
    """Return scheme, host and port of an address: what of it is no secret."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.hostname}{port}"


def shown_answer(text: str) -> str:
    """Return the beginning of an answer's text on one line, as an error quotes it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN_CHARACTERS]


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Return what a Retry-After header asks for; None when it says nothing that can be understood.

    Source:
        RFC 9110, section 10.2.3: seconds or a date.
    """
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp(), 0.0)


def _answered(client: httpx.Client, request: HttpRequest, where: str) -> str:
    limit = time.monotonic() + 2 * request.timeout_seconds
    with client.stream(
        request.method, request.url, content=request.body or None, headers=dict(request.headers)
    ) as response:
        received = bytearray()
        for chunk in response.iter_bytes():
            received += chunk
            if len(received) >= _ANSWER_BYTES:
                break
            if time.monotonic() > limit:
                raise NotifyError(f"the answer of {where} does not end", retryable=True)
        text = bytes(received[:_ANSWER_BYTES]).decode(errors="replace").strip()
        if response.is_success:
            return text
        raise _refused(response, text, where)


def _refused(response: httpx.Response, text: str, where: str) -> NotifyError:
    status = response.status_code
    quoted = shown_answer(text)
    reason = f" {response.reason_phrase}" if response.reason_phrase else ""
    message = f"{where} answers {status}{reason}" + (f": {quoted}" if quoted else "")
    if status in _WORTH_ANOTHER_TRY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        asked = retry_after_seconds(response.headers.get("retry-after", ""), datetime.now(UTC))
        return NotifyError(message, retryable=True, retry_after_seconds=asked)
    hint = "See that the address in the configuration is the one that the service shows now."
    if response.is_redirect:
        hint = "Redirects are not followed; write the address that the endpoint redirects to."
    return NotifyError(message, hint=hint)


def _transport_error(error: httpx.TransportError, where: str) -> NotifyError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotifyError(
                f"the certificate of {where} cannot be verified: {cause.verify_message}",
                hint="Name the authority's certificates in ca_bundle, or renew the endpoint's certificate.",
            )
        cause = cause.__cause__ or cause.__context__
    return NotifyError(
        f"no connection to {where}: {error}" if str(error) else f"no connection to {where}", retryable=True
    )
