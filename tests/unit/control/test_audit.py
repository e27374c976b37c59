"""The audit line of a change."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.control.audit import audit_fields, outcome_of
from octeth_backupd.control.peers import Peer

PEER = Peer(pid=412, uid=0, groups=frozenset({0}))


def fields(body: bytes = b"", status: int = 202, headers: dict[bytes, bytes] | None = None) -> dict[str, Any]:
    return audit_fields(peer=PEER, method="POST", path="/v1/restores", body=body, status=status, headers=headers or {})


def test_line_says_who_by_uid_name_and_process() -> None:
    assert {key: fields()[key] for key in ("uid", "user", "pid")} == {"uid": 0, "user": "root", "pid": 412}


def test_line_names_the_object_of_the_request() -> None:
    found = fields(b'{"backup": "latest", "server": "oempro", "force": true, "to": null, "file": ""}')

    assert found["asked"] == {"server": "oempro", "backup": "latest", "force": True}
    assert found["server"] == "oempro"


def test_password_of_a_request_is_not_in_its_line() -> None:
    assert "canary" not in str(fields(b'{"backup": "latest", "old_password": "canary", "unknown": "canary"}'))


def test_whole_ids_come_from_the_answer() -> None:
    found = fields(headers={b"location": b"/v1/runs/run-2", b"content-location": b"/v1/backups/oempro-1"})

    assert (found["run_id"], found["backup_id"]) == ("run-2", "oempro-1")


@pytest.mark.parametrize("body", [b"", b"[1]", b"no json", b"\xff", b"[" * 100_000])
def test_body_that_is_no_object_names_nothing(body: bytes) -> None:
    assert fields(body)["asked"] is None


def test_long_value_is_cut() -> None:
    assert len(fields(b'{"server": "%s"}' % (b"x" * 5000))["asked"]["server"]) == 301


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(0, "unanswered"), (200, "accepted"), (202, "accepted"), (403, "refused"), (409, "refused"), (500, "failed")],
)
def test_outcome_is_a_word(status: int, outcome: str) -> None:
    assert outcome_of(status) == outcome
