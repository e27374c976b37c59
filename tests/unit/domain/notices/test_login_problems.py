"""A restore after which no backup can log in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.notices.login_problems import login_problem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.problems import problems_of
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.restore.old_login import NO_LOGIN, OLD_LOGIN
from tests.fakes.catalog_values import START, make_run
from tests.fakes.standing import good, schedule, series, server, standing

RESTORE = make_run(operation=Operation.RESTORE, status=RunStatus.DEGRADED, finished_at=START)


def test_it_says_what_to_correct_and_how_to_see_that_it_is_right() -> None:
    problem = login_problem(RESTORE)

    assert (problem.key, problem.kind, problem.severity) == ("login:oempro", NoticeKind.CREDENTIALS, Severity.ERROR)
    assert problem.title == "oempro: no backup can log in since its restore"
    assert "[servers.oempro] password_file" in problem.hint
    assert problem.command == "octeth-backupctl backup --server oempro"
    assert problem.since == START


@pytest.mark.parametrize("why", [OLD_LOGIN, NO_LOGIN])
def test_its_cause_is_what_the_restore_found(why: str) -> None:
    assert login_problem(replace(RESTORE, detail={"degraded": ["another", why]})).cause == why


def test_a_backup_that_was_not_let_in_and_one_that_is_overdue_follow_from_it() -> None:
    failed = series(error="login: refused", error_code="preflight_failed")
    late = schedule(last_good=good(hours_ago=50))

    login, failing, overdue = problems_of(
        standing(server(late, series=(failed,), locked_out_by=RESTORE)), NoticesSettings()
    )

    assert login.key == "login:oempro"
    assert failing.key == "failing:backup:oempro/preflight_failed.login"
    assert failing.covered_by == {"login:oempro"}
    assert "login:oempro" in overdue.covered_by


def test_a_backup_that_fails_of_something_else_is_a_problem_of_its_own() -> None:
    failed = series(error="space: too little", error_code="preflight_failed")

    facts = server(schedule(last_good=good()), series=(failed,), locked_out_by=RESTORE)

    _, failing = problems_of(standing(facts), NoticesSettings())

    assert failing.covered_by == frozenset()
