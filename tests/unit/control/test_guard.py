"""The gate in front of the routes."""

import asyncio

import pytest
from structlog.testing import capture_logs

from octeth_backupd.control.guard import Guard
from octeth_backupd.control.limits import Limits
from octeth_backupd.control.peers import Peer
from octeth_backupd.control.protocol import PEER_KEY
from tests.fakes.api_client import ACCESS, ADMIN, LIMITS, READER, ROOT, STRANGER, ask
from tests.fakes.services import FakeServices


@pytest.mark.parametrize("peer", [ROOT, READER, ADMIN])
def test_members_of_the_groups_may_read(peer: Peer) -> None:
    assert ask(FakeServices(), "GET", "/v1/status", peer=peer).status_code == 200


@pytest.mark.parametrize("path", ["/v1/", "/v1/status", "/v1/openapi.json", "/nothing"])
def test_a_stranger_sees_nothing_not_even_which_paths_exist(path: str) -> None:
    response = ask(FakeServices(), "GET", path, peer=STRANGER)

    assert response.status_code == 403
    assert response.json()["error"]["code"] == "permission_denied"
    assert "octeth-backup" in response.json()["error"]["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_whatever_is_no_reading_needs_the_right_to_change(method: str) -> None:
    services = FakeServices()

    response = ask(services, method, "/v1/backups", peer=READER)

    assert response.status_code == 403
    assert "backup-admins" in response.json()["error"]["message"]
    assert services.requests == []


def test_a_change_is_logged_with_who_and_what_came_of_it() -> None:
    with capture_logs() as log:
        ask(FakeServices(), "POST", "/v1/backups", peer=ADMIN)

    entry = next(entry for entry in log if entry["event"] == "control.change")
    assert (entry["uid"], entry["pid"], entry["path"], entry["status"]) == (1001, 102, "/v1/backups", 202)
    assert (entry["outcome"], entry["run_id"]) == ("accepted", "run-2")


@pytest.mark.parametrize("change", ["pin", "unpin", "accept"])
def test_change_of_a_backup_is_logged_with_its_whole_id(change: str) -> None:
    with capture_logs() as log:
        ask(FakeServices(), "POST", f"/v1/backups/latest/{change}")

    entry = next(entry for entry in log if entry["event"] == "control.change")
    assert entry["backup_id"].startswith("oempro-")


def test_change_whose_request_is_cancelled_is_logged_all_the_same() -> None:
    async def cancelled(*_: object) -> None:
        raise asyncio.CancelledError

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    async def send(_: object) -> None:
        pass

    guard = Guard(cancelled, access=ACCESS, limits=LIMITS)
    scope = {"method": "POST", "path": "/v1/backups", "headers": [], PEER_KEY: ROOT}

    with capture_logs() as log, pytest.raises(asyncio.CancelledError):
        asyncio.run(guard(scope, receive, send))

    assert [(entry["event"], entry["outcome"]) for entry in log] == [("control.change", "unanswered")]


def test_a_refused_change_is_logged_too() -> None:
    with capture_logs() as log:
        ask(FakeServices(), "POST", "/v1/backups", peer=READER)

    assert [entry["event"] for entry in log] == ["control.denied", "control.change"]
    assert log[1]["status"] == 403


def test_what_only_the_application_refuses_is_logged_as_denied_as_well() -> None:
    wish = {"file": "/etc/shadow", "confirm": "oempro"}

    with capture_logs() as log:
        response = ask(FakeServices(), "POST", "/v1/restores", json=wish, peer=ADMIN)

    assert response.status_code == 403
    denied, change = (entry for entry in log if entry["event"] in {"control.denied", "control.change"})
    assert (denied["event"], denied["uid"], denied["path"]) == ("control.denied", ADMIN.uid, "/v1/restores")
    assert change["outcome"] == "refused"


def test_reading_is_not_logged() -> None:
    with capture_logs() as log:
        ask(FakeServices(), "GET", "/v1/status", peer=READER)

    assert log == []


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_above_the_limit_is_refused_whether_it_says_so_or_not(*, declared: bool) -> None:
    services = FakeServices()
    body = b"x" * 70_000

    async def chunks() -> object:
        for _ in range(70):
            yield b"x" * 1000

    response = ask(services, "POST", "/v1/backups", content=body if declared else chunks())

    assert response.status_code == 413
    assert "65536 bytes" in response.json()["error"]["message"]
    assert services.requests == []


def test_a_body_at_the_limit_is_read() -> None:
    limits = Limits(request_bytes=15)

    assert ask(FakeServices(), "POST", "/v1/backups", content=b'{"wait": true }', limits=limits).status_code == 202
    assert ask(FakeServices(), "POST", "/v1/backups", content=b'{"wait": true  }', limits=limits).status_code == 413


def test_an_unexpected_error_tells_the_client_nothing_of_its_inside_and_the_log_all() -> None:
    services = FakeServices()
    services.fail_with = RuntimeError("secret detail")

    with capture_logs() as log:
        response = ask(services, "GET", "/v1/status")

    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert "secret detail" not in response.text
    assert log[0]["event"] == "control.failed"


def test_every_answer_says_which_interface_it_is_of() -> None:
    for path in ("/v1/", "/nothing"):
        assert ask(FakeServices(), "GET", path).headers["octeth-backupd-api"] == "1"
    assert ask(FakeServices(), "GET", "/v1/", peer=STRANGER).headers["octeth-backupd-api"] == "1"
