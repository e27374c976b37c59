from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from octeth_backupd.errors import DockerError, NotFoundError
from octeth_backupd.process.docker import Docker
from octeth_backupd.process.docker_servers import (
    HeldDirectory,
    held_directories,
    mounted_volumes,
    read_log,
    set_restart_policy,
)
from tests.fakes.clock import FakeClock
from tests.fakes.docker_api import DockerApi, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOCK = FakeClock()


@pytest.fixture
def api() -> DockerApi:
    api = DockerApi(_CLOCK)
    api.add("a1", "db", mounts=((Path("/srv/db"), True), (Path("/srv/conf"), False)))
    return api


@pytest.fixture
def docker(api: DockerApi, tmp_path: Path) -> Iterator[Docker]:
    with serving(api, tmp_path) as host, closing(Docker(host)) as docker:
        yield docker


def test_retries_are_sent_with_the_one_policy_that_has_them(api: DockerApi, docker: Docker) -> None:
    set_restart_policy(docker, "a1", name="on-failure", maximum_retries=3)
    with_retries = api.containers["a1"]["HostConfig"]["RestartPolicy"]
    set_restart_policy(docker, "a1", name="always", maximum_retries=3)

    assert with_retries == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert api.containers["a1"]["HostConfig"]["RestartPolicy"]["Name"] == "always"


class _DyingContainer:
    """An engine whose container has just ended, the first times that it is asked."""

    def __init__(self, message: str, *, times: int) -> None:
        self.answers = [DockerError(message)] * times
        self.calls = 0

    def call(self, _action: str, _call: object) -> None:
        self.calls += 1
        if self.answers:
            raise self.answers.pop()


def test_container_whose_process_has_just_ended_is_asked_again() -> None:
    engine, pauses = _DyingContainer("refused: cannot update a deleted process: unknown", times=2), list[float]()

    set_restart_policy(cast("Docker", engine), "a1", name="no", pause=pauses.append)

    assert (engine.calls, len(pauses)) == (3, 2)


def test_engine_that_refuses_for_another_reason_is_not_asked_again() -> None:
    engine, pauses = _DyingContainer("refused: no such policy", times=1), list[float]()

    with pytest.raises(DockerError, match="no such policy"):
        set_restart_policy(cast("Docker", engine), "a1", name="no", pause=pauses.append)

    assert pauses == []


def test_container_that_is_never_found_alive_is_an_error_in_the_end() -> None:
    engine = _DyingContainer("refused: cannot update a deleted process: unknown", times=1000)

    with pytest.raises(DockerError, match="deleted process"):
        set_restart_policy(cast("Docker", engine), "a1", name="no", pause=lambda _seconds: None)


def test_policy_of_a_container_that_is_gone_is_not_found(docker: Docker) -> None:
    with pytest.raises(NotFoundError):
        set_restart_policy(docker, "gone", name="no")


def test_log_is_told_apart_within_a_second(api: DockerApi, docker: Docker) -> None:
    api.say("a1", "early")
    _CLOCK.go(0.25)
    since = _CLOCK.now()
    _CLOCK.go(0.25)
    api.say("a1", "late")

    assert read_log(docker, "a1", since=since, last_lines=10) == ("late",)
    assert read_log(docker, "a1", since=since - timedelta(seconds=1), last_lines=10) == ("early", "late")


def test_log_that_cannot_be_read_is_an_error(api: DockerApi, docker: Docker) -> None:
    api.log_refusal = "configured logging driver does not support reading"

    with pytest.raises(DockerError, match="does not support reading"):
        read_log(docker, "a1", since=_CLOCK.now(), last_lines=10)


def test_only_directories_that_can_be_written_to_are_held(docker: Docker) -> None:
    assert held_directories(docker) == (HeldDirectory(container_id="a1", name="db", source=Path("/srv/db")),)


def test_volumes_that_are_mounted_with_the_container_are_told_from_those_that_stay(
    api: DockerApi, docker: Docker
) -> None:
    api.volumes = {
        "plain": {"Driver": "local", "Options": None},
        "sized": {"Driver": "local", "Options": {"size": "10G"}},
        "bound": {"Driver": "local", "Options": {"type": "none", "o": "bind", "device": "/data/mysql"}},
        "memory": {"Driver": "local", "Options": {"type": "tmpfs"}},
        "remote": {"Driver": "rexray", "Options": {}},
    }
    api.containers["a1"]["Mounts"] += [
        {"Type": "volume", "Name": name, "Source": f"/volumes/{name}/_data", "Destination": f"/{name}", "RW": True}
        for name in (*api.volumes, "gone")
    ]

    assert mounted_volumes(docker, "a1") == {
        Path("/volumes/bound/_data"): "/data/mysql",
        Path("/volumes/memory/_data"): "tmpfs",
        Path("/volumes/remote/_data"): "rexray",
    }
