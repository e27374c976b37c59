"""How a run ended."""

from typing import Any

import pytest

from octeth_backupd.cli.ctl.outcome import exit_code_of, show_outcome
from octeth_backupd.control.schemas import RunView
from octeth_backupd.domain.backup import RunStatus
from tests.fakes.services import make_run
from tests.fakes.terminal import MemoryScreen


def document(**changes: Any) -> dict[str, Any]:
    return RunView.model_validate(make_run(**changes)).model_dump(mode="json")


@pytest.mark.parametrize(
    ("status", "code"),
    [("success", 0), ("degraded", 8), ("failed", 1), ("cancelled", 3), ("interrupted", 5), ("skipped", 6)],
)
def test_the_exit_code_is_the_outcomes(status: str, code: int) -> None:
    assert exit_code_of(document(status=RunStatus(status))) == code


@pytest.mark.parametrize("status", [RunStatus.SUCCESS, RunStatus.DEGRADED])
def test_a_backup_that_is_doubted_is_never_taken_for_a_good_one(status: RunStatus) -> None:
    assert exit_code_of(document(status=status, detail={"suspect": "half as large"})) == 9


@pytest.mark.parametrize(("status", "code"), [(RunStatus.FAILED, 1), (RunStatus.CANCELLED, 3)])
def test_a_run_that_failed_is_not_only_doubted(status: RunStatus, code: int) -> None:
    assert exit_code_of(document(status=status, detail={"suspect": "half as large"})) == code


def test_the_last_line_says_that_a_backup_is_doubted_why_and_what_to_do() -> None:
    screen = MemoryScreen()

    show_outcome(document(backup_id="oempro-1", detail={"suspect": "half as large"}), screen)

    assert screen.shown.splitlines()[0] == "backup of oempro: success, suspect after 4 min 00 s"
    assert screen.shown.splitlines()[-1] == (
        "backup oempro-1 is SUSPECT: half as large. It does not count as latest; look: octeth-backupctl show oempro-1, "
        "then accept oempro-1 or delete oempro-1"
    )


def test_a_success_is_told_with_its_backup_and_nothing_on_standard_error() -> None:
    screen = MemoryScreen()

    show_outcome(document(backup_id="oempro-1"), screen)

    assert screen.shown == "backup of oempro: success after 4 min 00 s\nbackup oempro-1\n"
    assert screen.said == ""


def test_a_run_of_no_server_names_none() -> None:
    screen = MemoryScreen()

    show_outcome(document(operation="sync", server=""), screen)

    assert screen.shown == "sync: success after 4 min 00 s\n"


def test_a_failure_is_told_with_error_and_hint_on_standard_error() -> None:
    screen = MemoryScreen()

    show_outcome(document(status=RunStatus.FAILED, error="no space", hint="Free some."), screen)

    assert "failed" in screen.shown
    assert screen.said == "octeth-backupctl: no space\nFree some.\n"


def test_what_became_of_an_interrupted_restore_is_told() -> None:
    screen = MemoryScreen()

    show_outcome(document(detail={"outcome": "nothing of the server's data was changed"}), screen)

    assert "nothing of the server's data was changed" in screen.shown
