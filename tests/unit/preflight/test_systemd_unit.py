"""The server that answers is the one in the configured unit."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.unit_standing import UnitStanding
from tests.unit.preflight.builder import nothing_known, run, subject


def check(unit: UnitStanding | None, **changes: Any) -> CheckResult:
    settings = ServerSettings(systemd_unit="mysql.service")
    return run("systemd_unit", subject(settings=settings, unit=unit, **changes))


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ({"exists": False, "is_running": False}, "the unit mysql.service does not exist"),
        ({"is_running": False}, "the server that answers is not in mysql.service: it does not run"),
        (
            {"answering": "mariadb.service"},
            "the server that answers is not in mysql.service, but in mariadb.service",
        ),
    ],
)
def test_another_server_is_not_taken_for_the_one_that_is_meant(standing: dict[str, Any], words: str) -> None:
    result = check(UnitStanding(name="mysql.service", **standing))

    assert (result.status, result.summary) == (CheckStatus.FAILED, words)
    assert "systemd_unit in [servers.oempro]" in result.fix


def test_unit_that_is_down_is_named_where_nothing_answers() -> None:
    result = check(UnitStanding(name="mysql.service", is_running=False), **nothing_known("login"))

    assert (result.status, result.summary) == (CheckStatus.FAILED, "mysql.service does not run")


def test_server_in_its_unit_passes_also_where_its_process_is_not_seen() -> None:
    for answering in ("", "mysql.service"):
        assert check(UnitStanding(name="mysql.service", answering=answering)).status is CheckStatus.PASSED


def test_host_without_systemd_is_warned_of() -> None:
    unit = UnitStanding(name="mysql.service", is_known=False, exists=False, is_running=False)

    assert check(unit).status is CheckStatus.WARNING
    assert check(None).status is CheckStatus.UNKNOWN
