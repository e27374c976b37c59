"""Copies that do not arrive, and copies that are lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.notices.standing import LostCopies
from octeth_backupd.domain.notices.storage_problems import lost_problems, upload_problem
from tests.fakes.catalog_values import START
from tests.fakes.standing import standing, storage

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.current import CurrentProblem

AN_AGE = START - timedelta(hours=7)


def problem(open_keys: frozenset[str] = frozenset(), **fields: Any) -> CurrentProblem | None:
    return upload_problem(storage(**fields), standing(open_keys=open_keys), NoticesSettings())


def test_nothing_waits_and_nothing_is_wrong() -> None:
    assert problem(waiting_copies=0, waiting_since=None) is None


def test_what_waits_is_a_problem_after_six_hours_or_when_a_run_said_so() -> None:
    assert problem() is None
    assert problem(waiting_since=START - timedelta(hours=6)) is None
    late, told = problem(waiting_since=AN_AGE), problem(was_told_by_run=True)
    assert late is not None
    assert told is not None
    assert (late.key, late.kind, late.severity) == ("storage:s3/upload", NoticeKind.UPLOAD, Severity.ERROR)
    assert told.severity is Severity.WARNING
    assert "2 copies (3.0 GiB) wait since" in late.cause


def test_it_lasts_until_all_are_there() -> None:
    assert problem(frozenset({"storage:s3/credentials"})) is not None
    assert problem(frozenset({"storage:s3-other/upload"})) is None


@pytest.mark.parametrize(
    ("error", "key", "hint"),
    [
        ("s3://b: access denied (PutObject)", "storage:s3/credentials", "Correct the credentials"),
        ("s3://b: no trusted connection to h: certificate has expired", "storage:s3/certificate", "Correct ca_bundle"),
    ],
)
def test_a_refusal_is_told_at_once_and_as_what_it_is(error: str, key: str, hint: str) -> None:
    found = problem(last_error=error)

    assert found is not None
    assert (found.key, found.kind) == (key, NoticeKind.CREDENTIALS)
    assert error in found.cause
    assert found.hint.startswith(hint)


def test_a_storage_that_is_not_configured_any_more_is_named() -> None:
    found = problem(waiting_since=AN_AGE, is_configured=False)

    assert found is not None
    assert "no storage of the name s3" in found.cause
    assert "octeth-backupctl delete" in found.hint


def test_lost_copies_are_told_by_server_and_backup_and_again_while_they_are_lost() -> None:
    one = LostCopies(name="1-aa", backups=(("oempro", "oempro-9"),), since=AN_AGE)
    others = (("shop", "shop-8"), *(("oempro", f"oempro-{n}") for n in (7, 6, 5, 4)))
    many = LostCopies(name="5-bb", backups=others, since=START)

    lost = lost_problems(storage(lost={CopyState.MISSING: one, CopyState.CORRUPT: many}))

    assert [(one.key, one.title) for one in lost] == [
        ("lost:s3:corrupt/5-bb", "s3: 5 copies are damaged"),
        ("lost:s3:missing/1-aa", "s3: 1 copy is missing"),
    ]
    assert lost[0].cause.endswith(": shop-8, oempro-7, oempro-6 and 2 more, of servers oempro, shop")
    assert lost[1].cause.endswith(": oempro-9, of server oempro")
    assert all(one.is_repeated for one in lost)
    assert [one.since for one in lost] == [START, AN_AGE]
