"""Looking for servers on this host."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.domain.server import Address, Placement
from octeth_backupd.errors import DockerError
from octeth_backupd.servers.greeting import Greeting
from octeth_backupd.setup.discovery import discover
from tests.unit.setup.build import runner

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.process.docker import Docker
    from octeth_backupd.setup.discovery import Discovery

NO_UNITS = "exit 1"
ONE_UNIT = """
case "$*" in
*list-units*) echo 'mariadb.service loaded active running MariaDB' ;;
*mariadb.service) printf 'Id=mariadb.service\\nLoadState=loaded\\nActiveState=active\\nType=notify\\n' ;;
*) printf 'LoadState=not-found\\n' ;;
esac
"""


class Engine:
    """An engine with some containers."""

    def __init__(self, *containers: dict[str, Any], error: DockerError | None = None) -> None:
        self._containers = {str(container["Name"]).lstrip("/"): container for container in containers}
        self._error = error

    def container_names(self) -> tuple[str, ...]:
        if self._error is not None:
            raise self._error
        return (*self._containers, "app/db")  # an alias, as links make them

    def inspect_container(self, name: str) -> dict[str, Any]:
        return self._containers[name]


def _container(name: str, *, program: str = "mysqld", host_port: str = "", **changes: Any) -> dict[str, Any]:
    ports = {"3306/tcp": [{"HostIp": "127.0.0.1", "HostPort": host_port}] if host_port else None}
    return {
        "Id": f"{name}-id",
        "Name": f"/{name}",
        "Path": "docker-entrypoint.sh",
        "Args": [program],
        "Config": {"Image": "mysql:8.0", "ExposedPorts": {"80/tcp": {}}},
        "State": {"Status": "running"},
        "HostConfig": {"NetworkMode": "bridge"},
        "NetworkSettings": {"Ports": ports, "Networks": {"bridge": {"IPAddress": "172.17.0.9"}}},
        "Mounts": [{"Source": "/srv/data", "Destination": "/var/lib/mysql", "Type": "bind"}],
        **changes,
    }


def _discover(
    tmp_path: Path,
    *,
    docker: Engine | None = None,
    systemctl: str = NO_UNITS,
    greetings: dict[str, Greeting] | None = None,
    sockets: tuple[str, ...] = (),
) -> Discovery:
    socket = tmp_path / "docker.sock"
    if docker is not None:
        socket.touch()
    return discover(
        cast("Docker", docker or Engine()),
        runner(tmp_path / "bin", systemctl=systemctl),
        docker_socket=socket,
        greet=lambda address: (greetings or {}).get(str(address)),
        sockets=sockets,
    )


def test_container_is_described_by_what_can_be_seen_from_outside(tmp_path: Path) -> None:
    greetings = {"172.17.0.9:3306": Greeting(version_text="8.0.36")}

    found = _discover(
        tmp_path, docker=Engine(_container("db"), _container("web", program="apache2")), greetings=greetings
    )

    [candidate] = found.candidates
    assert (candidate.placement, candidate.target) == (Placement.CONTAINER, "db")
    assert (candidate.version_text, candidate.image) == ("8.0.36", "mysql:8.0")
    assert candidate.data_directory == PurePosixPath("/srv/data")


def test_container_that_does_not_answer_is_listed_with_the_reason(tmp_path: Path) -> None:
    [silent] = _discover(tmp_path, docker=Engine(_container("db"))).candidates
    refusal = {"172.17.0.9:3306": Greeting(problem="Host is not allowed")}
    [refusing] = _discover(tmp_path, docker=Engine(_container("db")), greetings=refusal).candidates

    assert (silent.version_text, silent.problem) == ("", "does not answer by TCP")
    assert refusing.problem == "Host is not allowed"


def test_docker_that_refuses_is_said_and_others_are_found(tmp_path: Path) -> None:
    engine = Engine(error=DockerError("no permission"))

    found = _discover(tmp_path, docker=engine, greetings={"127.0.0.1:3306": Greeting(version_text="8.0.36")})

    assert found.docker_problem == "no permission"
    assert [candidate.target for candidate in found.candidates] == ["127.0.0.1:3306"]


def test_unit_takes_its_version_from_the_usual_socket(tmp_path: Path) -> None:
    (tmp_path / "s").touch()
    greetings = {str(tmp_path / "s"): Greeting(version_text="10.11.8-MariaDB")}

    found = _discover(tmp_path, systemctl=ONE_UNIT, greetings=greetings, sockets=(str(tmp_path / "s"),))

    [unit] = found.candidates
    assert (unit.placement, unit.target, unit.version_text) == (Placement.SYSTEMD, "mariadb.service", "10.11.8-MariaDB")


@pytest.mark.parametrize(("host_port", "count"), [("3306", 1), ("13306", 2)])
def test_port_that_a_container_publishes_is_no_other_server(tmp_path: Path, host_port: str, count: int) -> None:
    greetings = {
        f"127.0.0.1:{host_port}": Greeting(version_text="8.0.36"),
        "127.0.0.1:3306": Greeting(version_text="8.0.36"),
    }

    found = _discover(tmp_path, docker=Engine(_container("db", host_port=host_port)), greetings=greetings)

    assert len(found.candidates) == count
    assert Address(host="127.0.0.1").port == 3306


def test_host_without_anything_has_no_servers(tmp_path: Path) -> None:
    assert _discover(tmp_path).candidates == ()
