"""Sync over the control interface."""

import pytest

from octeth_backupd.domain.restore.order import SyncOrder
from tests.fakes.api_client import ADMIN, READER, ask
from tests.fakes.services import FakeServices
from tests.fakes.sync_reports import make_report


@pytest.mark.parametrize(
    ("body", "order"),
    [
        (None, SyncOrder()),
        ({}, SyncOrder()),
        (
            {"adopt": "0123456789abcdef" * 2, "repair": True, "server": "oempro"},
            SyncOrder(adopt="0123456789abcdef" * 2, repair=True, server="oempro"),
        ),
    ],
)
def test_a_sync_is_accepted_with_its_run(body: dict[str, object] | None, order: SyncOrder) -> None:
    services = FakeServices()

    response = ask(services, "POST", "/v1/sync", json=body, peer=ADMIN)

    assert response.status_code == 202
    assert (response.json()["run"]["operation"], response.json()["run"]["server"]) == ("sync", "")
    assert response.headers["location"] == "/v1/runs/run-2"
    assert services.requests == [("request_sync", {"order": order, "requested_by": "uid 1001 (unknown)"})]


@pytest.mark.parametrize("body", [{"adopt": "../etc"}, {"adopt": "abc"}, {"adopt": "A" * 32}, {"force": True}])
def test_what_is_no_installation_or_no_option_is_refused(body: dict[str, object]) -> None:
    services = FakeServices()

    assert ask(services, "POST", "/v1/sync", json=body).status_code == 400
    assert services.requests == []


def test_a_reader_may_not_sync_and_may_see_the_last_report() -> None:
    services = FakeServices()
    services.report = make_report()

    assert ask(services, "POST", "/v1/sync", peer=READER).status_code == 403
    assert ask(services, "GET", "/v1/sync", peer=READER).json()["report"] == services.report | {
        "storages": [
            storage | {"findings": [without_archive_key(finding) for finding in storage["findings"]]}
            for storage in services.report["storages"]
        ]
    }


def without_archive_key(finding: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in finding.items() if key != "archive_key"}


def test_there_is_no_report_before_the_first_sync() -> None:
    assert ask(FakeServices(), "GET", "/v1/sync").json() == {"schema_version": 1, "report": None}
