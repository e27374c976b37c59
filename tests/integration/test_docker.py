"""The door to the Docker engine, against a real engine and real containers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.errors import DockerError, NotFoundError, ProgramTimeoutError
from octeth_backupd.process.docker import Docker, DockerSettings
from tests.environment.database_containers import unique_name
from tests.environment.docker_engine import MARIADB_IMAGE, ensure_image, session_labels


@pytest.fixture
def docker() -> Iterator[Docker]:
    ensure_image(MARIADB_IMAGE)
    engine = Docker(DockerSettings().host)
    yield engine
    engine.close()


@pytest.fixture
def containers(docker: Docker) -> Iterator[Any]:
    """Return a function that creates a container; what it created is removed at the end."""
    created: list[str] = []

    def create(script: str, **spec: Any) -> str:
        settings = {"image": MARIADB_IMAGE, "entrypoint": ["sh", "-c", script], "labels": session_labels()}
        created.append(docker.create_sidecar(**settings | {"name": unique_name("door")} | spec))
        return created[-1]

    yield create
    for container_id in created:
        docker.remove(container_id)


def test_every_line_of_a_sidecar_is_seen_and_its_exit_code(docker: Docker, containers: Any) -> None:
    container_id = containers("for i in $(seq 2000); do echo out $i; echo err $i >&2; done; printf last; exit 7")

    lines = docker.attach_lines(container_id)
    docker.start(container_id)
    seen = list(lines)

    assert docker.wait(container_id, 10) == 7
    assert [line for line in seen if line.startswith("out")] == [f"out {number}" for number in range(1, 2001)]
    assert [line for line in seen if line.startswith("err")] == [f"err {number}" for number in range(1, 2001)]
    assert "last" in seen


def test_sidecar_that_was_started_already_is_refused(docker: Docker, containers: Any) -> None:
    """The SDK would wait forever for one that has ended."""
    container_id = containers("echo early; exit 0")
    docker.start(container_id)
    docker.wait(container_id, 10)

    with pytest.raises(DockerError, match="before anybody listened"):
        docker.attach_lines(container_id)


def test_silence_of_a_sidecar_is_no_reason_to_stop_listening(docker: Docker, containers: Any) -> None:
    impatient = Docker(DockerSettings().host, timeout_seconds=2)
    container_id = containers("sleep 5; echo done")
    lines = impatient.attach_lines(container_id)
    docker.start(container_id)

    assert list(lines) == ["done"]
    impatient.close()


def test_signal_ends_a_sidecar_that_has_an_init(docker: Docker, containers: Any) -> None:
    container_id = containers("exec sleep 60", init=True)
    docker.start(container_id)

    with pytest.raises(ProgramTimeoutError):
        docker.wait(container_id, 1)
    docker.kill(container_id, "INT")

    assert docker.wait(container_id, 10) == 130
    docker.kill(container_id, "INT")
    docker.remove(container_id)
    docker.remove(container_id)
    docker.kill(container_id, "INT")
    with pytest.raises(NotFoundError):
        docker.wait(container_id, 1)


def test_labelled_containers_are_found_whether_they_run_or_not(docker: Docker, containers: Any) -> None:
    run = unique_name("run")
    labels = session_labels() | {"octeth-backupd.run": run}
    stopped = containers("true", labels=labels)
    running = containers("sleep 60", labels=labels)
    containers("true")
    docker.start(running)

    found = {entry["Id"]: entry["State"] for entry in docker.list_labelled({"octeth-backupd.run": run})}

    assert found == {stopped: "created", running: "running"}
    assert {stopped, running} <= {entry["Id"] for entry in docker.list_labelled({"octeth-backupd.run": ""})}


def test_output_and_exit_code_of_a_program_in_a_container(docker: Docker, containers: Any) -> None:
    container_id = containers("sleep 60")
    docker.start(container_id)

    exit_code, output = docker.exec_output(container_id, ["sh", "-c", "echo out; echo err >&2; exit 3"], 10)
    assert (exit_code, sorted(output.splitlines())) == (3, ["err", "out"])
    exit_code, _ = docker.exec_output(container_id, ["no-such-program"], 10)
    assert exit_code in {126, 127}


def test_program_that_hangs_in_a_container_is_given_up_on(docker: Docker, containers: Any) -> None:
    container_id = containers("sleep 60")
    docker.start(container_id)
    began = time.monotonic()

    with pytest.raises(ProgramTimeoutError, match="no answer after 1 s"):
        docker.exec_output(container_id, ["sleep", "30"], 1)

    assert time.monotonic() - began < 20


def test_program_in_a_container_that_does_not_run_is_refused(docker: Docker, containers: Any) -> None:
    with pytest.raises(DockerError, match="not running"):
        docker.exec_output(containers("true"), ["true"], 10)


def test_image_that_is_not_here_is_not_found(docker: Docker) -> None:
    assert docker.image_exists(MARIADB_IMAGE)
    assert not docker.image_exists("octeth-backupd-test/absent:1")
    with pytest.raises(NotFoundError, match="no such image"):
        docker.create_sidecar(image="octeth-backupd-test/absent:1", command=["true"])


def test_missing_engine_says_so(tmp_path: Path) -> None:
    with pytest.raises(DockerError, match="the socket does not exist"):
        Docker(f"unix://{tmp_path}/docker.sock").inspect_container("oempro_mysql")
