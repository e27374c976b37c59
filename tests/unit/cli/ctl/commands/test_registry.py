"""What holds for every command."""

import json

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.domain.backup import RunStatus
from tests.fakes.restores import make_journal
from tests.fakes.services import FakeServices, make_run
from tests.fakes.terminal import FakeConnection, run_command


@pytest.mark.parametrize(
    "argv",
    [
        ["status"],
        ["list"],
        ["show", "latest"],
        ["backup", "--detach"],
        ["verify", "latest", "--detach"],
        ["restore", "latest", "--dry-run"],
        ["undo", "--yes", "--detach"],
        ["retention"],
        ["retention", "--stats"],
        ["retention", "--apply", "--detach"],
        ["pin", "latest"],
        ["unpin", "latest"],
        ["accept", "latest"],
        ["delete", "2026-11-22", "--yes", "--detach"],
        ["runs"],
        ["cancel", "run-9"],
        ["schedules"],
        ["pause"],
        ["resume"],
        ["doctor"],
        ["config", "show"],
        ["version"],
    ],
)
def test_json_is_exactly_one_document_with_its_schema_version(argv: list[str]) -> None:
    services = FakeServices(runs=[make_run("run-8"), make_run("run-9", status=RunStatus.QUEUED)])
    services.journals = [make_journal()]

    _, screen = run_command(FakeConnection(services), *argv, "--json")

    assert json.loads(screen.shown)["schema_version"] == 1
    assert screen.said == ""


@pytest.mark.parametrize(
    "argv", [["show", "nope"], ["verify", "nope"], ["restore", "nope"], ["watch", "nope"], ["cancel", "nope"]]
)
def test_an_unknown_id_ends_with_4(argv: list[str]) -> None:
    with pytest.raises(CommandFailedError) as caught:
        run_command(FakeConnection(FakeServices()), *argv)

    assert caught.value.exit_code == 4
    assert caught.value.message
