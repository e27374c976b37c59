"""What is missing is told with the exact statement."""

from __future__ import annotations

from dataclasses import replace

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.server import ServerFacts
from tests.unit.preflight.builder import engine, facts, run, subject, survey


def test_missing_privileges_come_with_their_grant() -> None:
    grants = ("GRANT RELOAD ON *.* TO `bkp`@`10.0.%` IDENTIFIED BY PASSWORD '***'",)

    result = run("grants", subject(survey=survey(facts=_with_grants(grants))))

    assert result.status is CheckStatus.FAILED
    assert result.summary == "bkp@10.0.% lacks PROCESS, BINLOG MONITOR"
    assert result.command == "GRANT PROCESS, BINLOG MONITOR ON *.* TO 'bkp'@'10.0.%';"


def test_privileges_on_tables_come_with_a_grant_of_their_own() -> None:
    needs = ("RELOAD", "SELECT ON performance_schema.log_status")

    result = run("grants", subject(engine=engine(grants=needs)))

    assert result.command == "GRANT SELECT ON performance_schema.log_status TO 'bkp'@'%';"


def test_roles_are_explained() -> None:
    grants = ("GRANT USAGE ON *.* TO `bkp`@`%`", "GRANT `backup`@`%` TO `bkp`@`%`")

    assert "backup" in run("grants", subject(survey=survey(facts=_with_grants(grants)))).cause


def test_hidden_grants_are_never_a_pass() -> None:
    result = run("grants", subject(survey=survey(facts=_with_grants(()))))

    assert result.status is CheckStatus.UNKNOWN


def _with_grants(grants: tuple[str, ...]) -> ServerFacts:
    return replace(facts(), grants=grants)
