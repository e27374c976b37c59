"""How a post-condition turns what happens while it is asked into an answer."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.postconditions.base import Answer, PostCondition, Stage, needed, passed, some
from octeth_backupd.domain.postconditions.evidence import Evidence
from octeth_backupd.errors import MetadataError
from tests.unit.domain.postconditions.builder import good_evidence


def _condition(answer: Answer | Exception) -> PostCondition:
    def ask(_evidence: Evidence) -> Answer:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return PostCondition(name="probe", stage=Stage.BACKUP, question="?", answer=ask)


def test_answer_gets_name_and_server() -> None:
    found = _condition(passed("fine")).evaluate(good_evidence())

    assert (found.name, found.server, found.status, found.summary) == ("probe", "oempro", CheckStatus.PASSED, "fine")


def test_unreadable_metadata_is_a_failure() -> None:
    found = _condition(MetadataError("x has no to_lsn")).evaluate(good_evidence())

    assert (found.status, found.summary) == (CheckStatus.FAILED, "x has no to_lsn")


def test_missing_evidence_is_never_a_pass() -> None:
    def ask(_evidence: Evidence) -> Answer:
        needed(None, "nobody looked", fix="Look.")
        return passed("fine")

    found = PostCondition(name="probe", stage=Stage.BACKUP, question="?", answer=ask).evaluate(good_evidence())

    assert (found.status, found.summary, found.fix) == (CheckStatus.UNKNOWN, "cannot be judged: nobody looked", "Look.")


def test_long_lists_are_shortened() -> None:
    assert some(["b", "a"]) == "a, b"
    assert some(str(number) for number in range(8)) == "0, 1, 2, 3, 4 and 3 more"
