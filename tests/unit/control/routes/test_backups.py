"""Backups over the control interface."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from octeth_backupd.domain.backup import RunStatus
from tests.fakes.api_client import ADMIN, READER, ask
from tests.fakes.services import NOW, FakeServices, make_backup, make_run


def many(count: int) -> FakeServices:
    return FakeServices(backups=[make_backup(NOW - timedelta(days=day)) for day in range(count)])


def test_the_catalogs_bytes_are_passed_through_untouched() -> None:
    services = FakeServices()

    response = ask(services, "GET", "/v1/backups", peer=READER)

    rows = services.backups_json(server=None, limit=100, after=None)
    assert response.content == b'{"schema_version":1,"backups":' + rows + b',"ours":["installation-1"]}'
    assert response.headers["content-type"] == "application/json"


def test_pages_follow_one_another_by_the_last_id() -> None:
    services = many(5)

    first = ask(services, "GET", "/v1/backups?limit=3").json()["backups"]
    second = ask(services, "GET", f"/v1/backups?limit=3&after={first[-1]['id']}").json()["backups"]

    assert [len(first), len(second)] == [3, 2]
    assert [row["id"] for row in first + second] == [backup.backup_id for backup in services.all_backups]


def test_a_page_has_a_hundred_backups_unless_asked_otherwise() -> None:
    services = FakeServices()

    ask(services, "GET", "/v1/backups?server=oempro")

    assert services.requests == [("backups_json", {"server": "oempro", "limit": 100, "after": None})]


def test_a_backup_is_shown_with_manifest_and_copies_by_a_part_of_its_id() -> None:
    backup = ask(FakeServices(), "GET", "/v1/backups/02-00-00?server=oempro").json()["backup"]

    assert backup["id"] == "oempro-2026-11-22_02-00-00"
    assert (backup["status"], backup["to_lsn"]) == ("good", 123456789)
    assert backup["manifest"]["position"]["binlog_file"] == "binlog.000042"
    assert backup["copies"][0]["state"] == "present"


def test_an_unknown_id_is_not_found() -> None:
    response = ask(FakeServices(), "GET", "/v1/backups/nope")

    assert response.status_code == 404
    assert response.json()["error"]["hint"]


def test_an_ambiguous_id_is_told_with_its_candidates() -> None:
    response = ask(many(2), "GET", "/v1/backups/oempro")

    assert response.status_code == 409
    assert response.json()["error"]["code"] == "ambiguous_id"
    assert "oempro-2026-11-21_02-00-00" in response.json()["error"]["message"]


@pytest.mark.parametrize("part", ["../etc/passwd", "a/../../b", "%2e%2e", "x" * 500, "a b", "\x00"])
@pytest.mark.parametrize("suffix", ["", "/verify", "/pin", "/unpin", "/accept", "/delete"])
def test_what_cannot_be_an_id_never_reaches_the_daemon(part: str, suffix: str) -> None:
    services = FakeServices()

    response = ask(services, "POST" if suffix else "GET", f"/v1/backups/{quote(part, safe='')}{suffix}")

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"
    assert services.requests == []


def test_a_page_after_what_cannot_be_an_id_is_refused() -> None:
    assert ask(FakeServices(), "GET", "/v1/backups?after=../x").status_code == 400


@pytest.mark.parametrize("body", [None, {}, {"server": None}])
def test_a_backup_is_accepted_at_once_with_its_run_and_where_to_find_it(body: dict[str, str] | None) -> None:
    services = FakeServices()

    response = ask(services, "POST", "/v1/backups", json=body, peer=ADMIN)

    assert response.status_code == 202
    assert response.headers["location"] == "/v1/runs/run-2"
    assert response.json()["run"]["status"] == "running"
    assert services.requests == [
        ("request_backup", {"server": None, "wait": False, "requested_by": "uid 1001 (unknown)"})
    ]


def test_a_second_backup_is_told_who_holds_the_server() -> None:
    services = FakeServices(runs=[make_run("run-7", status=RunStatus.RUNNING)])

    response = ask(services, "POST", "/v1/backups", json={"server": "oempro"})

    assert response.status_code == 409
    assert response.json()["error"]["code"] == "busy"
    assert "run-7" in response.json()["error"]["message"]


def test_a_second_backup_that_waits_is_queued() -> None:
    services = FakeServices(runs=[make_run("run-7", status=RunStatus.RUNNING)])

    response = ask(services, "POST", "/v1/backups", json={"wait": True})

    assert response.json()["run"]["status"] == "queued"


@pytest.mark.parametrize(
    ("body", "deep", "storage"),
    [(None, False, ""), ({}, False, ""), ({"deep": True}, True, ""), ({"storage": "s3"}, False, "s3")],
)
def test_a_verification_is_accepted_with_its_run(body: dict[str, Any] | None, storage: str, *, deep: bool) -> None:
    services = FakeServices()

    response = ask(services, "POST", "/v1/backups/latest/verify", json=body, peer=ADMIN)

    assert response.status_code == 202
    assert response.json()["run"]["operation"] == "verify"
    assert response.headers["location"] == "/v1/runs/run-2"
    assert (services.requests[0][1]["deep"], services.requests[0][1]["storage"]) == (deep, storage)
