"""The command that makes a lost container again."""

from __future__ import annotations

import shlex
from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.manifest_parts import PlacementEntry
from octeth_backupd.domain.restore.container_recipe import docker_run
from octeth_backupd.domain.server import Mount, Placement
from tests.fakes.manifests import make_server_part


def words_of(**placement: object) -> list[str]:
    values: dict[str, object] = {"kind": Placement.CONTAINER, "container": "db", "image": "mysql:8.0"}
    entry = PlacementEntry(**values | placement)
    return shlex.split(docker_run(make_server_part(placement=entry)).replace("\\\n", " "))


def test_name_mounts_image_and_arguments_are_as_they_were() -> None:
    words = words_of(
        command=("docker-entrypoint.sh", "mysqld", "--log-bin=/var/log/mysql/binlog"),
        mounts=(
            Mount(source=Path("/opt/my data"), destination=PurePosixPath("/var/lib/mysql")),
            Mount(source=Path("/opt/my.cnf"), destination=PurePosixPath("/etc/my.cnf"), read_only=True),
        ),
    )

    assert words == [
        *("docker", "run", "--detach", "--name", "db", "--env", "MYSQL_ROOT_PASSWORD=<password>"),
        *("--volume", "/opt/my data:/var/lib/mysql", "--volume", "/opt/my.cnf:/etc/my.cnf:ro"),
        *("mysql:8.0", "mysqld", "--log-bin=/var/log/mysql/binlog"),
    ]


def test_a_named_volume_is_named() -> None:
    source = Path("/var/lib/docker/volumes/oempro_data/_data")
    mount = Mount(source=source, destination=PurePosixPath("/var/lib/mysql"), kind="volume")

    assert "oempro_data:/var/lib/mysql" in words_of(mounts=(mount,))


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ((), []),
        (("mysqld", "--port=1"), ["mysqld", "--port=1"]),
        (("/usr/local/bin/docker-entrypoint.sh", "--port=1"), ["--port=1"]),
        (("tini", "--", "docker-entrypoint.sh", "mysqld"), ["mysqld"]),
        (("start.sh", "mysqld"), ["mysqld"]),
    ],
)
def test_the_entrypoint_is_left_out(command: tuple[str, ...], arguments: list[str]) -> None:
    words = words_of(command=command)

    assert words[words.index("mysql:8.0") + 1 :] == arguments


def test_a_secret_in_the_command_is_a_placeholder() -> None:
    text = docker_run(make_server_part())

    assert "canary" not in text
    assert "'--report-password=<secret>'" in text


def test_an_image_without_a_name_is_given_by_its_digest() -> None:
    assert words_of(image="sha256:00", image_digest="mysql@sha256:11")[-1] == "mysql@sha256:11"
