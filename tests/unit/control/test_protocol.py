"""The connection itself: deadlines, the cap, and what is no HTTP. Real sockets, short limits."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from octeth_backupd.control import protocol
from octeth_backupd.control.access import Access
from octeth_backupd.control.limits import Limits
from octeth_backupd.control.peers import Peer
from octeth_backupd.control.protocol import PEER_KEY, protocol_class

NOBODY_IS_OWNER = Access(own_uid=4_000_000, group="none", group_gid=None)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the peer's pid, and a body as long as the query says."""
    size = int(scope["query_string"] or b"0")
    body = b"x" * size or str(scope[PEER_KEY].pid).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    for begin in range(0, len(body), 65536):
        await send({"type": "http.response.body", "body": body[begin : begin + 65536], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class Conversation:
    """Server ends of socket pairs, in one loop, sharing one server's state."""

    def __init__(self, limits: Limits, access: Access = NOBODY_IS_OWNER) -> None:
        self.config = uvicorn.Config(
            application,
            http=protocol_class(limits=limits, access=access),
            ws="none",
            lifespan="off",
            log_config=None,
            h11_max_incomplete_event_size=limits.header_bytes,
        )
        self.config.load()
        self.state = ServerState()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        ours, theirs = socket.socketpair(socket.AF_UNIX)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        loop = asyncio.get_running_loop()

        def make() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config, server_state=self.state, app_state={}, _loop=loop
            )

        await loop.connect_accepted_socket(make, theirs)
        return await asyncio.open_unix_connection(sock=ours)


def talk(limits: Limits, *sent: bytes) -> tuple[bytes, dict[str, Any]]:
    """Send bytes on one connection; return the status line and the document of what comes back until its end."""

    async def play() -> bytes:
        reader, writer = await Conversation(limits).connect()
        for part in sent:
            writer.write(part)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer

    answer = asyncio.run(play())
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0], json.loads(body) if body.startswith(b"{") else {}


GET = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


def test_a_whole_request_is_answered_and_the_application_knows_the_peer() -> None:
    async def play() -> bytes:
        reader, writer = await Conversation(Limits()).connect()
        writer.write(GET)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer

    head, _, body = asyncio.run(play()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert int(body) > 0


def test_what_is_no_http_is_a_clean_400() -> None:
    status, document = talk(Limits(), b"\x16\x03\x01 not http at all\r\n\r\n")

    assert status == b"HTTP/1.1 400 Bad Request"
    assert document["error"]["code"] == "invalid_request"


def test_endless_headers_are_a_431() -> None:
    status, document = talk(Limits(header_bytes=1000), b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 5000)

    assert status == b"HTTP/1.1 431 Request Header Fields Too Large"
    assert "too long" in document["error"]["message"]


def test_a_connection_that_says_nothing_is_ended() -> None:
    status, _ = talk(Limits(read_seconds=0.05))

    assert status == b"HTTP/1.1 408 Request Timeout"


def test_a_request_that_does_not_arrive_in_time_is_ended() -> None:
    status, document = talk(Limits(read_seconds=0.05), b"GET / HT")

    assert status == b"HTTP/1.1 408 Request Timeout"
    assert "in time" in document["error"]["message"]


def test_an_idle_connection_is_closed_after_its_keep_alive_time() -> None:
    async def play() -> bytes:
        conversation = Conversation(Limits(read_seconds=5))
        conversation.config.timeout_keep_alive = 0
        reader, writer = await conversation.connect()
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer

    assert asyncio.run(play()).startswith(b"HTTP/1.1 200")


def test_a_broken_body_after_the_answer_ends_the_connection_without_a_second_answer() -> None:
    request = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"

    async def play() -> bytes:
        reader, writer = await Conversation(Limits()).connect()
        writer.write(request)
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        writer.write(b"zz\r\nnonsense\r\n")
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer

    assert b"HTTP/1.1" not in asyncio.run(play())


def test_a_client_that_does_not_read_its_answer_is_dropped() -> None:
    async def play() -> bool:
        conversation = Conversation(Limits(write_seconds=0.05))
        _, writer = await conversation.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /?20000000 HTTP/1.1\r\nhost: x\r\n\r\n")
        for _ in range(400):
            await asyncio.sleep(0.01)
            if conversation.state.total_requests == 0 and not conversation.state.connections:
                writer.close()
                return True
        return False

    assert asyncio.run(play())


def over_the_cap(*, writes_at_once: bool) -> list[bytes]:
    async def play() -> list[bytes]:
        conversation = Conversation(Limits(connections=1))
        first = await conversation.connect()
        second = await conversation.connect()
        answers = []
        first[1].write(GET)
        if writes_at_once:
            second[1].write(GET)
        for reader, writer in (second, first):
            answers.append((await asyncio.wait_for(reader.read(), 20)).split(b"\r\n")[0])
            writer.close()
        return answers

    return asyncio.run(play())


def test_a_connection_above_the_cap_is_refused_and_the_others_go_on() -> None:
    with as_seen_by_the_kernel(uid=1000):
        assert over_the_cap(writes_at_once=False) == [b"HTTP/1.1 503 Service Unavailable", b"HTTP/1.1 200 OK"]


def test_root_is_let_in_above_the_cap() -> None:
    with as_seen_by_the_kernel(uid=0):
        assert over_the_cap(writes_at_once=True) == [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK"]


@contextmanager
def as_seen_by_the_kernel(*, uid: int) -> Iterator[None]:
    """Let every peer have this uid."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "read_peer", lambda connection: Peer(pid=1, uid=uid, groups=frozenset()))
        yield
