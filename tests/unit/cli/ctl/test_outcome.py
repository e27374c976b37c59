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
