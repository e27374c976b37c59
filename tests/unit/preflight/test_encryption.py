"""Keys are in no backup."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from tests.unit.preflight.builder import facts, run, subject, survey


def test_encrypted_data_is_a_warning_that_the_keys_are_elsewhere() -> None:
    result = run("encryption", subject(survey=survey(facts=facts(encryption=("12 encrypted tablespaces",)))))

    assert result.status is CheckStatus.WARNING
    assert "12 encrypted tablespaces" in result.summary
    assert "not in the backup" in result.cause
