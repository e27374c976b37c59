"""Facts of the host."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, cast

from octeth_backupd.errors import NotFoundError
from octeth_backupd.importing.host import look_around
from octeth_backupd.process.docker import Docker
from tests.unit.domain.legacy.build import configuration


class _Docker:
    """Answers for one container; every other is unknown."""

    def __init__(self, *mounts: tuple[Path, str]) -> None:
        self._mounts = mounts

    def inspect_container(self, name: str) -> dict[str, Any]:
        if name != "oempro_mysql":
            raise NotFoundError(f"no container is named {name}")
        mounts = [{"Source": str(source), "Destination": destination} for source, destination in self._mounts]
        return {"Id": "a" * 64, "Name": "/oempro_mysql", "Mounts": mounts}


def _look(docker: _Docker, env: str) -> Any:
    return look_around(
        configuration(env),
        cast("Docker", docker),
        secret_directory=Path("/etc/octeth-backupd"),
        cron_lines=(),
        scripts="",
    )


def test_data_directory_is_the_nearest_mount(tmp_path: Path) -> None:
    docker = _Docker(
        (tmp_path, "/var/lib"), (tmp_path / "data", "/var/lib/mysql"), (tmp_path / "log", "/var/log/mysql")
    )

    found = _look(docker, "MYSQL_HOST=oempro_mysql\n")

    assert found.data_directory == PurePosixPath(tmp_path / "data")
    assert PurePosixPath(tmp_path / "log") in found.mounted
    assert found.docker_problem == ""


def test_symbolic_link_to_the_data_directory_is_followed(tmp_path: Path) -> None:
    (tmp_path / "octeth").mkdir()
    (tmp_path / "oempro").symlink_to("octeth")
    docker = _Docker((tmp_path / "octeth", "/var/lib/mysql"))

    found = _look(docker, f"MYSQL_HOST=oempro_mysql\nMYSQL_DATA_DIR={tmp_path}/oempro\n")

    assert found.is_same_directory(PurePosixPath(tmp_path / "oempro"), PurePosixPath(tmp_path / "octeth"))


def test_container_that_is_not_there_is_said(tmp_path: Path) -> None:
    found = _look(_Docker(), "MYSQL_HOST=gone\n")

    assert found.data_directory is None
    assert "gone" in found.docker_problem


def test_container_without_a_mount_is_said() -> None:
    assert "no directory of this host" in _look(_Docker(), "MYSQL_HOST=oempro_mysql\n").docker_problem
