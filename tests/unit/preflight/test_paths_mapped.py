"""An engine on the host must see every directory; a sidecar sees them by itself."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.server import ServerPaths
from octeth_backupd.errors import ServerError
from tests.unit.preflight.builder import placement, run, subject, survey

SERVER = {"data": PurePosixPath("/var/lib/mysql"), "binlog": PurePosixPath("/binlogs")}


def _paths(*seen: str) -> ServerPaths:
    return ServerPaths(server=SERVER, host={role: Path("/srv") / role for role in seen})


@pytest.mark.parametrize("seen", [("data",), ("binlog",), ()])
def test_directory_that_the_host_does_not_see_fails_an_engine_there(seen: tuple[str, ...]) -> None:
    result = run("paths_mapped", subject(survey=survey(paths=_paths(*seen)), placement=placement("host")))

    assert result.status is CheckStatus.FAILED
    assert all(f"{role} ({path})" in result.summary for role, path in SERVER.items() if role not in seen)


@pytest.mark.parametrize(("seen", "status"), [(("data",), CheckStatus.PASSED), (("binlog",), CheckStatus.WARNING)])
def test_sidecar_sees_what_the_host_does_not(seen: tuple[str, ...], status: CheckStatus) -> None:
    result = run("paths_mapped", subject(survey=survey(paths=_paths(*seen)), placement=placement("sidecar")))

    assert result.status is status


def test_error_while_mapping_fails() -> None:
    error = ServerError("two mounts claim /var/lib/mysql")

    result = run("paths_mapped", subject(survey=survey(paths=None, error=error, error_stage="paths")))

    assert result.status is CheckStatus.FAILED
    assert "data_directory" in result.fix
