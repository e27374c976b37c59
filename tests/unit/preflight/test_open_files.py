"""The limit of open files counts on the host."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.checks import CheckStatus
from tests.unit.preflight.builder import placement, run, subject


@pytest.mark.parametrize(
    ("limit", "status"), [(1004, CheckStatus.FAILED), (1005, CheckStatus.PASSED), (0, CheckStatus.PASSED)]
)
def test_limit_must_allow_every_tablespace_and_a_thousand_more(limit: int, status: CheckStatus) -> None:
    result = run("open_files", subject(open_files_limit=limit, placement=placement("host")))

    assert result.status is status


def test_limit_of_the_daemon_is_none_of_a_sidecar() -> None:
    assert run("open_files", subject(open_files_limit=10)).status is CheckStatus.PASSED
