"""Tables that lock the server, or that no backup holds, are named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import EngineTable, Vendor
from tests.unit.preflight.builder import facts, run, subject, survey


def _run(vendor: Vendor, *tables: tuple[str, str, str]) -> CheckResult:
    others = tuple(
        EngineTable(schema=schema, table=table, engine=engine, file_stem=f"{schema}/{table}")
        for schema, table, engine in tables
    )
    return run("engines_in_use", subject(survey=survey(facts=facts(vendor, other_tables=others))))


def test_myisam_on_mysql_is_warned_of_with_the_statement_that_converts_it() -> None:
    result = _run(Vendor.MYSQL, ("shop", "notes", "MyISAM"))

    assert result.status is CheckStatus.WARNING
    assert "writes wait while shop.notes (MYISAM) are copied" in result.summary
    assert result.command == "ALTER TABLE `shop`.`notes` ENGINE=InnoDB;"


@pytest.mark.parametrize(
    ("vendor", "schema", "engine"),
    [
        pytest.param(Vendor.MARIADB, "shop", "MyISAM", id="MariaDB copies MyISAM without a global lock"),
        pytest.param(Vendor.MYSQL, "mysql", "CSV", id="system tables"),
        pytest.param(Vendor.MYSQL, "shop", "MEMORY", id="rows that no restart would keep"),
    ],
)
def test_harmless_engines_pass(vendor: Vendor, schema: str, engine: str) -> None:
    assert _run(vendor, (schema, "t", engine)).status is CheckStatus.PASSED


@pytest.mark.parametrize(
    ("vendor", "engine"), [(Vendor.MYSQL, "ROCKSDB"), (Vendor.MARIADB, "CONNECT"), (Vendor.MYSQL, "FEDERATED")]
)
def test_rows_that_are_not_in_the_backup_are_named(vendor: Vendor, engine: str) -> None:
    result = _run(vendor, ("shop", "t", engine))

    assert result.status is CheckStatus.WARNING
    assert "are not in the backup" in result.summary


@pytest.mark.parametrize("vendor", Vendor)
def test_account_that_sees_no_tables_is_told_the_grant_that_shows_them(vendor: Vendor) -> None:
    blind = replace(facts(vendor), grants=("GRANT PROCESS, RELOAD, LOCK TABLES ON *.* TO `bkp`@`%`",))

    result = run("engines_in_use", subject(survey=survey(facts=blind)))

    assert result.status is CheckStatus.WARNING
    assert result.command == "GRANT SHOW VIEW ON *.* TO 'bkp'@'%';"


def test_rocksdb_on_percona_is_in_the_backup_but_locks() -> None:
    assert "writes wait" in _run(Vendor.PERCONA, ("shop", "t", "ROCKSDB")).summary


def test_many_tables_are_counted() -> None:
    tables = [("shop", f"t{number}", "MyISAM") for number in range(9)]

    assert "shop.t0, shop.t1, shop.t2 and 6 more" in _run(Vendor.MYSQL, *tables).summary
