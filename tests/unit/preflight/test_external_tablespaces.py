"""Tablespaces outside the server's directories are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import Tablespace, TablespaceKind
from tests.unit.preflight.builder import PATHS, facts, run, subject, survey


def _run(*paths: str, kind: TablespaceKind = TablespaceKind.SINGLE) -> CheckResult:
    tablespaces = tuple(
        Tablespace(space_id=number, name=f"shop/t{number}", size_bytes=1, path=path, kind=kind)
        for number, path in enumerate(paths, start=1)
    )
    return run("external_tablespaces", subject(survey=survey(facts=facts(tablespaces=tablespaces))))


@pytest.mark.parametrize("path", ["/ext/shop/t1.ibd", "../elsewhere/t1.ibd", "/var/lib/mysql2/shop/t1.ibd"])
def test_table_elsewhere_is_a_warning(path: str) -> None:
    result = _run(path)

    assert result.status is CheckStatus.WARNING
    assert path in result.summary


@pytest.mark.parametrize("path", ["./shop/t1.ibd", "shop/t1.ibd", "/var/lib/mysql/shop/t1.ibd", ""])
def test_table_in_the_data_directory_passes(path: str) -> None:
    assert _run(path).status is CheckStatus.PASSED


def test_directory_that_is_known_to_be_external_is_still_outside() -> None:
    paths = replace(PATHS, server={**PATHS.server, "external:/ext": PurePosixPath("/ext")})
    tablespaces = (Tablespace(space_id=1, name="shop/t1", size_bytes=1, path="/ext/shop/t1.ibd"),)

    result = run("external_tablespaces", subject(survey=survey(facts=facts(tablespaces=tablespaces), paths=paths)))

    assert result.status is CheckStatus.WARNING


def test_undo_and_system_tablespaces_are_the_servers_own_business() -> None:
    assert _run("/ssd/undo_001", kind=TablespaceKind.UNDO).status is CheckStatus.PASSED


def test_many_are_counted() -> None:
    assert _run(*(f"/ext/t{number}.ibd" for number in range(5))).summary.endswith("and 2 more")
