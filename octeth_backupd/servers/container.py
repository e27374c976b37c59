"""Read what ``docker inspect`` says of a server's container: state, image, mounts, and the addresses to try."""

from __future__ import annotations

import ipaddress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.server import Address, ContainerFacts, Mount
from octeth_backupd.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_PORT = 3306
_SHORT_ID_LENGTH = 12
_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


def read_container(
    inspected: Mapping[str, Any], *, port: int | None, image_digest: str, network: Mapping[str, Any] | None = None
) -> ContainerFacts:
    """Return the facts in the answer to an inspection.

    Args:
        inspected: Of the server's container.
        port: The server's port in the container when the configuration says it.
        image_digest: Of its image.
        network: Of the container whose network it shares (``network_mode: container:…``), when it does.

    Source:
        Docker Engine API 1.41, "Inspect a container".
    """
    state, host = inspected.get("State") or {}, inspected.get("HostConfig") or {}
    config = inspected.get("Config") or {}
    return ContainerFacts(
        container_id=str(inspected["Id"]),
        name=str(inspected.get("Name") or "").lstrip("/"),
        image=str(config.get("Image") or ""),
        image_id=str(inspected.get("Image") or ""),
        image_digest=image_digest,
        status=str(state.get("Status") or ""),
        paused=bool(state.get("Paused")),
        restarting=bool(state.get("Restarting")),
        started_at=str(state.get("StartedAt") or ""),
        network_mode=str(host.get("NetworkMode") or ""),
        mounts=tuple(_mounts(inspected)),
        addresses=tuple(_unique(_addresses(network or inspected, port))),
        command=(str(inspected.get("Path") or ""), *map(str, inspected.get("Args") or ())),
        restart_policy=str((host.get("RestartPolicy") or {}).get("Name") or ""),
        memory_limit_bytes=int(host.get("Memory") or 0),
    )


def require_named(inspected: Mapping[str, Any], asked: str) -> None:
    """Pass when a container is the one that was asked for by name, or by an id as long as ``docker ps`` prints it.

    Docker answers to any beginning of an id: while no container is called ``db``, the one whose id begins so is it.

    Raises:
        NotFoundError: It is another one.

    Source:
        moby, ``daemon/container.go``, ``GetContainer``: by full id, by name, by beginning of an id.
    """
    if str(inspected.get("Name") or "").strip("/") == asked.strip("/"):
        return
    if len(asked) < _SHORT_ID_LENGTH or not str(inspected["Id"]).startswith(asked):
        raise NotFoundError(f"no container is named {asked}")


def shares_network_of(inspected: Mapping[str, Any]) -> str:
    """Return the container whose network this one uses, empty when it has its own."""
    mode = str((inspected.get("HostConfig") or {}).get("NetworkMode") or "")
    return mode.removeprefix("container:") if mode.startswith("container:") else ""


def _mounts(inspected: Mapping[str, Any]) -> Iterator[Mount]:
    """Yield the mounts that are directories of the host; a tmpfs has no source."""
    for mount in inspected.get("Mounts") or ():
        if mount.get("Source") and mount.get("Destination"):
            yield Mount(
                source=Path(mount["Source"]),
                destination=PurePosixPath(mount["Destination"]),
                kind=str(mount.get("Type") or "bind"),
                read_only=mount.get("RW") is False,
            )


def _addresses(inspected: Mapping[str, Any], port: int | None) -> Iterator[Address]:
    """Yield the addresses in the order to try them: published port, host network, each network of its own.

    A configured port is the one in the container; where only the *host's* port of a published one fits, that is meant.
    """
    inner_port, published = _published(inspected, port)
    for host, host_port in published:
        yield Address(host=host, port=host_port, origin="published port")
    if (inspected.get("HostConfig") or {}).get("NetworkMode") == "host":
        yield Address(host="127.0.0.1", port=inner_port, origin="host network")
    for name, network in sorted(((inspected.get("NetworkSettings") or {}).get("Networks") or {}).items()):
        for key in ("IPAddress", "GlobalIPv6Address"):
            if network.get(key):
                yield Address(host=str(network[key]), port=inner_port, origin=f"network {name}")


def _published(inspected: Mapping[str, Any], port: int | None) -> tuple[int, list[tuple[str, int]]]:
    """Return the server's port in the container, and host and port of each place where it is published."""
    bindings = [
        (int(inner.partition("/")[0]), _reachable(str(entry.get("HostIp") or "")), int(entry["HostPort"]))
        for inner, entries in ((inspected.get("NetworkSettings") or {}).get("Ports") or {}).items()
        if inner.endswith("/tcp")
        for entry in entries or ()
        if entry.get("HostPort")
    ]
    inner_port = port or DEFAULT_PORT
    if port is not None and all(inner != port for inner, _, _ in bindings):
        inner_port = next((inner for inner, _, outer in bindings if outer == port), port)
    return inner_port, [(host, outer) for inner, host, outer in bindings if inner == inner_port]


def _reachable(host_ip: str) -> str:
    """Return the address that reaches a port published on ``host_ip``: loopback where it is published on any."""
    if host_ip in _ANY_ADDRESS:
        return _ANY_ADDRESS[host_ip]
    try:
        return str(ipaddress.ip_address(host_ip.strip("[]")))
    except ValueError:
        return host_ip


def _unique(addresses: Iterator[Address]) -> Iterator[Address]:
    seen: set[tuple[str, int]] = set()
    for address in addresses:
        if (address.host, address.port) not in seen:
            seen.add((address.host, address.port))
            yield address
