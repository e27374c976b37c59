"""``schedules``, ``pause`` and ``resume``."""

from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


def test_pausing_one_schedule_shows_who_paused_it() -> None:
    services = FakeServices()

    text = shown(services, "pause", "--server", "oempro", "--schedule", "daily")

    assert "paused by uid 0 (root)" in text
    assert "paused" not in shown(services, "resume")
    assert services.requests[0][1]["schedule"] == "daily"


def test_schedules_show_rule_next_and_last_due_time() -> None:
    lines = shown(FakeServices(), "schedules").splitlines()

    assert lines[0].split("  ")[0] == "SERVER"
    assert "0 2 * * *  Europe/Istanbul  2026-11-23" in lines[1]
    assert lines[1].endswith("served")
