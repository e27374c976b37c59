"""engines.selection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

import pytest

from octeth_backupd.domain.server import Address, ContainerFacts, Location, Mount, Placement, ServerPaths, Vendor
from octeth_backupd.engines.registry import engine_for
from octeth_backupd.engines.selection import EnginePlacement, choose_engine, place, sidecar_address
from octeth_backupd.engines.settings import EnginesSettings
from octeth_backupd.errors import EngineError, ProgramError
from tests.fakes.runner import ScriptedRunner
from tests.fakes.server_facts import make_facts

if TYPE_CHECKING:
    from octeth_backupd.domain.server import ServerFacts

PUBLISHED = Address(host="127.0.0.1", port=33060, origin="published port")
NETWORK = Address(host="172.17.0.2", port=3306, origin="network bridge")
CONTAINER = ContainerFacts(
    container_id="c0ffee",
    name="oempro_mysql",
    image="mariadb:10.11",
    image_id="sha256:1f3e",
    image_digest="",
    status="running",
    paused=False,
    restarting=False,
    started_at="",
    network_mode="bridge",
    mounts=(Mount(source=Path("/srv/mysql"), destination=PurePosixPath("/var/lib/mysql")),),
    addresses=(PUBLISHED, NETWORK),
)
IN_CONTAINER = Location(placement=Placement.CONTAINER, addresses=CONTAINER.addresses, container=CONTAINER)
OUTSIDE = Location(placement=Placement.ADDRESS, addresses=())
MYSQL = make_facts("8.4.3", address=PUBLISHED)
MARIADB = make_facts("10.11.19-MariaDB", vendor=Vendor.MARIADB, address=PUBLISHED)
MAPPED = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": Path("/srv/mysql")})
SAME = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": Path("/var/lib/mysql")})
UNMAPPED = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={})
FITTING = ScriptedRunner(["xtrabackup version 8.4.0-1 based on MySQL server 8.4.0"])
SIDECAR = ScriptedRunner()


def _place(
    facts: ServerFacts,
    location: Location,
    paths: ServerPaths,
    *,
    runner: Literal["auto", "host", "sidecar"] = "auto",
    sidecar_image: str = "",
    host_runner: ScriptedRunner = FITTING,
    made: list[tuple[str, str]] | None = None,
) -> EnginePlacement:
    def make_sidecar(image: str, container_id: str) -> ScriptedRunner:
        if made is not None:
            made.append((image, container_id))
        return SIDECAR

    return place(
        engine=engine_for(choose_engine("auto", facts.vendor), EnginesSettings()),
        runner=runner,
        sidecar_image=sidecar_image,
        location=location,
        facts=facts,
        paths=paths,
        host_runner=host_runner,
        make_sidecar=make_sidecar,
    )


@pytest.mark.parametrize(
    ("vendor", "name"),
    [(Vendor.MYSQL, "xtrabackup"), (Vendor.PERCONA, "xtrabackup"), (Vendor.MARIADB, "mariadb-backup")],
)
def test_engine_is_chosen_by_the_vendor(vendor: Vendor, name: Literal["xtrabackup", "mariadb-backup"]) -> None:
    assert choose_engine("auto", vendor) == name
    assert choose_engine(name, vendor) == name


def test_engine_of_the_other_vendor_is_refused() -> None:
    with pytest.raises(EngineError, match="it is MariaDB"):
        choose_engine("xtrabackup", Vendor.MARIADB)
    with pytest.raises(EngineError, match="it is MySQL"):
        choose_engine("mariadb-backup", Vendor.MYSQL)


def test_mariadb_in_a_container_runs_in_a_sidecar_of_its_own_image() -> None:
    made: list[tuple[str, str]] = []

    placement = _place(MARIADB, IN_CONTAINER, MAPPED, made=made)

    assert (placement.kind, placement.runner, placement.image) == ("sidecar", SIDECAR, "sha256:1f3e")
    assert made == [("sha256:1f3e", "c0ffee")]
    assert placement.paths == {"data": "/var/lib/mysql"}


def test_mariadb_in_a_container_needs_no_path_on_the_host() -> None:
    assert _place(MARIADB, IN_CONTAINER, UNMAPPED).kind == "sidecar"


def test_mariadb_in_a_container_is_never_backed_up_from_the_host() -> None:
    with pytest.raises(EngineError, match="would read the container's paths"):
        _place(MARIADB, IN_CONTAINER, SAME, runner="host")


def test_configured_image_takes_the_place_of_the_servers_own() -> None:
    assert _place(MARIADB, IN_CONTAINER, MAPPED, sidecar_image="tools:1").image == "tools:1"


def test_mariadb_outside_docker_runs_on_the_host() -> None:
    placement = _place(MARIADB, OUTSIDE, SAME)

    assert (placement.kind, placement.runner) == ("host", FITTING)
    assert placement.address == MARIADB.address


def test_mariadb_whose_files_are_elsewhere_on_this_host_is_refused() -> None:
    with pytest.raises(EngineError, match="on this host they are others: data"):
        _place(MARIADB, OUTSIDE, MAPPED)


def test_server_outside_docker_has_no_sidecar() -> None:
    with pytest.raises(EngineError, match="outside of Docker"):
        _place(MYSQL, OUTSIDE, SAME, runner="sidecar")


def test_xtrabackup_runs_on_the_host_with_the_hosts_paths() -> None:
    placement = _place(MYSQL, IN_CONTAINER, MAPPED)

    assert (placement.kind, placement.paths, placement.image) == ("host", {"data": "/srv/mysql"}, "")
    assert placement.address == PUBLISHED


def test_xtrabackup_that_cannot_see_the_files_is_refused_with_a_way_out() -> None:
    with pytest.raises(EngineError, match="cannot see the server's data directory") as caught:
        _place(MYSQL, IN_CONTAINER, UNMAPPED)

    assert "sidecar_image" in caught.value.hint


@pytest.mark.parametrize(
    ("paths", "host_runner"),
    [
        (UNMAPPED, FITTING),
        (MAPPED, ScriptedRunner(error=ProgramError("xtrabackup is not installed"))),
        (MAPPED, ScriptedRunner(["xtrabackup version 8.0.35-31 based on MySQL server 8.0.35"])),
        (MAPPED, ScriptedRunner(["something else"])),
    ],
)
def test_xtrabackup_that_cannot_run_on_the_host_runs_in_the_configured_image(
    paths: ServerPaths, host_runner: ScriptedRunner
) -> None:
    placement = _place(MYSQL, IN_CONTAINER, paths, sidecar_image="percona-xtrabackup:8.4", host_runner=host_runner)

    assert (placement.kind, placement.image) == ("sidecar", "percona-xtrabackup:8.4")


def test_xtrabackup_that_can_run_on_the_host_does_although_there_is_an_image() -> None:
    assert _place(MYSQL, IN_CONTAINER, MAPPED, sidecar_image="percona-xtrabackup:8.4").kind == "host"


def test_sidecar_that_is_asked_for_is_used() -> None:
    assert _place(MYSQL, IN_CONTAINER, MAPPED, runner="sidecar", sidecar_image="x").kind == "sidecar"


@pytest.mark.parametrize(
    ("container", "address", "variables", "expected"),
    [
        (CONTAINER, PUBLISHED, {}, ("172.17.0.2", 3306, "")),
        (CONTAINER, NETWORK, {}, ("172.17.0.2", 3306, "")),
        (replace(CONTAINER, addresses=(PUBLISHED,)), PUBLISHED, {"port": "3307"}, ("127.0.0.1", 3307, "")),
        (CONTAINER, Address(host="db.example", origin="configuration"), {}, ("172.17.0.2", 3306, "")),
        (
            CONTAINER,
            Address(unix_socket="/srv/mysql/mysql.sock"),
            {"socket": "/var/lib/mysql/mysql.sock"},
            ("", 3306, "/var/lib/mysql/mysql.sock"),
        ),
        (
            CONTAINER,
            Address(unix_socket="/run/x/mysql.sock"),
            {"socket": "/run/mysqld/mysqld.sock"},
            ("172.17.0.2", 3306, ""),
        ),
        (
            replace(CONTAINER, addresses=()),
            Address(host="127.0.0.1", port=3310, origin="host network"),
            {},
            ("127.0.0.1", 3310, ""),
        ),
    ],
)
def test_sidecar_meets_the_server_in_its_own_network(
    container: ContainerFacts, address: Address, variables: dict[str, str], expected: tuple[str, int, str]
) -> None:
    found = sidecar_address(container, make_facts("10.11.19", address=address, variables=variables))

    assert (found.host, found.port, found.unix_socket) == expected
