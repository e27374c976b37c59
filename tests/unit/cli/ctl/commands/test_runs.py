"""``runs``."""

import json

from octeth_backupd.domain.backup import RunStatus
from tests.fakes.services import FakeServices, make_run
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


def test_runs_show_outcome_and_result() -> None:
    services = FakeServices(
        runs=[make_run("run-2", status=RunStatus.FAILED, error="no space"), make_run(backup_id="oempro-1")]
    )

    lines = shown(services, "runs").splitlines()

    assert lines[1].endswith("4 min 00 s  failed   no space")
    assert lines[2].endswith("4 min 00 s  success  oempro-1")
    assert len(shown(services, "runs", "--limit", "1").splitlines()) == 2
    assert "Nothing has run yet" in shown(FakeServices(runs=[]), "runs")


def test_runs_show_what_became_of_an_interrupted_restore() -> None:
    services = FakeServices(runs=[make_run(backup_id="oempro-1", detail={"outcome": "the restore is finished"})])

    assert shown(services, "runs").splitlines()[1].endswith("success  the restore is finished")


def test_runs_show_that_a_backup_was_doubted_and_why() -> None:
    services = FakeServices(runs=[make_run(backup_id="oempro-1", detail={"suspect": "half as large"})])

    assert shown(services, "runs").splitlines()[1].endswith("success, suspect  oempro-1: half as large")
    assert json.loads(shown(services, "runs", "--json"))["runs"][0]["suspect"] == "half as large"
