"""A backup whose origin could not be proved afterwards is not begun."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import ServerError
from tests.unit.preflight.builder import facts, run, subject, survey


def test_question_that_the_server_refused_fails_although_other_facts_are_known() -> None:
    error = ServerError("PROCESS is needed for the list of tablespaces", hint="Grant it.")

    result = run("server_facts", subject(survey=survey(error=error, error_stage="facts")))

    assert result.status is CheckStatus.FAILED
    assert (result.summary, result.fix) == (error.message, error.hint)


def test_unknown_redo_position_fails() -> None:
    result = run("server_facts", subject(survey=survey(facts=facts(lsn=None))))

    assert result.status is CheckStatus.FAILED
    assert "LSN" in result.summary
