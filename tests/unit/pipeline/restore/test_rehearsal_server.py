"""The container of a rehearsal: what it sees of the host, and what rights it has."""

from __future__ import annotations

import queue
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

import pytest

from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.server import Mount
from octeth_backupd.errors import DockerError
from octeth_backupd.pipeline.restore.rehearsal_server import (
    Binding,
    container_bindings,
    container_server,
    container_spec,
)
from octeth_backupd.process.mark import RUN_LABEL, RunMark
from tests.fakes.docker import FakeDocker
from tests.unit.pipeline.restore.rehearsed import container, mount

if TYPE_CHECKING:
    from octeth_backupd.process.docker import Docker

MARK = RunMark("installation", "run-1")
DATA = PurePosixPath("/var/lib/mysql")


def test_other_mounts_are_read_only_and_the_data_is_the_staged_one(tmp_path: Path) -> None:
    live, configuration = mount(tmp_path / "live", "/var/lib/mysql/"), mount(tmp_path / "conf", "/etc/mysql/conf.d")
    own = Binding(source=tmp_path / "new", target=DATA)

    bindings = container_bindings(container(live, configuration), [own])

    assert own in bindings
    assert [(b.source, b.read_only) for b in bindings if b is not own] == [(configuration.source, True)]


def test_sockets_and_what_is_gone_are_left_out(tmp_path: Path) -> None:
    import socket

    path = tmp_path / "docker.sock"
    gone = Mount(source=tmp_path / "gone", destination=PurePosixPath("/gone"))
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        mounted = Mount(source=path, destination=PurePosixPath("/var/run/docker.sock"))

        assert container_bindings(container(mounted, gone), []) == ()


@pytest.mark.parametrize("exists", [True, False])
def test_mount_above_the_data_stays_only_where_the_data_has_a_place_in_it(tmp_path: Path, exists: bool) -> None:
    above = mount(tmp_path / "lib", "/var/lib")
    if exists:
        (above.source / "mysql").mkdir()

    bindings = container_bindings(container(above), [Binding(source=tmp_path / "new", target=DATA)])

    assert (above.source in [b.source for b in bindings]) is exists


def test_container_has_no_network_no_rights_and_none_of_the_environment() -> None:
    spec = container_spec(
        ("mysqld", "--a"),
        container=container(memory_limit_bytes=1 << 30),
        bindings=[Binding(source=Path("/new"), target=DATA)],
        owner=Owner(user_id=999, group_id=998),
        mark=MARK,
    )

    assert (spec["entrypoint"], spec["command"]) == (["mysqld"], ["--a"])
    assert (spec["network_mode"], spec["cap_drop"], spec["user"]) == ("none", ["ALL"], "999:998")
    assert spec["pids_limit"] > 0
    assert spec["mem_limit"] == 1 << 30
    assert spec["name"].startswith("octeth-backupd-run-1-")
    assert spec["labels"][RUN_LABEL] == "run-1"
    assert set(spec["environment"]) == {"LC_ALL", "HOME", *MARK.environment()}
    assert spec["mounts"] == [{"Type": "bind", "Source": "/new", "Target": str(DATA), "ReadOnly": False}]


def test_container_is_removed_after_the_block() -> None:
    docker = FakeDocker(lines=("ready for connections",))
    said: queue.Queue[str] = queue.Queue()

    with container_server(_docker(docker), {"image": "mariadb:10.11"}, on_line=said.put) as server:
        assert said.get(timeout=10) == "ready for connections"
        docker.server_stopped = True
        assert server.ended() == 0

    assert docker.removed == ["sidecar"]


def test_container_is_removed_when_it_does_not_start() -> None:
    docker = FakeDocker()
    docker.start_error = DockerError("no such program")

    with (
        pytest.raises(DockerError, match="no such program"),
        container_server(_docker(docker), {"image": "mariadb:10.11"}, on_line=lambda _: None),
    ):
        pass

    assert docker.removed == ["sidecar"]


def test_server_is_asked_to_stop_by_term_and_ended_by_kill() -> None:
    docker = FakeDocker(exit_code=None)

    with container_server(_docker(docker), {"image": "mariadb:10.11"}, on_line=lambda _: None) as server:
        assert server.ended() is None
        server.terminate()
        server.kill()

    assert docker.signals == ["SIGTERM", "SIGKILL"]


def _docker(fake: FakeDocker) -> Docker:
    return cast("Docker", fake)
