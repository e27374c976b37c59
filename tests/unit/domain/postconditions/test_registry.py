"""The list of post-conditions as a whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.registry import POSTCONDITIONS, evaluate, raise_on_failure, suspicion
from octeth_backupd.domain.server import Vendor
from octeth_backupd.domain.space import SizeHistory
from octeth_backupd.errors import VerificationError
from tests.unit.domain.postconditions.builder import MEBIBYTE, Judged, good_evidence, with_raw


@pytest.mark.parametrize("vendor", Vendor)
@pytest.mark.parametrize("stage", Stage)
def test_good_backup_passes_every_condition(vendor: Vendor, stage: Stage) -> None:
    results = evaluate(good_evidence(vendor), stage)

    assert results
    assert [result for result in results if result.status is not CheckStatus.PASSED] == []
    assert {result.server for result in results} == {"oempro"}
    raise_on_failure(results)


def test_each_condition_is_registered_once_with_a_question() -> None:
    keys = [(condition.stage, condition.name) for condition in POSTCONDITIONS]

    assert len(keys) == len(set(keys))
    assert all(condition.question.endswith("?") for condition in POSTCONDITIONS)


@pytest.mark.parametrize("condition", POSTCONDITIONS, ids=lambda condition: f"{condition.stage}-{condition.name}")
def test_no_condition_passes_on_nothing(condition: object) -> None:
    bare = replace(
        good_evidence(Vendor.MYSQL),
        after=None,
        backup_run=None,
        raw=None,
        prepare_run=None,
        prepared=None,
        archived=None,
        read_back=None,
    )
    assert condition in POSTCONDITIONS
    found = next(one for one in POSTCONDITIONS if one is condition).evaluate(bare)

    assert found.status is CheckStatus.UNKNOWN
    assert found.summary.startswith("cannot be judged: ")
    assert found.fix


def test_all_failures_are_named_at_once() -> None:
    evidence = with_raw(good_evidence(), without=("ib_logfile0", "xtrabackup_info"))

    with pytest.raises(VerificationError) as caught:
        raise_on_failure(evaluate(evidence, Stage.BACKUP))

    assert "redo_present" in caught.value.message
    assert "metadata_files" in caught.value.message
    assert caught.value.hint


def test_what_cannot_be_judged_fails_the_run() -> None:
    evidence = replace(good_evidence(), after=None)

    with pytest.raises(VerificationError, match="lsn_window: cannot be judged"):
        raise_on_failure(evaluate(evidence, Stage.BACKUP))


def test_doubt_is_told_and_fails_nothing() -> None:
    evidence = replace(good_evidence(), previous=SizeHistory(data_bytes=9000 * MEBIBYTE, archive_bytes=MEBIBYTE))

    results = evaluate(evidence, Stage.ARCHIVE)

    raise_on_failure(results)
    assert "at the last good backup" in suspicion(results)


def test_good_backup_is_not_suspect() -> None:
    assert suspicion(evaluate(good_evidence(), Stage.PREPARE)) == ""


def test_failure_and_pass_are_both_reported() -> None:
    evidence = replace(good_evidence(), backup_run=Judged(error_lines=("x [ERROR] y",)))

    statuses = {result.name: result.status for result in evaluate(evidence, Stage.BACKUP)}

    assert statuses["no_error_line"] is CheckStatus.FAILED
    assert statuses["exit_code"] is CheckStatus.PASSED


def test_first_fix_becomes_the_hint() -> None:
    results = (
        CheckResult(name="a", status=CheckStatus.FAILED, summary="bad", fix=""),
        CheckResult(name="b", status=CheckStatus.FAILED, summary="worse", fix="Do this."),
    )

    with pytest.raises(VerificationError) as caught:
        raise_on_failure(results)

    assert caught.value.hint == "Do this."
