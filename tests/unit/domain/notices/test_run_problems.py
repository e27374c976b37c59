"""Operations whose last run was not as it should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.run_problems import degraded_causes, run_problem_key, run_problems
from tests.fakes.catalog_values import make_run
from tests.fakes.standing import good, series, server


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"error_code": "engine", "error": "no"}, "engine"),
        ({"error_code": "preflight_failed", "error": "space: 3 GiB too little; login: no"}, "preflight_failed.space"),
        ({"error_code": "preflight_failed", "error": "Nothing fits"}, "preflight_failed"),
        (
            {
                "error_code": "hook_failed",
                "error": "hook before_backup: /h ended with exit code 3: it ran longer than 5 s",
            },
            "hook_failed",
        ),
        (
            {"error_code": "hook_failed", "error": "hook before_backup: /h ran longer than 5 s and was ended"},
            "hook_failed.time_limit",
        ),
        (
            {"error_code": "hook_failed", "error": "hook before_backup was not run: /h may be written by others"},
            "hook_failed.not_run",
        ),
        ({}, "failed"),
        ({"status": RunStatus.INTERRUPTED, "error_code": "interrupted"}, "interrupted"),
    ],
)
def test_another_cause_is_another_problem(fields: dict[str, Any], key: str) -> None:
    run = make_run(**{"status": RunStatus.FAILED, **fields})

    assert run_problem_key(run) == f"failing:backup:oempro/{key}"


def test_what_fails_is_said_with_step_count_cause_and_the_last_good_backup() -> None:
    failed = replace(series(error="the log has no end", error_code="engine"), count=3, last_step="prepare")

    (problem,) = run_problems(server(series=(failed,), last_good=good(hours_ago=24)), storages=())

    assert problem.title == "oempro: backup fails in step prepare, 3 runs in a row"
    assert problem.text == ("The log has no end. The last good backup is oempro-1 of Sat 2026-11-21 02:00 UTC.")
    assert (problem.hint, problem.command) == ("Mend it.", "octeth-backupctl watch run-1")
    assert (problem.kind, problem.severity) == (NoticeKind.FAILURE, Severity.ERROR)


def test_an_interrupted_run_is_a_warning() -> None:
    (problem,) = run_problems(server(series=(series(RunStatus.INTERRUPTED),)), storages=())

    assert (problem.title, problem.severity) == ("oempro: backup was interrupted", Severity.WARNING)


def test_an_interrupted_run_does_not_hide_the_failure_before_it() -> None:
    failure = make_run(status=RunStatus.FAILED, error="the log has no end")
    interrupted = replace(series(RunStatus.INTERRUPTED, error="the daemon ended"), failure=failure)

    (problem,) = run_problems(server(series=(interrupted,)), storages=())

    assert problem.title == "oempro: backup was interrupted; before that it failed"
    assert problem.cause == "the daemon ended. Before that it failed: the log has no end"


def test_copies_that_wait_are_the_storages_problem_and_other_causes_are_the_runs() -> None:
    detail = {"degraded": ["s3: nothing listens", "retention: could not delete"]}
    run = make_run(status=RunStatus.DEGRADED, detail=detail)

    assert degraded_causes(run, ["s3"]) == ("retention: could not delete",)
    assert (
        run_problems(server(series=(series(RunStatus.DEGRADED, detail={"degraded": ["s3: no"]}),)), storages=["s3"])
        == []
    )
    (problem,) = run_problems(server(series=(series(RunStatus.DEGRADED, detail=detail),)), storages=["s3"])
    assert (problem.kind, problem.key) == (NoticeKind.DEGRADED, "failing:backup:oempro/degraded")


def test_retention_that_fails_is_a_problem_of_its_own() -> None:
    (problem,) = run_problems(server(series=(series(operation=Operation.RETENTION),)), storages=())

    assert problem.key == "failing:retention:oempro/failed"
