"""Three releases of MySQL 8.0 write redo that no backup can apply."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import Vendor, Version
from tests.unit.preflight.builder import facts, run, subject, survey


def _run(patch: int, *tables: str, vendor: Vendor = Vendor.MYSQL) -> CheckResult:
    version = Version(major=8, minor=0, patch=patch)
    return run("row_versions", subject(survey=survey(facts=facts(vendor, version=version, row_version_tables=tables))))


@pytest.mark.parametrize("patch", [29, 30, 31])
def test_row_versions_fail_with_the_statements_that_rebuild(patch: int) -> None:
    result = _run(patch, "shop/orders", "my@002dshop/x#p#p0")

    assert result.status is CheckStatus.FAILED
    assert result.command == "OPTIMIZE TABLE `shop`.`orders`;\nOPTIMIZE TABLE `my-shop`.`x`;"


@pytest.mark.parametrize("patch", [28, 32, 40])
def test_other_releases_are_not_affected(patch: int) -> None:
    assert _run(patch, "shop/orders").status is CheckStatus.PASSED


def test_no_such_table_passes() -> None:
    assert _run(30).status is CheckStatus.PASSED
