"""Schedules over the control interface."""

import pytest

from tests.fakes.api_client import ADMIN, READER, ask
from tests.fakes.services import FakeServices


def test_schedules_are_shown_with_next_and_last_due_time() -> None:
    schedule = ask(FakeServices(), "GET", "/v1/schedules", peer=READER).json()["schedules"][0]

    assert (schedule["server"], schedule["schedule"], schedule["cron"]) == ("oempro", "daily", "0 2 * * *")
    assert (schedule["next_due"], schedule["last_state"]) == ("2026-11-23T02:00:00Z", "served")


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_no_selection_means_all(action: str) -> None:
    services = FakeServices()

    response = ask(services, "POST", f"/v1/schedules/{action}", peer=ADMIN)

    assert response.status_code == 200
    assert services.requests == [(action, {"server": None, "schedule": None, "requested_by": "uid 1001 (unknown)"})]


def test_a_paused_schedule_says_who_paused_it_and_is_never_due() -> None:
    body = {"server": "oempro", "schedule": "daily"}

    schedule = ask(FakeServices(), "POST", "/v1/schedules/pause", json=body).json()["schedules"][0]

    assert (schedule["paused"], schedule["paused_by"], schedule["next_due"]) == (True, "uid 0 (root)", None)


def test_an_unknown_schedule_is_not_found() -> None:
    assert ask(FakeServices(), "POST", "/v1/schedules/pause", json={"schedule": "hourly"}).status_code == 404
