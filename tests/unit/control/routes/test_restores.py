"""Restores over the control interface."""

from typing import Any

import pytest

from octeth_backupd.control.peers import Peer
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.errors import RestoreRefusedError
from tests.fakes.api_client import ADMIN, READER, ROOT, ask
from tests.fakes.restores import FOREIGN, make_journal, make_plan
from tests.fakes.services import FakeServices

CHANGES = ("request_restore", "request_undo")


def asked_for_changes(services: FakeServices) -> list[str]:
    return [method for method, _ in services.requests if method in CHANGES]


def test_a_plan_is_answered_whether_it_can_be_done_or_not() -> None:
    services = FakeServices()

    good = ask(services, "POST", "/v1/restores/plan", json={"backup": "latest"}, peer=ADMIN)
    services.plan = make_plan(refusals=(FOREIGN,))
    bad = ask(services, "POST", "/v1/restores/plan", json={"backup": "latest"}, peer=ADMIN)

    assert [(answer.status_code, answer.json()["possible"]) for answer in (good, bad)] == [(200, True), (200, False)]
    assert asked_for_changes(services) == []


def test_a_plan_for_an_unknown_backup_is_not_found() -> None:
    assert ask(FakeServices(), "POST", "/v1/restores/plan", json={"backup": "nope"}).status_code == 404


def test_a_restore_is_accepted_at_once_with_its_run() -> None:
    services = FakeServices()

    response = ask(
        services, "POST", "/v1/restores", json={"backup": "latest", "confirm": "oempro", "force": True}, peer=ADMIN
    )

    assert response.status_code == 202
    assert response.headers["location"] == "/v1/runs/run-2"
    assert response.json()["run"]["operation"] == "restore"
    [(_, asked)] = services.requests
    assert (asked["order"].backup, asked["order"].force, asked["confirm"]) == ("latest", True, "oempro")


@pytest.mark.parametrize("confirm", [{}, {"confirm": ""}, {"confirm": "yes"}, {"confirm": "OEMPRO"}])
def test_a_restore_that_is_not_confirmed_with_the_servers_name_is_refused(confirm: dict[str, str]) -> None:
    services = FakeServices()

    response = ask(services, "POST", "/v1/restores", json={"backup": "latest", **confirm})

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"
    assert "confirm" in response.json()["error"]["message"]
    assert len(services.all_runs) == 1


def test_files_for_another_directory_need_no_confirmation() -> None:
    response = ask(FakeServices(), "POST", "/v1/restores", json={"backup": "latest", "to": "/srv/elsewhere"})

    assert response.status_code == 202


@pytest.mark.parametrize("path", ["/v1/restores", "/v1/restores/plan"])
@pytest.mark.parametrize("body", [{"file": "/a.tar.gz"}, {"backup": "latest", "to": "/srv/elsewhere"}])
def test_an_admin_who_is_not_root_names_no_paths(path: str, body: dict[str, str]) -> None:
    services = FakeServices()

    response = ask(
        services, "POST", path, json={**body, "confirm": "oempro"} if path == "/v1/restores" else body, peer=ADMIN
    )

    assert response.status_code == 403
    assert services.requests == []


@pytest.mark.parametrize("path", ["/v1/restores", "/v1/restores/plan", "/v1/servers/oempro/undo"])
def test_readers_neither_restore_nor_undo(path: str) -> None:
    services = FakeServices()

    response = ask(services, "POST", path, json={"backup": "latest", "confirm": "oempro"}, peer=READER)

    assert response.status_code == 403
    assert services.requests == []


def test_a_password_in_a_body_that_is_refused_is_not_said_back() -> None:
    body: dict[str, Any] = {"backup": "latest", "old_password": "hunter2", "confirm": ["hunter2"]}

    response = ask(FakeServices(), "POST", "/v1/restores", json=body)

    assert response.status_code == 400
    assert "hunter2" not in response.text


def test_a_refusal_of_the_daemon_is_no_error_of_the_server() -> None:
    services = FakeServices()
    services.fail_with = RestoreRefusedError("no room", hint="Make some.")

    response = ask(services, "POST", "/v1/restores", json={"backup": "latest", "confirm": "oempro"})

    assert (response.status_code, response.json()["error"]["code"]) == (422, "restore_refused")


def test_an_undo_is_accepted_when_the_servers_name_confirms_it() -> None:
    services = FakeServices()
    services.journals = [make_journal()]

    response = ask(services, "POST", "/v1/servers/oempro/undo", json={"confirm": "oempro"}, peer=ADMIN)

    assert response.status_code == 202
    assert response.json()["run"]["operation"] == "undo"
    assert response.headers["location"] == "/v1/runs/run-2"


@pytest.mark.parametrize("body", [None, {}, {"confirm": "other"}])
def test_an_undo_that_is_not_confirmed_never_reaches_the_daemon(body: dict[str, str] | None) -> None:
    services = FakeServices()
    services.journals = [make_journal()]

    response = ask(services, "POST", "/v1/servers/oempro/undo", json=body)

    assert response.status_code == 400
    assert services.requests == []


@pytest.mark.parametrize("peer", [ROOT, READER])
def test_restores_are_shown_to_readers_of_one_server_or_of_all(peer: Peer) -> None:
    services = FakeServices()
    services.journals = [make_journal(), make_journal(restore_id="other", server="other", state=State.STARTING)]

    found = ask(services, "GET", "/v1/restores", peer=peer).json()["restores"]
    one = ask(services, "GET", "/v1/restores?server=other", peer=peer).json()["restores"]

    assert [(restore["server"], restore["is_open"]) for restore in found] == [("oempro", False), ("other", True)]
    assert [restore["id"] for restore in one] == ["other"]
