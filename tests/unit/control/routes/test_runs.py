"""Runs over the control interface; their event stream is in test_streams."""

from urllib.parse import quote

import pytest

from octeth_backupd.domain.backup import RunStatus
from tests.fakes.api_client import ADMIN, READER, ask
from tests.fakes.services import FakeServices, make_run


def test_runs_are_paged_and_the_last_page_says_so() -> None:
    services = FakeServices(runs=[make_run(f"run-{number}") for number in range(5)])

    first = ask(services, "GET", "/v1/runs?limit=3", peer=READER).json()
    second = ask(services, "GET", f"/v1/runs?limit=3&before={first['next_before']}").json()

    assert [run["id"] for run in first["runs"] + second["runs"]] == [f"run-{number}" for number in range(5)]
    assert second["next_before"] is None


def test_a_run_is_shown_by_a_part_of_its_id() -> None:
    document = ask(FakeServices(), "GET", "/v1/runs/run-").json()

    assert document["run"]["id"] == "run-1"
    assert (document["steps"], document["progress"]) == ([], None)


@pytest.mark.parametrize(("part", "status"), [("nope", 404), ("run", 409)])
def test_unknown_and_ambiguous_runs_are_told_apart(part: str, status: int) -> None:
    services = FakeServices(runs=[make_run("run-1"), make_run("run-2")])

    assert ask(services, "GET", f"/v1/runs/{part}").status_code == status
    assert ask(services, "GET", f"/v1/runs/{part}/events").status_code == status
    assert ask(services, "POST", f"/v1/runs/{part}/cancel").status_code == status


@pytest.mark.parametrize("suffix", ["", "/events", "/cancel"])
def test_what_cannot_be_a_run_never_reaches_the_daemon(suffix: str) -> None:
    services = FakeServices()

    response = ask(services, "POST" if suffix == "/cancel" else "GET", f"/v1/runs/{quote('../x', safe='')}{suffix}")

    assert response.status_code == 400
    assert services.requests == []


def test_cancelling_says_who_asked_and_answers_with_the_run() -> None:
    services = FakeServices(runs=[make_run(status=RunStatus.RUNNING)])

    response = ask(services, "POST", "/v1/runs/run-1/cancel", peer=ADMIN)

    assert response.status_code == 202
    assert response.json()["run"]["status"] == "cancelled"
    assert services.requests[0] == ("cancel", {"run": "run-1", "requested_by": "uid 1001 (unknown)"})


def test_a_run_that_has_ended_cannot_be_cancelled() -> None:
    assert ask(FakeServices(), "POST", "/v1/runs/run-1/cancel").status_code == 400
