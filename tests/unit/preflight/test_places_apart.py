"""The daemon's own places and the server's directories are apart."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.server import ServerPaths
from tests.unit.preflight.builder import run, subject, survey


@pytest.mark.parametrize(
    "changes",
    [
        {"backup_directory": "mysql/backups"},
        {"workspace_directory": "mysql/workspace"},
        {"state_directory": "mysql/state"},
        {"backup_directory": "link/backups"},
    ],
)
def test_a_place_inside_the_data_directory_that_was_found_fails(tmp_path: Path, changes: dict[str, str]) -> None:
    (tmp_path / "mysql").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mysql")
    found = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": tmp_path / "mysql"})
    places = {key: tmp_path / place for key, place in changes.items()}

    result = run("places_apart", subject(tmp_path / "backups", **({"survey": survey(paths=found)} | places)))

    assert result.status is CheckStatus.FAILED
    assert f"inside the server's data directory {tmp_path / 'mysql'}" in result.summary


def test_data_among_the_backups_of_its_own_server_fails(tmp_path: Path) -> None:
    data = tmp_path / "backups" / "oempro" / "mysql"
    found = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": data})

    result = run(
        "places_apart",
        subject(tmp_path / "workspace", backup_directory=tmp_path / "backups", survey=survey(paths=found)),
    )

    assert result.status is CheckStatus.FAILED
    assert str(data) in result.summary
