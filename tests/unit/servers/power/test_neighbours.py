from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.process.docker import Docker
from octeth_backupd.servers.power.neighbours import containers_holding
from tests.fakes.clock import FakeClock
from tests.fakes.docker_api import DockerApi, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


class Neighbourhood:
    """One other container, and a directory ``db/data`` that is ours."""

    def __init__(self, api: DockerApi, docker: Docker, root: Path) -> None:
        self._api = api
        self._docker = docker
        self.root = root
        self.data = root / "db" / "data"
        (self.data / "mysql").mkdir(parents=True)

    def users_while_mounted(self, source: Path, *, writable: bool = True) -> tuple[str, ...]:
        self._api.add("c1", "other", mounts=((source, writable),))
        return containers_holding(self._docker, [self.data], but="")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Neighbourhood]:
    api = DockerApi(FakeClock())
    with serving(api, tmp_path) as host, closing(Docker(host)) as docker:
        yield Neighbourhood(api, docker, tmp_path / "root")


def test_directory_itself_a_part_of_it_and_its_parent_count(place: Neighbourhood) -> None:
    assert place.users_while_mounted(place.data) == ("other",)
    assert place.users_while_mounted(place.data / "mysql") == ("other",)
    assert place.users_while_mounted(place.data.parent) == ("other",)


def test_symbolic_link_hides_nothing(place: Neighbourhood) -> None:
    link = place.root / "link"
    link.symlink_to(place.data)

    assert place.users_while_mounted(link) == ("other",)


def test_directory_beside_it_does_not_count(place: Neighbourhood) -> None:
    beside = place.root / "db" / "data2"
    beside.mkdir()

    assert place.users_while_mounted(beside) == ()


def test_mount_that_cannot_be_written_to_does_not_count(place: Neighbourhood) -> None:
    assert place.users_while_mounted(place.data, writable=False) == ()


def test_agent_that_has_the_whole_host_does_not_count(place: Neighbourhood) -> None:
    assert place.users_while_mounted(Path("/")) == ()


def test_source_that_is_gone_does_not_count(place: Neighbourhood) -> None:
    assert place.users_while_mounted(place.root / "gone") == ()
