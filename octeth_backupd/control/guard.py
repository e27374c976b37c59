"""The gate in front of every route: authorisation, size of the body, the log of changes, and the last word on errors.

A plain ASGI layer, so that nothing of a framework runs for a request that is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from octeth_backupd.control import audit
from octeth_backupd.control.peers import user_name
from octeth_backupd.control.protocol import PEER_KEY
from octeth_backupd.control.refusals import RequestTooLargeError, body_of, internal_error_body, status_of
from octeth_backupd.errors import BackupdError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping

    from octeth_backupd.control.access import Access
    from octeth_backupd.control.limits import Limits
    from octeth_backupd.control.peers import Peer

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = structlog.get_logger("control")

_READING = {"GET", "HEAD"}
_DENIED = 403
API_HEADER = (b"octeth-backupd-api", b"1")


class Guard:
    """Let a request through to the application, or answer it here."""

    def __init__(self, application: Application, *, access: Access, limits: Limits) -> None:
        self._application = application
        self._access = access
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = _Answer(send)
        peer: Peer = scope[PEER_KEY]
        body: bytes | None = b""
        try:
            self._check_access(scope["method"], peer)
            body = await self._read_body(scope, receive)
            if body is None:
                return
            # Only JSON is spoken here, so that "curl -d" need not say it.
            scope["headers"] = [*_without(scope["headers"], b"content-type"), (b"content-type", b"application/json")]
            await self._application(scope, _replay(body, receive), answer.send)
        except BackupdError as error:
            await answer.refuse(status_of(error), body_of(error))
        except Exception:  # noqa: BLE001 - the client gets a clean answer, the log the traceback
            _log.exception("control.failed", method=scope["method"], path=scope["path"])
            await answer.refuse(500, internal_error_body())
        finally:
            if answer.status == _DENIED:  # here or by the application, which knows what was asked for
                _log.warning(
                    "control.denied",
                    method=scope["method"],
                    path=scope["path"],
                    uid=peer.uid,
                    user=user_name(peer.uid),
                    pid=peer.pid,
                )
            # Here, because a request that is cancelled with the server may have changed something as well.
            if scope["method"] not in _READING and body is not None:
                fields = audit.audit_fields(
                    peer=peer,
                    method=scope["method"],
                    path=scope["path"],
                    body=body,
                    status=answer.status,
                    headers=answer.headers,
                )
                _log.info(audit.EVENT, **fields)

    def _check_access(self, method: str, peer: Peer) -> None:
        if method in _READING:
            self._access.check_read(peer)
        else:
            self._access.check_change(peer)

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the whole body; None when the client went away before its end."""
        limit = self._limits.request_bytes
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if int(declared) > limit:
            raise _too_large(limit)
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > limit:
                raise _too_large(limit)
            if not message.get("more_body", False):
                return bytes(body)


class _Answer:
    """What has been said to the client so far."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: Mapping[bytes, bytes] = {}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = dict(message.get("headers", []))
            message["headers"] = [*message.get("headers", []), API_HEADER]
        await self._send(message)

    async def refuse(self, status: int, body: bytes) -> None:
        """Answer with an error, unless an answer has begun: then it is cut, which the client sees."""
        if self.status:
            return
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            # The rest of a refused body is not read.
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _without(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in headers if key != name]


def _too_large(limit: int) -> RequestTooLargeError:
    return RequestTooLargeError(f"the request is larger than {limit} bytes")


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
