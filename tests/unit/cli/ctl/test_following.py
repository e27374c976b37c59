"""Following a run."""

import json

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.following import follow
from octeth_backupd.domain.backup import RunStatus
from tests.fakes.services import FakeServices, make_run
from tests.fakes.terminal import FakeConnection, Json, MemoryScreen, run_command


def services(status: RunStatus) -> FakeServices:
    fake = FakeServices()
    fake.performs = True
    fake.outcome = status
    return fake


@pytest.mark.parametrize(("outcome", "code"), [("success", 0), ("degraded", 8), ("failed", 1), ("cancelled", 3)])
def test_a_backup_ends_with_the_code_of_its_outcome(outcome: str, code: int) -> None:
    assert run_command(FakeConnection(services(RunStatus(outcome))), "backup")[0] == code


def test_the_steps_and_the_result_are_told() -> None:
    fake = services(RunStatus.SUCCESS)
    events: list[Json | BaseException] = [
        {
            "type": "run",
            "run": {"id": "run-1", "operation": "backup", "server": "oempro", "status": "queued", "step": ""},
        },
        {"type": "step_finished", "step": "backup", "status": "success", "duration_seconds": 65.0},
        {"type": "run_finished"},
    ]
    screen = MemoryScreen()

    code = follow("run", FakeConnection(fake, events), screen, with_output=False)  # type: ignore[arg-type]

    assert code == 0
    assert screen.shown.splitlines() == [
        "run run-1: backup of oempro, queued",
        "backup done in 1 min 05 s",
        "backup of oempro: success after 4 min 00 s",
    ]


def test_ctrl_c_leaves_the_run_alone_and_says_how_to_go_on() -> None:
    fake = FakeServices(runs=[make_run(status=RunStatus.RUNNING)])
    run = {"id": "run-1", "operation": "backup", "server": "oempro", "status": "running", "step": ""}
    events: list[Json | BaseException] = [{"type": "run", "run": run}, KeyboardInterrupt()]
    screen = MemoryScreen()

    code = follow("run", FakeConnection(fake, events), screen, with_output=False)  # type: ignore[arg-type]

    assert code == 130
    assert "octeth-backupctl watch run-1" in screen.said
    assert "octeth-backupctl cancel run-1" in screen.said
    assert fake.all_runs[0].status is RunStatus.RUNNING


def test_a_stream_that_is_cut_before_the_end_is_a_failure_with_69() -> None:
    fake = FakeServices(runs=[make_run(status=RunStatus.RUNNING)])

    with pytest.raises(CommandFailedError, match="before it was over") as caught:
        follow("run-1", FakeConnection(fake, []), MemoryScreen(), with_output=False)  # type: ignore[arg-type]

    assert caught.value.exit_code == 69
    assert "watch run-1" in caught.value.hint


def test_a_stream_that_is_cut_after_the_end_is_none() -> None:
    assert follow("run-1", FakeConnection(FakeServices(), []), MemoryScreen(), with_output=False) == 0  # type: ignore[arg-type]


def test_detached_a_backup_is_only_named() -> None:
    code, screen = run_command(FakeConnection(FakeServices()), "backup", "--detach")

    assert code == 0
    assert screen.shown == "run run-2 is running\n"
    assert "octeth-backupctl watch run-2" in screen.said


def test_detached_json_is_the_answers_document() -> None:
    code, screen = run_command(FakeConnection(FakeServices()), "backup", "--detach", "--json")

    assert code == 0
    assert json.loads(screen.shown)["run"]["id"] == "run-2"
    assert screen.said == ""


def test_json_is_one_event_a_line_and_nothing_else() -> None:
    code, screen = run_command(FakeConnection(services(RunStatus.SUCCESS)), "backup", "--json")

    types = [json.loads(line)["type"] for line in screen.shown.splitlines()]
    assert code == 0
    assert (types[0], types[-1]) == ("run", "run_finished")
    assert screen.said == ""
