"""Asking an image about the programs in it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

import pytest

from octeth_backupd.domain.server import Mount
from octeth_backupd.errors import DockerError, NotFoundError
from octeth_backupd.pipeline.restore.image_facts import in_image
from octeth_backupd.process.mark import RunMark
from tests.fakes.docker import FakeDocker

if TYPE_CHECKING:
    from octeth_backupd.pipeline.restore.server_program import Ask
    from octeth_backupd.process.docker import Docker

MARK = RunMark("installation", "run-1")


def asking(docker: FakeDocker, *mounts: Mount, image: str = "mariadb:10.11") -> Ask:
    return in_image(cast("Docker", docker), image=image, mounts=mounts, mark=MARK)


def test_the_answer_is_what_the_program_printed() -> None:
    docker = FakeDocker(lines=("Ver 10.11.18", "more"))

    assert asking(docker)("mariadbd", ("--version",)) == "Ver 10.11.18\nmore"
    assert docker.removed == ["sidecar"]


def test_the_container_can_reach_nothing_and_is_marked() -> None:
    docker = FakeDocker()

    asking(docker)("mariadbd", ("--version",))

    spec = docker.specs["sidecar"]
    assert (spec["entrypoint"], spec["command"]) == (["mariadbd"], ["--version"])
    assert spec["network_mode"] == "none"
    assert (spec["cap_drop"], spec["cap_add"]) == (["ALL"], ["DAC_READ_SEARCH"])
    assert spec["labels"] == MARK.labels()


def test_mounts_that_exist_are_read_only_and_the_others_are_not_made(tmp_path: Path) -> None:
    docker = FakeDocker()
    present = Mount(source=tmp_path, destination=PurePosixPath("/etc/mysql"))
    missing = Mount(source=tmp_path / "gone", destination=PurePosixPath("/var/lib/mysql"))

    asking(docker, present, missing)("mariadbd", ())

    assert docker.specs["sidecar"]["mounts"] == [
        {"Type": "bind", "Source": str(tmp_path), "Target": "/etc/mysql", "ReadOnly": True}
    ]


def test_a_program_that_fails_has_no_answer() -> None:
    assert asking(FakeDocker(lines=("x",), exit_code=1))("mariadbd", ()) is None


def test_a_program_that_does_not_end_has_no_answer_and_is_removed() -> None:
    docker = FakeDocker(exit_code=None)

    assert asking(docker)("mariadbd", ()) is None
    assert docker.removed == ["sidecar"]


def test_a_program_that_is_not_in_the_image_has_no_answer() -> None:
    docker = FakeDocker()
    docker.start_error = DockerError("refused: executable file not found")

    assert asking(docker)("mysqld", ()) is None
    assert docker.removed == ["sidecar"]


def test_an_engine_that_goes_away_is_an_error() -> None:
    docker = FakeDocker()
    docker.start_error = DockerError("is down", retryable=True)

    with pytest.raises(DockerError, match="is down"):
        asking(docker)("mysqld", ())
    assert docker.removed == ["sidecar"]


def test_an_image_that_is_gone_is_an_error() -> None:
    with pytest.raises(NotFoundError):
        asking(FakeDocker(), image="removed")("mysqld", ())
