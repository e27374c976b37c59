"""engines.xtrabackup_fit."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import Vendor, parse_version
from octeth_backupd.engines.base import EngineVersion
from octeth_backupd.engines.xtrabackup_fit import xtrabackup_fit
from tests.fakes.server_facts import make_facts


def _fit(tool: str, server: str, vendor: Vendor = Vendor.MYSQL) -> CheckResult:
    version = EngineVersion(version=parse_version(tool), text=f"xtrabackup version {tool}")
    return xtrabackup_fit(version, make_facts(server, vendor=vendor))


@pytest.mark.parametrize(
    ("tool", "server"),
    [
        ("8.0.35-31", "8.0.36"),
        ("8.0.34-29", "8.0.45"),
        ("8.0.35-31", "8.0.20"),
        ("8.0.30-23", "8.0.30"),
        ("8.0.33-28", "8.0.29"),
        ("8.4.0-1", "8.4.3"),
        ("8.4.0-7", "8.4.0"),
        ("9.7.4-1", "9.7.4"),
    ],
)
def test_tool_of_the_servers_series_fits(tool: str, server: str) -> None:
    assert _fit(tool, server).status is CheckStatus.PASSED


@pytest.mark.parametrize(
    ("tool", "server", "age", "package"),
    [
        ("8.0.33-28", "8.0.36", "too old", "percona-xtrabackup-80"),
        ("2.4.29", "8.0.36", "too old", "percona-xtrabackup-80"),
        ("8.0.35-31", "8.4.3", "too old", "percona-xtrabackup-84"),
        ("8.4.0-1", "8.0.36", "too new", "percona-xtrabackup-80"),
        ("8.3.0-1", "8.4.3", "too old", "percona-xtrabackup-84"),
    ],
)
def test_misfit_is_named_with_the_exact_package(tool: str, server: str, age: str, package: str) -> None:
    result = _fit(tool, server)

    assert result.status is CheckStatus.FAILED
    assert age in result.summary
    assert package in result.fix
    assert result.command.endswith(f"apt-get install {package}")


def test_server_without_a_package_is_said_to_have_none() -> None:
    result = _fit("8.4.0-1", "9.6.0")

    assert result.status is CheckStatus.FAILED
    assert "too old" in result.summary
    assert "9.6" in result.fix
    assert result.command == ""


def test_mariadb_is_never_backed_up_by_xtrabackup() -> None:
    result = _fit("8.0.35-31", "10.11.19-MariaDB", Vendor.MARIADB)

    assert result.status is CheckStatus.FAILED
    assert "MariaDB" in result.summary
    assert "mariadb-backup=1:10.11.*" in result.command
