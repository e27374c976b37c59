"""Old transactions are a warning that names the oldest."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.server import LongTransaction
from tests.unit.preflight.builder import facts, run, subject, survey


def test_oldest_transaction_is_named() -> None:
    transactions = (
        LongTransaction(thread_id=7, user="app", age_seconds=400),
        LongTransaction(thread_id=9, user="report", age_seconds=4000),
        LongTransaction(thread_id=11, user="app", age_seconds=299),
    )

    result = run("long_transactions", subject(survey=survey(facts=facts(long_transactions=transactions))))

    assert result.status is CheckStatus.WARNING
    assert "2 transactions" in result.summary
    assert "connection 9 of report" in result.summary
    assert "KILL 9;" in result.command


def test_short_transactions_are_normal() -> None:
    transactions = (LongTransaction(thread_id=7, user="app", age_seconds=299),)

    result = run("long_transactions", subject(survey=survey(facts=facts(long_transactions=transactions))))

    assert result.status is CheckStatus.PASSED
