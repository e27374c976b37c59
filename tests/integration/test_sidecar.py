"""Sidecars in a real Docker engine."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import BackupdError, CancelledError, ProgramError, ServerUnreachableError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command, StopPolicy
from octeth_backupd.process.docker import Docker, DockerSettings
from octeth_backupd.process.mark import RUN_LABEL, RunMark
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.process.sidecar import SidecarRunner, end_sidecars
from tests.contracts.runner_contract import CONTRACT_MARK, CONTRACT_SECRET, RunnerContract, run_until_ready, shell
from tests.environment.database_containers import unique_name
from tests.environment.docker_engine import MARIADB_IMAGE, Mount, ensure_image, remove_container, shared_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Literal

    from docker.models.containers import Container

    from octeth_backupd.process.command import Runner


@pytest.fixture(scope="module")
def docker() -> Iterator[Docker]:
    ensure_image(MARIADB_IMAGE)
    docker = Docker(DockerSettings().host)
    yield docker
    docker.close()


@pytest.fixture(scope="module")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("data")
    secret = directory / "ibdata1"
    secret.write_text("content")
    for path, mode in ((secret, 0o600), (directory, 0o700)):
        os.chown(path, 999, 999)
        path.chmod(mode)
    return directory


@pytest.fixture(scope="module")
def server(docker: Docker, data_directory: Path) -> Iterator[Container]:
    """A container that only looks like a server."""
    container = _start_server(data_directory)
    yield container
    remove_container(container)


def _start_server(data_directory: Path) -> Container:
    return shared_engine().run(
        MARIADB_IMAGE,
        ["infinity"],
        entrypoint=["sleep"],
        name=unique_name("sidecar"),
        mounts=[Mount(source=data_directory, target="/var/lib/mysql")],
    )


def _runner(
    docker: Docker,
    server: Container,
    *,
    mark: RunMark = CONTRACT_MARK,
    binds: dict[Path, Literal["rw", "ro"]] | None = None,
    image: str = MARIADB_IMAGE,
) -> SidecarRunner:
    return SidecarRunner(
        docker=docker,
        image=image,
        container_id=str(server.id),
        binds=binds or {},
        mark=mark,
        redactor=Redactor([CONTRACT_SECRET]),
    )


def _sidecars(docker: Docker, mark: RunMark) -> list[str]:
    return [container["Id"] for container in docker.list_labelled(mark.labels())]


class TestSidecarRunner(RunnerContract):
    @pytest.fixture
    def runner(self, docker: Docker, server: Container) -> Iterator[Runner]:
        yield _runner(docker, server)
        assert _sidecars(docker, CONTRACT_MARK) == []


def test_sidecar_reads_what_belongs_to_the_server_and_writes_only_the_workspace(
    docker: Docker, server: Container, tmp_path: Path
) -> None:
    lines: list[str] = []

    completed = _runner(docker, server, binds={tmp_path: "rw"}).run(
        shell(
            "cat /var/lib/mysql/ibdata1; echo; echo x > /var/lib/mysql/y || echo refused; "
            f"echo result > {tmp_path}/file"
        ),
        on_line=lines.append,
        cancellation=Cancellation(),
    )

    assert completed.exit_code == 0
    assert "content" in lines
    assert "refused" in lines
    assert (tmp_path / "file").read_text() == "result\n"


def test_option_file_is_read_only_in_the_sidecar(docker: Docker, server: Container, tmp_path: Path) -> None:
    option_file = tmp_path / "run.cnf"
    option_file.write_text("[client]\n")
    option_file.chmod(0o600)

    completed = _runner(docker, server, binds={option_file: "ro"}).run(
        shell(f"cat {option_file}; echo x > {option_file} || echo refused"),
        on_line=lambda _: None,
        cancellation=Cancellation(),
    )

    assert "[client]" in completed.output
    assert "refused" in completed.output
    assert option_file.read_text() == "[client]\n"


def test_open_files_limit_is_set(docker: Docker, server: Container) -> None:
    completed = _runner(docker, server).run(
        Command(program="sh", arguments=("-c", "ulimit -n"), open_files_limit=4321),
        on_line=lambda _: None,
        cancellation=Cancellation(),
    )

    assert completed.output == ("4321",)


def test_missing_image_and_missing_server_are_told_apart(docker: Docker, server: Container) -> None:
    gone = _removed_server()

    with pytest.raises(ProgramError, match="nowhere:1 is not on this machine"):
        _runner(docker, server, image="nowhere:1").run(
            shell("exit 0"), on_line=lambda _: None, cancellation=Cancellation()
        )
    with pytest.raises(ServerUnreachableError, match="gone or has stopped"):
        _runner(docker, gone).run(shell("exit 0"), on_line=lambda _: None, cancellation=Cancellation())


def test_stopped_server_is_an_error_of_the_server(docker: Docker, data_directory: Path) -> None:
    stopped = _start_server(data_directory)
    stopped.kill()
    stopped.wait()

    with pytest.raises(ServerUnreachableError, match="gone or has stopped"):
        _runner(docker, stopped).run(shell("exit 0"), on_line=lambda _: None, cancellation=Cancellation())

    remove_container(stopped)
    assert _sidecars(docker, CONTRACT_MARK) == []


def test_sidecar_that_is_removed_while_it_runs_is_an_error_and_no_hang(docker: Docker, server: Container) -> None:
    mark = RunMark("installation-of-the-test", "vanishing")

    def remove(line: str) -> None:
        for sidecar in _sidecars(docker, mark):
            docker.remove(sidecar, force=True)

    with pytest.raises(ProgramError, match="vanished"):
        _runner(docker, server, mark=mark).run(
            shell("echo ready; exec sleep 300"), on_line=remove, cancellation=Cancellation()
        )


def test_server_that_is_removed_while_a_sidecar_runs_does_not_keep_the_run_from_ending(
    docker: Docker, data_directory: Path
) -> None:
    server = _start_server(data_directory)
    lines: list[str] = []

    def remove(line: str) -> None:
        lines.append(line)
        remove_container(server)

    completed = _runner(docker, server).run(
        shell("echo ready; sleep 0.3; exit 4"), on_line=remove, cancellation=Cancellation()
    )

    assert lines == ["ready"]
    assert completed.exit_code == 4
    assert _sidecars(docker, CONTRACT_MARK) == []


def test_recovery_ends_the_sidecars_of_dead_runs_only(docker: Docker, server: Container) -> None:
    living, dead = (RunMark("installation-of-recovery", run_id) for run_id in ("living", "dead"))
    started = threading.Barrier(3)
    cancellation = Cancellation()
    outcomes: dict[str, str] = {}

    def wait_for_both(_: str) -> None:
        started.wait()

    def run(mark: RunMark) -> None:
        try:
            completed = _runner(docker, server, mark=mark).run(
                shell("echo ready; exec sleep 300", stop=StopPolicy()),
                on_line=wait_for_both,
                cancellation=cancellation,
            )
            outcomes[mark.run_id] = f"exit code {completed.exit_code}"
        except BackupdError as error:
            outcomes[mark.run_id] = error.code

    threads = [threading.Thread(target=run, args=(mark,)) for mark in (living, dead)]
    for thread in threads:
        thread.start()
    started.wait()

    ended = end_sidecars(docker, "installation-of-recovery", keep=frozenset({"living"}))

    threads[1].join()
    left = docker.list_labelled({RUN_LABEL: "living"})
    cancellation.cancel()
    threads[0].join()
    assert len(ended) == 1
    assert len(left) == 1
    # The engine may still know how the killed container ended, or have forgotten it already.
    assert outcomes["dead"] in {"exit code -9", ProgramError.code}
    assert outcomes["living"] == CancelledError.code
    assert _sidecars(docker, living) == []


def test_cancelled_sidecar_ends_although_its_program_ignores_all_signals(docker: Docker, server: Container) -> None:
    lines = run_until_ready(
        _runner(docker, server), shell("trap '' TERM INT; (trap '' TERM INT; sleep 300) & echo ready; sleep 300")
    )

    assert lines == ["ready"]
    assert _sidecars(docker, CONTRACT_MARK) == []


def _removed_server() -> Container:
    """Return the object of a container that is gone."""
    gone = shared_engine().run(MARIADB_IMAGE, ["infinity"], entrypoint=["sleep"], name=unique_name("gone"))
    remove_container(gone)
    return gone
