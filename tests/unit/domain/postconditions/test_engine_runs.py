"""Neither exit code nor "completed OK!" is believed alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.evidence import Evidence
from tests.unit.domain.postconditions.builder import Ended, Judged, answer, good_evidence


def _with_run(stage: Stage, run: Judged) -> Evidence:
    field = "backup_run" if stage is Stage.BACKUP else "prepare_run"
    return replace(good_evidence(), **{field: run})  # type: ignore[arg-type]


STAGES = pytest.mark.parametrize("stage", [Stage.BACKUP, Stage.PREPARE])


@STAGES
@pytest.mark.parametrize("code", [1, 2, 130, 137, -9])
def test_other_exit_code_fails_although_the_log_says_ok(stage: Stage, code: int) -> None:
    evidence = _with_run(stage, Judged(completed=Ended(exit_code=code)))

    found = answer(evidence, "exit_code", stage)

    assert found.status is CheckStatus.FAILED
    assert f"exit code {code}" in found.summary


@STAGES
def test_exit_code_comes_with_the_engines_own_error(stage: Stage) -> None:
    evidence = _with_run(
        stage, Judged(completed=Ended(exit_code=1), last_line="bye", error_lines=("FATAL ERROR: disk full",))
    )

    assert "FATAL ERROR: disk full" in answer(evidence, "exit_code", stage).summary


@STAGES
@pytest.mark.parametrize("last_line", ["", "[00] 2026-11-22 11:10:25 All tables unlocked", "completed OK! not"])
def test_log_without_the_last_word_fails_although_the_exit_code_is_0(stage: Stage, last_line: str) -> None:
    assert answer(_with_run(stage, Judged(last_line=last_line)), "completed_ok", stage).status is CheckStatus.FAILED


@STAGES
def test_error_line_fails_although_exit_code_and_last_line_are_right(stage: Stage) -> None:
    evidence = _with_run(stage, Judged(error_lines=("2026-11-22 [ERROR] redo is gone", "another")))

    found = answer(evidence, "no_error_line", stage)

    assert found.status is CheckStatus.FAILED
    assert "2 error lines: 2026-11-22 [ERROR] redo is gone" in found.summary
