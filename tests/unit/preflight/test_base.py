"""The four answers of a check."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.preflight.base import failed, passed, unknown, warning
from tests.unit.preflight.builder import check, subject, survey


def test_each_answer_carries_check_and_server() -> None:
    asked, examined = check("tools"), subject()

    answers = [
        passed(asked, examined, "fine"),
        warning(asked, examined, "hm", cause="because", fix="Do.", command="do"),
        failed(asked, examined, "bad", fix="Do."),
        unknown(asked, examined, "the server"),
    ]

    assert [answer.status for answer in answers] == list(CheckStatus)
    assert {(answer.name, answer.server) for answer in answers} == {("tools", "oempro")}
    assert (answers[1].cause, answers[1].command) == ("because", "do")
    assert answers[3].summary == "not asked: the server"


def test_container_is_none_without_a_location() -> None:
    assert subject(survey=survey(location=None)).container is None
