"""Keeping and deleting over the control interface."""

from typing import Any

import pytest

from octeth_backupd.control.retention_services import BackupHoldings
from octeth_backupd.domain.holdings import Accept, Hold, Pin, Proof, ProofLevel
from tests.fakes.api_client import ADMIN, READER, ask
from tests.fakes.services import NOW, FakeServices

WHO = "uid 1001 (unknown)"


def test_plan_is_for_readers_and_names_the_server_that_was_asked_for() -> None:
    services = FakeServices()

    document = ask(services, "GET", "/v1/retention?server=oempro", peer=READER).json()

    assert document == {"schema_version": 1, "servers": [services.retention]}
    assert services.requests == [("retention_json", {"server": "oempro"})]


@pytest.mark.parametrize(
    ("body", "server", "despite_hold"),
    [(None, None, False), ({}, None, False), ({"server": "oempro", "despite_hold": True}, "oempro", True)],
)
def test_apply_answers_at_once_with_the_runs(body: Any, server: str | None, *, despite_hold: bool) -> None:
    services = FakeServices()

    response = ask(services, "POST", "/v1/retention", json=body, peer=ADMIN)

    assert response.status_code == 202
    assert [run["operation"] for run in response.json()["runs"]] == ["retention"]
    assert services.requests == [
        ("request_retention", {"server": server, "despite_hold": despite_hold, "requested_by": WHO})
    ]


@pytest.mark.parametrize("action", ["pin", "accept"])
def test_pin_and_accept_take_a_note_and_answer_with_the_backup(action: str) -> None:
    services = FakeServices()

    response = ask(services, "POST", f"/v1/backups/11-22/{action}", json={"note": "why"}, peer=ADMIN)

    assert response.status_code == 200
    assert response.json()["backup"]["id"] == "oempro-2026-11-22_02-00-00"
    assert services.requests[0] == (action, {"backup_id": "11-22", "note": "why", "requested_by": WHO})


def test_unpin_needs_no_body() -> None:
    services = FakeServices()
    ask(services, "POST", "/v1/backups/11-22/pin", peer=ADMIN)

    document = ask(services, "POST", "/v1/backups/11-22/unpin", peer=ADMIN).json()

    assert document["holdings"]["pin"] is None


@pytest.mark.parametrize(
    "path", ["retention", "backups/x/pin", "backups/x/unpin", "backups/x/accept", "backups/x/delete"]
)
def test_readers_change_nothing(path: str) -> None:
    services = FakeServices()

    assert ask(services, "POST", f"/v1/{path}", peer=READER).status_code == 403
    assert services.requests == []


def test_longer_note_than_anybody_reads_is_refused() -> None:
    assert ask(FakeServices(), "POST", "/v1/backups/x/pin", json={"note": "x" * 501}).status_code == 400


def test_deletion_must_be_confirmed_with_the_servers_name() -> None:
    services = FakeServices()

    unconfirmed = ask(services, "POST", "/v1/backups/11-22/delete", json={"force": True})
    confirmed = ask(services, "POST", "/v1/backups/11-22/delete", json={"confirm": "oempro"}, peer=ADMIN)

    assert unconfirmed.status_code == 400
    assert "was not confirmed" in unconfirmed.json()["error"]["message"]
    assert confirmed.status_code == 202
    assert confirmed.headers["location"] == f"/v1/runs/{confirmed.json()['run']['id']}"


def test_shown_backup_tells_what_is_said_of_it() -> None:
    services = FakeServices()
    backup_id = services.all_backups[0].backup_id
    services.said = BackupHoldings(
        pin=Pin(backup_id=backup_id, note="x", pinned_by="me", pinned_at=NOW),
        holds=(Hold(hold_id=1, server="oempro", reason="tiny", backup_id=backup_id, protected=("a",), begun_at=NOW),),
        proofs=(Proof(backup_id=backup_id, level=ProofLevel.STARTED, storage="local", proven_at=NOW),),
        accepts=(Accept(backup_id=backup_id, doubt="tiny", note="", accepted_by="me", accepted_at=NOW),),
    )

    said = ask(services, "GET", "/v1/backups/latest", peer=READER).json()["holdings"]

    assert said["pin"] == {"note": "x", "pinned_by": "me", "pinned_at": "2026-11-22T02:00:00Z"}
    assert [hold["protected"] for hold in said["holds"]] == [["a"]]
    assert [proof["level"] for proof in said["proofs"]] == ["L3"]
    assert [accept["doubt"] for accept in said["accepts"]] == ["tiny"]
