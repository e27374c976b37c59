from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from octeth_backupd.domain.server import ContainerFacts, Mount
from octeth_backupd.servers.container import read_container, shares_network_of
from tests.unit.servers.builders import inspected


def _read(port: int | None = None, network: dict[str, Any] | None = None, **changes: Any) -> ContainerFacts:
    return read_container(inspected(**changes), port=port, image_digest="sha256:d", network=network)


def _ports(**bindings: list[tuple[str, str]]) -> dict[str, Any]:
    """Return network settings with ports published as given: p3306=[(host ip, host port)]."""
    ports = {
        f"{name[1:]}/tcp": [{"HostIp": ip, "HostPort": port} for ip, port in entries] or None
        for name, entries in bindings.items()
    }
    return {"Ports": ports, "Networks": {"bridge": {"IPAddress": "172.17.0.2"}}}


@pytest.mark.parametrize(
    ("host_ip", "reached_at"),
    [
        ("0.0.0.0", "127.0.0.1:13306"),
        ("", "127.0.0.1:13306"),
        ("::", "[::1]:13306"),
        ("127.0.0.1", "127.0.0.1:13306"),
        ("10.1.2.3", "10.1.2.3:13306"),
        ("fd00::5", "[fd00::5]:13306"),
    ],
)
def test_published_port_is_reached_where_it_is_published(host_ip: str, reached_at: str) -> None:
    container = _read(NetworkSettings=_ports(p3306=[(host_ip, "13306")]))

    assert str(container.addresses[0]) == reached_at
    assert container.addresses[0].origin == "published port"


def test_published_port_comes_before_the_networks() -> None:
    container = _read(NetworkSettings=_ports(p3306=[("0.0.0.0", "13306"), ("::", "13306")], p33060=[]))

    assert [str(address) for address in container.addresses] == ["127.0.0.1:13306", "[::1]:13306", "172.17.0.2:3306"]


def test_every_network_gives_its_addresses() -> None:
    networks = {
        "frontend": {"IPAddress": "172.20.0.5", "GlobalIPv6Address": "fd01::5"},
        "backend": {"IPAddress": "172.19.0.5", "GlobalIPv6Address": ""},
        "detached": {"IPAddress": ""},
    }

    container = _read(NetworkSettings={"Ports": {}, "Networks": networks})

    assert [(str(a), a.origin) for a in container.addresses] == [
        ("172.19.0.5:3306", "network backend"),
        ("172.20.0.5:3306", "network frontend"),
        ("[fd01::5]:3306", "network frontend"),
    ]


def test_host_network_is_the_hosts_loopback() -> None:
    container = _read(
        port=3310,
        HostConfig={"NetworkMode": "host"},
        NetworkSettings={"Ports": {}, "Networks": {"host": {"IPAddress": ""}}},
    )

    assert [str(address) for address in container.addresses] == ["127.0.0.1:3310"]


def test_shared_network_is_that_of_the_other_container() -> None:
    owner = inspected(NetworkSettings=_ports(p3306=[("0.0.0.0", "13306")]))
    mine: dict[str, Any] = {
        "HostConfig": {"NetworkMode": "container:pause1"},
        "NetworkSettings": {"Ports": {}, "Networks": {}},
    }

    container = _read(network=owner, **mine)

    assert shares_network_of(inspected(**mine)) == "pause1"
    assert str(container.addresses[0]) == "127.0.0.1:13306"


def test_configured_port_is_the_one_in_the_container() -> None:
    settings = _ports(p3306=[("0.0.0.0", "13306")], p3310=[("0.0.0.0", "13310")])

    container = _read(port=3310, NetworkSettings=settings)

    assert [str(address) for address in container.addresses] == ["127.0.0.1:13310", "172.17.0.2:3310"]


def test_port_of_the_host_is_understood_too() -> None:
    container = _read(port=13306, NetworkSettings=_ports(p3306=[("0.0.0.0", "13306")]))

    assert [str(address) for address in container.addresses] == ["127.0.0.1:13306", "172.17.0.2:3306"]


def test_container_without_any_network_has_no_address() -> None:
    container = _read(HostConfig={"NetworkMode": "none"}, NetworkSettings={"Ports": {}, "Networks": {}})

    assert container.addresses == ()


def test_volumes_count_as_mounts_and_memory_file_systems_do_not() -> None:
    container = _read(
        Mounts=[
            {
                "Type": "volume",
                "Name": "data",
                "Source": "/var/lib/docker/volumes/data/_data",
                "Destination": "/var/lib/mysql",
                "RW": True,
            },
            {"Type": "tmpfs", "Source": "", "Destination": "/run/mysqld"},
            {"Type": "bind", "Source": "/etc/my", "Destination": "/etc/mysql", "RW": False},
        ]
    )

    assert container.mounts == (
        Mount(
            source=Path("/var/lib/docker/volumes/data/_data"),
            destination=PurePosixPath("/var/lib/mysql"),
            kind="volume",
        ),
        Mount(source=Path("/etc/my"), destination=PurePosixPath("/etc/mysql"), read_only=True),
    )


def test_state_and_image_are_read() -> None:
    container = _read(State={"Status": "paused", "Running": True, "Paused": True, "Restarting": False})

    assert (container.status, container.paused, container.restarting) == ("paused", True, False)
    assert (container.name, container.image, container.image_digest) == ("oempro_mysql", "mysql:8.4", "sha256:d")
    assert container.restart_policy == "always"


def test_engine_that_leaves_things_out_is_survived() -> None:
    container = read_container({"Id": "a1"}, port=None, image_digest="")

    assert container.addresses == ()
    assert container.status == ""
