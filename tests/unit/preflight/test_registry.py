"""The list of checks as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.preflight.base import Check
from octeth_backupd.preflight.registry import CHECKS
from tests.unit.preflight.builder import nothing_known, subject

KNOWS_WITHOUT_THE_SERVER = {"tools", "storage_writable", "workspace_writable", "docker", "systemd_unit"}


def test_names_are_unique_and_every_check_asks_a_question() -> None:
    names = [check.name for check in CHECKS]

    assert len(names) == len(set(names))
    assert [check.name for check in CHECKS if not (check.__doc__ or "").split("\n")[0].endswith("?")] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_good_server_passes(check: Check, tmp_path: Path) -> None:
    result = check.run(subject(tmp_path))

    assert result.status is CheckStatus.PASSED, result
    assert (result.name, result.server) == (check.name, "oempro")
    assert result.summary


@pytest.mark.parametrize(
    "check", [check for check in CHECKS if check.name not in KNOWS_WITHOUT_THE_SERVER], ids=lambda check: check.name
)
def test_nothing_passes_when_nothing_is_known(check: Check, tmp_path: Path) -> None:
    result = check.run(subject(tmp_path, **nothing_known()))

    assert result.status is CheckStatus.UNKNOWN, result
    assert result.summary.startswith("not asked: ")
    assert result.fix
