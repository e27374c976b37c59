"""Requests to the control interface without a socket: through the gate and the routes, in one call."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx

from octeth_backupd.control.access import Access
from octeth_backupd.control.api import build_api, guarded
from octeth_backupd.control.limits import Limits
from octeth_backupd.control.peers import Peer
from octeth_backupd.control.protocol import PEER_KEY

if TYPE_CHECKING:
    from octeth_backupd.control.services import Services

ROOT = Peer(pid=100, uid=0, groups=frozenset({0}))
READER = Peer(pid=101, uid=1000, groups=frozenset({1000, 500}))
ADMIN = Peer(pid=102, uid=1001, groups=frozenset({1001, 500, 600}))
STRANGER = Peer(pid=103, uid=65534, groups=frozenset({65534}))
ACCESS = Access(own_uid=999, group="octeth-backup", group_gid=500, admin_group="backup-admins", admin_gid=600)
LIMITS = Limits(silence_seconds=0.2)


def ask(
    services: Services,
    method: str,
    path: str,
    *,
    peer: Peer = ROOT,
    access: Access = ACCESS,
    limits: Limits = LIMITS,
    **request: Any,
) -> httpx.Response:
    """Send one request as a peer and return the whole answer."""
    gate = guarded(build_api(services, limits=limits), access=access, limits=limits)

    async def as_peer(scope: Any, receive: Any, send: Any) -> None:
        scope[PEER_KEY] = peer
        await gate(scope, receive, send)

    async def send_request() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=as_peer), base_url="http://test") as client:
            return await client.request(method, path, **request)

    return asyncio.run(send_request())


def events_of(response: httpx.Response) -> list[dict[str, Any]]:
    """Return the documents of an event stream."""
    return [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
