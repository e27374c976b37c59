"""What is told of a run's beginning and end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from octeth_backupd.domain.backup import Operation, Run, RunStatus, Tier, Trigger
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.run_notice import RunTrace, run_notice, start_notice
from tests.fakes.catalog_values import START, make_backup

TRACE = RunTrace(step="archive", error_lines=("[ERROR] no space",), last_lines=("a", "b"))


def ended(status: RunStatus, operation: Operation = Operation.BACKUP, **fields: Any) -> Run:
    values: dict[str, Any] = {
        "run_id": "r1",
        "server": "oempro",
        "trigger": Trigger.SCHEDULE,
        "tiers": frozenset({Tier.WEEKLY, Tier.DAILY}),
        "created_at": START,
        "started_at": START,
        "finished_at": START + timedelta(seconds=182),
    }
    return Run(operation=operation, status=status, **values | fields)


def test_a_failure_says_where_why_and_what_to_do() -> None:
    run = ended(RunStatus.FAILED, error="the disk is full\nreally", error_code="no_space", hint="Free some space.")

    notice = run_notice(run, trace=TRACE)

    assert notice is not None
    assert (notice.kind, notice.severity, notice.at) == (NoticeKind.FAILURE, Severity.ERROR, run.finished_at)
    assert notice.title == "oempro: backup failed: the disk is full"
    assert "in the step archive after 3 min 2 s" in notice.text
    assert "no new backup" in notice.text
    assert dict(notice.facts) == {
        "error": "the disk is full\nreally",
        "hint": "Free some space.",
        "command": "octeth-backupctl doctor --server oempro",
        "step": "archive",
        "error_code": "no_space",
        "operation": "backup",
        "tier": "daily, weekly",
        "run": "r1",
        "trigger": "schedule",
        "duration_seconds": "182.000",
    }
    assert notice.log_tail == ("[ERROR] no space",)


def test_without_error_lines_the_last_ones_are_shown() -> None:
    notice = run_notice(ended(RunStatus.FAILED), trace=RunTrace(last_lines=("a", "b")))

    assert notice is not None
    assert notice.log_tail == ("a", "b")


def test_a_success_carries_the_sizes_and_no_log() -> None:
    backup = make_backup()

    notice = run_notice(ended(RunStatus.SUCCESS, backup_id=backup.backup_id), trace=TRACE, backup=backup)

    assert notice is not None
    assert (notice.kind, notice.severity, notice.backup_id) == (NoticeKind.SUCCESS, Severity.INFO, backup.backup_id)
    assert (notice.fact("archive_bytes"), notice.fact("error"), notice.log_tail) == ("2000", "", ())
    assert notice.text == "The backup of oempro succeeded after 3 min 2 s."


@pytest.mark.parametrize(
    ("status", "kind", "severity", "words"),
    [
        (RunStatus.DEGRADED, NoticeKind.DEGRADED, Severity.WARNING, "There is a good backup"),
        (RunStatus.INTERRUPTED, NoticeKind.FAILURE, Severity.ERROR, "as soon as it can"),
        (RunStatus.CANCELLED, NoticeKind.FAILURE, Severity.WARNING, "There is no new backup"),
    ],
)
def test_every_other_end_of_a_backup_is_told(
    status: RunStatus, kind: NoticeKind, severity: Severity, words: str
) -> None:
    notice = run_notice(ended(status), trace=RunTrace())

    assert notice is not None
    assert (notice.kind, notice.severity) == (kind, severity)
    assert words in notice.text
    assert notice.fact("error")


@pytest.mark.parametrize("operation", [Operation.RESTORE, Operation.UNDO, Operation.RESOLVE])
@pytest.mark.parametrize("status", [RunStatus.SUCCESS, RunStatus.FAILED, RunStatus.CANCELLED])
def test_every_end_of_a_restore_is_told_as_one(operation: Operation, status: RunStatus) -> None:
    notice = run_notice(ended(status, operation), trace=RunTrace())

    assert notice is not None
    assert notice.kind is NoticeKind.RESTORE


@pytest.mark.parametrize("operation", [Operation.VERIFY, Operation.RETENTION, Operation.SYNC, Operation.EXPIRE])
def test_other_runs_are_told_when_they_fail(operation: Operation) -> None:
    notice = run_notice(ended(RunStatus.FAILED, operation, server=""), trace=RunTrace())

    assert notice is not None
    assert notice.kind is NoticeKind.FAILURE
    assert not notice.title.startswith(":")


@pytest.mark.parametrize(
    "run",
    [
        ended(RunStatus.SKIPPED),
        ended(RunStatus.RUNNING, finished_at=None),
        ended(RunStatus.SUCCESS, Operation.VERIFY),
        ended(RunStatus.CANCELLED, Operation.SYNC),
        ended(RunStatus.FAILED, Operation.UPLOAD),
    ],
    ids=lambda run: f"{run.operation}-{run.status}",
)
def test_what_nobody_need_know_of_is_not_told(run: Run) -> None:
    assert run_notice(run, trace=TRACE) is None


def test_who_asked_for_a_manual_run_is_told() -> None:
    run = ended(RunStatus.FAILED, trigger=Trigger.MANUAL, requested_by="uid 0 (root)")

    notice = run_notice(run, trace=TRACE)

    assert notice is not None
    assert notice.fact("requested_by") == "uid 0 (root)"


def test_a_backup_that_begins_is_told_and_nothing_else() -> None:
    notice = start_notice(ended(RunStatus.RUNNING))

    assert notice is not None
    assert (notice.kind, notice.run_id, notice.at) == (NoticeKind.START, "r1", START)
    assert start_notice(ended(RunStatus.RUNNING, Operation.RESTORE)) is None
    assert start_notice(ended(RunStatus.QUEUED, started_at=None)) is None


def test_begin_and_end_are_different_notices_of_one_run() -> None:
    begun, over = start_notice(ended(RunStatus.RUNNING)), run_notice(ended(RunStatus.SUCCESS), trace=TRACE)

    assert begun is not None
    assert over is not None
    assert begun.notice_id != over.notice_id


def test_long_lines_and_titles_are_cut() -> None:
    trace = RunTrace(error_lines=("x" * 100_000,))

    notice = run_notice(ended(RunStatus.FAILED, error="y" * 100_000), trace=trace)

    assert notice is not None
    assert len(notice.title) == 160
    assert len(notice.log_tail[0]) == 2_000


def test_a_title_names_two_causes_and_counts_the_others() -> None:
    causes = ["s3: " + "x " * 100, "hook after_backup: it ended with exit code 1", "retention: denied"]

    titles = []
    for count in (1, 2, 3):
        run = ended(RunStatus.DEGRADED, error="; ".join(causes[:count]), detail={"degraded": causes[:count]})
        notice = run_notice(run, trace=RunTrace())
        assert notice is not None
        titles.append(notice.title)

    assert all(title.startswith("oempro: backup is degraded: s3: x x") for title in titles)
    assert titles[1].endswith("x…; hook after_backup: it ended with exit code 1")
    assert titles[2].endswith("x…; hook after_backup: it ended with exit code 1 and 1 more")
    assert all(140 < len(title) <= 160 for title in titles)


def test_a_restore_whose_last_hook_failed_says_so_and_is_a_warning() -> None:
    problem = "hook after_restore: /bin/start ended with exit code 1"
    run = ended(RunStatus.SUCCESS, Operation.RESTORE, detail={"notes": ["from s3", problem], "failed_hooks": [problem]})

    notice = run_notice(run, trace=RunTrace())

    assert notice is not None
    assert (notice.kind, notice.severity) == (NoticeKind.RESTORE, Severity.WARNING)
    assert notice.title == f"oempro: restore succeeded: {problem}"
    assert notice.text.endswith(f"\nBut {problem}")
