"""``sync``."""

import json

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.restore.order import SyncOrder
from tests.fakes.services import FakeServices
from tests.fakes.sync_reports import make_report
from tests.fakes.terminal import FakeConnection, run_command


def performing(outcome: RunStatus = RunStatus.SUCCESS) -> FakeServices:
    services = FakeServices()
    services.performs, services.outcome, services.report = True, outcome, make_report()
    return services


def test_the_outcome_is_the_exit_code_and_the_report_follows() -> None:
    code, screen = run_command(FakeConnection(performing(RunStatus.DEGRADED)), "sync")

    assert code == 8
    assert "sync: degraded" in screen.shown
    assert "STORAGE" in screen.shown


def test_a_sync_that_failed_shows_no_older_report() -> None:
    code, screen = run_command(FakeConnection(performing(RunStatus.FAILED)), "sync")

    assert code == 1
    assert "STORAGE" not in screen.shown


def test_options_reach_the_daemon() -> None:
    services = performing()

    run_command(FakeConnection(services), "sync", "--adopt", "0" * 32, "--repair", "--server", "oempro", "--detach")

    assert services.requests[0][1]["order"] == SyncOrder(adopt="0" * 32, repair=True, server="oempro")


def test_the_last_report_is_shown_without_a_sync() -> None:
    services = performing()

    code, screen = run_command(FakeConnection(services), "sync", "--last")

    assert code == 0
    assert [method for method, _ in services.requests] == ["sync_report"]
    assert "STORAGE" in screen.shown


def test_json_ends_with_the_whole_report() -> None:
    services = performing()

    _, screen = run_command(FakeConnection(services), "sync", "--json")

    last = json.loads(screen.shown.splitlines()[-1])
    assert (last["type"], last["schema_version"]) == ("sync_report", 1)
    assert len(last["report"]["storages"][1]["findings"]) == 15
