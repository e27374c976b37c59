"""Without redo there is no consistent copy."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.server import Vendor
from tests.unit.preflight.builder import facts, run, subject, survey


def test_redo_logging_switched_off_fails_with_the_statement() -> None:
    result = run("redo_logging", subject(survey=survey(facts=facts(Vendor.MYSQL, redo_logging=False))))

    assert result.status is CheckStatus.FAILED
    assert result.command == "ALTER INSTANCE ENABLE INNODB REDO_LOG;"
