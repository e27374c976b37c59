"""What systemctl status shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.daemon.status_line import idle_line, is_told, last_told
from octeth_backupd.domain.backup import Operation, Run, RunStatus
from tests.fakes.clock import FakeClock
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from pathlib import Path

END = datetime(2026, 11, 22, 2, 3, tzinfo=UTC)


def ended(status: RunStatus = RunStatus.SUCCESS, *, error: str = "", backup_id: str | None = None) -> Run:
    return replace(a_run(status=status, backup_id=backup_id), finished_at=END, error=error)


def test_without_any_run_it_is_idle() -> None:
    assert idle_line(None, UTC) == "idle"


def test_last_backup_is_named_with_its_result_and_its_end_in_the_zone() -> None:
    berlin = timezone(timedelta(hours=1), "CET")

    line = idle_line(ended(backup_id="oempro-2026-11-22_02-00-00"), berlin)

    assert line == "idle; last: backup oempro-2026-11-22_02-00-00 success 2026-11-22 03:03 CET"


def test_last_backup_that_is_doubted_is_not_told_as_a_mere_success() -> None:
    last = replace(ended(backup_id="oempro-2026-11-22_02-00-00"), detail={"suspect": "half as large"})

    assert " success, suspect, 2026-11-22 02:03 UTC" in idle_line(last, UTC)


def test_failure_is_told_with_the_first_line_of_its_cause_cut_to_a_line() -> None:
    line = idle_line(ended(RunStatus.FAILED, error=f"login refused {'x' * 200}\nSTATUS=forged"), UTC)

    assert line.startswith("idle; last: backup of oempro failed 2026-11-22 02:03 UTC: login refused xxx")
    assert line.endswith("x…")
    assert "forged" not in line


def test_error_of_what_was_ended_on_purpose_is_left_out() -> None:
    assert "by uid" not in idle_line(ended(RunStatus.CANCELLED, error="cancelled by uid 0"), UTC)


@pytest.mark.parametrize("operation", [Operation.UPLOAD, Operation.SYNC, Operation.RETENTION, Operation.EXPIRE])
def test_housekeeping_is_no_result(operation: Operation) -> None:
    assert not is_told(a_run(operation=operation, status=RunStatus.SUCCESS))


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.SKIPPED])
def test_what_did_not_end_or_did_nothing_is_no_result(status: RunStatus) -> None:
    assert not is_told(a_run(status=status))


def test_last_result_is_found_behind_later_housekeeping(tmp_path: Path) -> None:
    clock = FakeClock()
    catalog = Catalog.open(tmp_path / "catalog.sqlite", clock=clock)
    catalog.add_run(a_run("20261122-020000-aaaaaa", status=RunStatus.FAILED))
    catalog.add_run(a_run("20261122-030000-bbbbbb", status=RunStatus.SUCCESS, operation=Operation.UPLOAD))

    last = last_told(catalog)
    catalog.close()

    assert last is not None
    assert last.run_id == "20261122-020000-aaaaaa"
