"""Looking for servers on this host: in Docker, as systemd units, at the usual sockets and the usual port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.server import Address, Placement
from octeth_backupd.domain.setup.candidates import Candidate, may_be_server
from octeth_backupd.errors import BackupdError
from octeth_backupd.servers.container import DEFAULT_PORT, read_container, shares_network_of
from octeth_backupd.servers.greeting import Greeting, read_greeting
from octeth_backupd.servers.server import USUAL_SOCKETS
from octeth_backupd.setup.units import server_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from octeth_backupd.domain.server import Mount
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.process.host import HostRunner

_DATA = PurePosixPath("/var/lib/mysql")
_GREETING_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What was found.

    Attributes:
        docker_problem: Why Docker could not be asked; empty when it could, or is not there.
    """

    candidates: tuple[Candidate, ...]
    docker_problem: str = ""


def greet_at(address: Address) -> Greeting | None:
    """Connect, and return what a server says; None where none answers soon."""
    return read_greeting(address, timeout_seconds=_GREETING_SECONDS)


def discover(
    docker: Docker,
    host_runner: HostRunner,
    *,
    docker_socket: Path,
    greet: Callable[[Address], Greeting | None] = greet_at,
    sockets: Sequence[str] = USUAL_SOCKETS,
) -> Discovery:
    """Return the servers of this host, those in Docker first; nobody logs in anywhere.

    Args:
        docker: The engine; what it refuses is part of the result.
        host_runner: Runs systemctl.
        docker_socket: Where the engine's socket would be: without it there is no Docker to be asked.
        greet: Connects and returns what a server says.
        sockets: Where servers outside Docker usually listen.
    """
    containers: list[Candidate] = []
    published: set[int] = set()
    problem = ""
    if docker_socket.exists():
        try:
            for inspected in _inspected(docker):
                published |= _published_ports(inspected)
                containers += _container(docker, inspected, greet)
        except BackupdError as error:
            problem = error.message
    units = list(_units(host_runner, greet, sockets))
    # Outside of units: a server that somebody started by hand, or one that a port of a container leads to.
    others = [] if units else list(_others(greet, sockets, published))
    return Discovery(candidates=(*containers, *units, *others), docker_problem=problem)


def _inspected(docker: Docker) -> Iterator[dict[str, Any]]:
    for name in docker.container_names():
        if "/" not in name:  # that is an alias by which another container knows it
            yield docker.inspect_container(name)


def _container(
    docker: Docker, inspected: dict[str, Any], greet: Callable[[Address], Greeting | None]
) -> Iterator[Candidate]:
    ports = (inspected.get("Config") or {}).get("ExposedPorts") or {}
    shared = shares_network_of(inspected)
    network = docker.inspect_container(shared) if shared else None
    facts = read_container(inspected, port=None, image_digest="", network=network)
    if not may_be_server(facts.command, ports):
        return
    greeting = _first(greet, facts.addresses)
    yield Candidate(
        placement=Placement.CONTAINER,
        target=facts.name,
        version_text=greeting.version_text if greeting else "",
        image=facts.image,
        data_directory=_data_directory(facts.mounts),
        problem=greeting.problem if greeting else "does not answer by TCP",
    )


def _units(
    host_runner: HostRunner, greet: Callable[[Address], Greeting | None], sockets: Sequence[str]
) -> Iterator[Candidate]:
    found = server_units(host_runner)
    active = [unit for unit in found if unit.is_active]
    for unit in found:
        # With several of them nobody can tell whose socket it is.
        greeting = _first(greet, _local_addresses(sockets)) if unit.is_active and len(active) == 1 else None
        yield Candidate(
            placement=Placement.SYSTEMD,
            target=unit.name,
            version_text=greeting.version_text if greeting else "",
            problem="" if unit.is_active else "does not run",
        )


def _others(
    greet: Callable[[Address], Greeting | None], sockets: Sequence[str], published: set[int]
) -> Iterator[Candidate]:
    for address in _local_addresses(sockets):
        if not address.unix_socket and address.port in published:
            continue
        greeting = greet(address)
        if greeting is not None:
            yield Candidate(
                placement=Placement.ADDRESS,
                target=str(address),
                version_text=greeting.version_text,
                problem=greeting.problem,
            )
            return


def _local_addresses(sockets: Iterable[str]) -> list[Address]:
    there = [Address(unix_socket=path) for path in sockets if Path(path).exists()]
    return [*there, Address(host="127.0.0.1", port=DEFAULT_PORT)]


def _first(greet: Callable[[Address], Greeting | None], addresses: Iterable[Address]) -> Greeting | None:
    return next((greeting for address in addresses if (greeting := greet(address)) is not None), None)


def _data_directory(mounts: tuple[Mount, ...]) -> PurePosixPath | None:
    return next((PurePosixPath(mount.source) for mount in mounts if mount.destination == _DATA), None)


def _published_ports(inspected: dict[str, Any]) -> set[int]:
    bindings = ((inspected.get("NetworkSettings") or {}).get("Ports") or {}).values()
    host_ports = {int(entry["HostPort"]) for entries in bindings for entry in entries or () if entry.get("HostPort")}
    on_host = (inspected.get("HostConfig") or {}).get("NetworkMode") == "host"
    return host_ports | ({DEFAULT_PORT} if on_host else set())
