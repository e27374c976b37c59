"""The audit line of a change: who asked for what, of which object, and what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from octeth_backupd.control.peers import user_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.control.peers import Peer

EVENT = "control.change"

_RUNS = b"/v1/runs/"
_BACKUPS = b"/v1/backups/"
_LONGEST_VALUE = 300
_TOLD = (
    "server",
    "schedule",
    "backup",
    "before",
    "file",
    "to",
    "storage",
    "adopt",
    "repair",
    "deep",
    "wait",
    "rehearse",
    "force",
    "force_foreign",
    "keep_server_uuid",
    "cancel_running",
    "despite_hold",
    "note",
)
"""Keys of requests that name the object or change what is done; a request may hold a password under another."""


def audit_fields(
    *, peer: Peer, method: str, path: str, body: bytes, status: int, headers: Mapping[bytes, bytes]
) -> dict[str, Any]:
    """Return the fields of the audit line.

    Args:
        peer: Who asked.
        method: Of the request.
        path: Of the request; names the object where that is a backup, a run or a server.
        body: Of the request; empty when it was refused before it was read.
        status: Of the answer; 0 when there was none.
        headers: Of the answer; they name the run and the backup concerned with their whole ids.
    """
    asked = _asked(body)
    return {
        "uid": peer.uid,
        "user": user_name(peer.uid),
        "pid": peer.pid,
        "method": method,
        "path": path,
        "asked": asked or None,
        "server": asked.get("server"),
        "run_id": _id_in(headers.get(b"location", b""), _RUNS),
        "backup_id": _id_in(headers.get(b"content-location", b""), _BACKUPS),
        "status": status,
        "outcome": outcome_of(status),
    }


def outcome_of(status: int) -> str:
    """Return what an answer's status means for whoever reads the audit lines."""
    if not status:
        return "unanswered"
    if status >= 500:
        return "failed"
    return "refused" if status >= 400 else "accepted"


def _id_in(location: bytes, prefix: bytes) -> str | None:
    return location.removeprefix(prefix).decode() or None if location.startswith(prefix) else None


def _asked(body: bytes) -> dict[str, Any]:
    try:
        wish = json.loads(body or b"null")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(wish, dict):
        return {}
    return {key: _cut(wish[key]) for key in _TOLD if isinstance(wish.get(key), str | bool | int) and wish[key] != ""}


def _cut(value: str | bool | int) -> str | bool | int:  # noqa: FBT001 - a value of JSON, not a switch
    return f"{value[:_LONGEST_VALUE]}…" if isinstance(value, str) and len(value) > _LONGEST_VALUE else value
