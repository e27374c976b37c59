"""How the begin and the end of each run is told: which kinds, of which problem."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import Operation, RunStatus, Tier
from octeth_backupd.domain.holdings import Hold
from octeth_backupd.domain.notices.endings import Ending, beginning_of, ending_of
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.problems import problems_of
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.notices.standing import HoldFacts
from octeth_backupd.domain.restore.old_login import OLD_LOGIN
from tests.fakes.catalog_values import START, make_run
from tests.fakes.notices import make_notice
from tests.fakes.standing import current, schedule, series, server, standing, storage

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.standing import Standing

NOTICE = make_notice(title="oempro: it ended", text="It ended.")


def told(
    status: RunStatus, operation: Operation = Operation.BACKUP, at: Standing | None = None, **fields: Any
) -> Ending | None:
    run = make_run(operation=operation, status=status, finished_at=START, **fields)
    now = at or standing(server(schedule()))
    return ending_of(run, NOTICE, now, {one.key: one for one in problems_of(now, NoticesSettings())})


def choices(ending: Ending | None) -> list[tuple[str, str]]:
    assert ending is not None
    return [(notice.kind.value, notice.problem) for notice in ending.choices]


def test_the_first_success_after_failures_is_a_recovery_or_a_success() -> None:
    late = "overdue:oempro:daily/late"
    before = standing(server(), open_keys=frozenset({"failing:backup:oempro/engine", late, "storage:s3/upload"}))

    ending = told(RunStatus.SUCCESS, at=before)

    assert choices(ending) == [
        ("recovery", "failing:backup:oempro/engine"),
        ("overdue", late),
        ("success", ""),
    ]
    assert ending is not None
    assert ending.ends == {"failing:backup:oempro/engine", late}
    assert ending.choices[0].title == "oempro: backups succeed again"
    assert ending.choices[0].fact("ends") == f"failing:backup:oempro/engine, {late}"
    assert all(notice.is_end for notice in ending.choices[:2])


def test_a_doubted_backup_is_told_as_what_is_doubted() -> None:
    hold = Hold(hold_id=3, server="oempro", reason="half", backup_id="b", protected=(), begun_at=START)
    at = standing(server(holds=(HoldFacts(hold=hold, is_anomaly=True),)))

    ending = told(RunStatus.SUCCESS, at=at, backup_id="b")

    assert choices(ending) == [("anomaly", "hold:3"), ("success", "")]
    assert ending is not None
    assert ending.choices[0].title == "oempro: backup b is doubted, retention is held"
    assert ending.concerns == {"hold:3"}


def test_a_failure_is_told_as_its_problem_and_a_refused_login_to_those_of_credentials_too() -> None:
    error = "login: the server refused user 'root'"
    failing = standing(server(series=(series(error_code="preflight_failed", error=error),)))

    ending = told(RunStatus.FAILED, at=failing, error_code="preflight_failed", error=error)

    key = "failing:backup:oempro/preflight_failed.login"
    assert choices(ending) == [("failure", key), ("credentials", key)]


def test_a_failure_that_a_later_run_made_good_is_told_without_a_problem() -> None:
    assert choices(told(RunStatus.FAILED, error_code="engine", error="no")) == [("failure", "")]


def test_copies_that_did_not_arrive_are_told_by_their_storages_problem() -> None:
    waits = storage(was_told_by_run=True, last_error="nothing listens")
    detail = {"degraded": ["s3: nothing listens"]}

    ending = told(RunStatus.DEGRADED, at=standing(server(), storages=(waits,)), detail=detail)

    assert choices(ending) == [("degraded", "storage:s3/upload"), ("upload", "storage:s3/upload")]
    assert ending is not None
    assert ending.choices[0].fact("hint").startswith("They are tried again")


@pytest.mark.parametrize("status", [RunStatus.CANCELLED, RunStatus.INTERRUPTED])
def test_what_was_ended_on_purpose_or_by_the_daemons_end_is_a_warning(status: RunStatus) -> None:
    ending = told(status)

    assert ending is not None
    assert [(notice.kind, notice.severity) for notice in ending.choices] == [(NoticeKind.FAILURE, Severity.WARNING)]


def test_a_run_that_found_nothing_due_is_told_neither_when_it_begins_nor_when_it_ends() -> None:
    assert told(RunStatus.SKIPPED) is None
    assert beginning_of(make_run(tiers=frozenset()), NOTICE) is None


def test_a_backup_that_is_put_off_is_missed_for_now() -> None:
    assert choices(told(RunStatus.SKIPPED, error="a restore holds the server")) == [("missed", "")]


@pytest.mark.parametrize(
    ("operation", "kind"),
    [(Operation.BACKUP, "start"), (Operation.RESTORE, "restore"), (Operation.UNDO, "restore")],
)
def test_these_are_told_when_they_begin(operation: Operation, kind: str) -> None:
    begun = make_run(operation=operation, tiers=frozenset({Tier.DAILY}))

    assert choices(beginning_of(begun, NOTICE)) == [(kind, "")]


@pytest.mark.parametrize("operation", [Operation.UPLOAD, Operation.RETENTION, Operation.VERIFY, Operation.SYNC])
def test_these_are_not(operation: Operation) -> None:
    assert beginning_of(make_run(operation=operation), NOTICE) is None
    assert told(RunStatus.SUCCESS, operation) is None


def test_a_restore_that_did_not_succeed_reaches_those_who_want_failures_only() -> None:
    assert choices(told(RunStatus.FAILED, Operation.RESTORE)) == [("restore", ""), ("failure", "")]
    assert choices(told(RunStatus.SUCCESS, Operation.RESTORE)) == [("restore", "")]


def test_a_restore_whose_last_hook_failed_reaches_those_who_want_problems_only() -> None:
    run = make_run(operation=Operation.RESTORE, status=RunStatus.SUCCESS, finished_at=START)

    ending = ending_of(run, replace(NOTICE, severity=Severity.WARNING), standing(), {})

    assert choices(ending) == [("restore", ""), ("degraded", "")]


def test_a_restore_that_is_resolved_ends_its_problem() -> None:
    ending = told(RunStatus.SUCCESS, Operation.RESOLVE, detail={"restore_id": "r1"})

    assert choices(ending) == [("restore", "restore:r1")]
    assert ending is not None
    assert ending.ends == {"restore:r1"}
    assert told(RunStatus.FAILED, Operation.RESOLVE) is None


def _old_login(operation: Operation) -> Ending | None:
    left = make_run(operation=operation, status=RunStatus.DEGRADED, finished_at=START)
    return told(
        RunStatus.DEGRADED,
        operation,
        standing(server(locked_out_by=left)),
        detail={"restore_id": "r1", "degraded": [OLD_LOGIN]},
    )


def test_a_restore_after_which_nobody_can_log_in_is_told_with_that_problem_in_one_message() -> None:
    ending = _old_login(Operation.RESTORE)

    assert choices(ending) == [(kind, "login:oempro") for kind in ("restore", "credentials", "failure")]
    assert ending is not None
    assert ending.concerns == {"login:oempro"}
    assert ending.choices[0].severity is Severity.ERROR
    assert "password_file" in ending.choices[0].fact("hint")


def test_an_interrupted_restore_that_is_finished_so_is_told_so() -> None:
    ending = _old_login(Operation.RESOLVE)

    assert choices(ending)[0] == ("restore", "login:oempro")
    assert ending is not None
    assert ending.ends == {"restore:r1"}


def test_the_first_backup_that_logs_in_after_it_is_a_recovery() -> None:
    before = standing(server(), open_keys=frozenset({"login:oempro"}))

    assert choices(told(RunStatus.SUCCESS, at=before)) == [
        ("recovery", "login:oempro"),
        ("credentials", "login:oempro"),
        ("success", ""),
    ]


def test_retention_is_told_when_it_fails_and_when_it_succeeds_again() -> None:
    failing = standing(server(series=(series(operation=Operation.RETENTION),)))
    before = standing(server(), open_keys=frozenset({"failing:retention:oempro/failed"}))

    assert choices(told(RunStatus.FAILED, Operation.RETENTION, at=failing)) == [
        ("failure", "failing:retention:oempro/failed")
    ]
    assert choices(told(RunStatus.SUCCESS, Operation.RETENTION, at=before)) == [
        ("recovery", "failing:retention:oempro/failed")
    ]


def test_what_a_verify_found_is_told_once_with_the_hold_that_it_began() -> None:
    hold = Hold(hold_id=3, server="oempro", reason="damaged", backup_id="b", protected=(), begun_at=START)

    ending = told(RunStatus.FAILED, Operation.VERIFY, at=standing(server(holds=(HoldFacts(hold=hold),))), backup_id="b")

    assert choices(ending) == [("failure", "hold:3")]


def _synced(*causes: str, problem: str = "lost:s3:missing/1-0a1b2c3d") -> Ending | None:
    run = make_run(operation=Operation.SYNC, status=RunStatus.DEGRADED, server="", detail={"degraded": list(causes)})
    lost = replace(current(problem), kind=NoticeKind.ANOMALY)
    return ending_of(run, NOTICE, standing(), {lost.key: lost})


def test_a_sync_that_found_lost_copies_leaves_the_telling_to_their_problem() -> None:
    assert _synced("s3: 1 missing") is None
    assert _synced("s3: 1 missing", problem="lost:s3:missing/2-0a1b2c3d") is None


@pytest.mark.parametrize(
    "cause",
    [
        "s3: none of the 14 archives that the catalog knows is there",
        "s3: 14 missing",
        "s3: 1 missing, 1 incomplete",
        "s3: 1 corrupt",
        "local: 1 missing",
    ],
)
def test_what_a_sync_found_beside_the_copies_that_are_known_as_lost_is_told(cause: str) -> None:
    assert choices(_synced("s3: 1 missing", cause)) == [("degraded", "")]
