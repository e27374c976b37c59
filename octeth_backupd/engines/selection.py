"""Which engine backs up a server, and where its program runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.server import Address, Vendor
from octeth_backupd.errors import EngineError, ProgramError
from octeth_backupd.process.cancellation import Cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octeth_backupd.domain.server import ContainerFacts, Location, ServerFacts, ServerPaths
    from octeth_backupd.engines.base import Engine
    from octeth_backupd.process.command import Runner

_XTRABACKUP = "xtrabackup"
_MARIADB_BACKUP = "mariadb-backup"
_IN_NAMESPACE_ORIGINS = ("network ", "host network")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePlacement:
    """Where an engine's program runs, and what the server looks like from there.

    Attributes:
        address: The server as seen from the program.
        paths: Role → path as seen from the program.
        image: Image of the sidecar; empty on the host.
    """

    kind: Literal["host", "sidecar"]
    runner: Runner
    address: Address
    paths: Mapping[str, str]
    image: str = ""


def choose_engine(setting: Literal["auto", "xtrabackup", "mariadb-backup"], vendor: Vendor) -> str:
    """Return the name of the engine for a vendor.

    Raises:
        EngineError: The configuration names one that cannot back up this vendor's servers.
    """
    fitting = _MARIADB_BACKUP if vendor is Vendor.MARIADB else _XTRABACKUP
    if setting not in {"auto", fitting}:
        product = "MariaDB" if vendor is Vendor.MARIADB else "MySQL or Percona Server"
        raise EngineError(
            f"{setting} cannot back up this server: it is {product}",
            hint=f'Set [backup] engine = "auto", which takes {fitting}.',
        )
    return fitting


def place(
    *,
    engine: Engine,
    runner: Literal["auto", "host", "sidecar"],
    sidecar_image: str,
    location: Location,
    facts: ServerFacts,
    paths: ServerPaths,
    host_runner: Runner,
    make_sidecar: Callable[[str, str], Runner],
) -> EnginePlacement:
    """Decide where an engine runs.

    mariadb-backup reads the paths that the server names, whatever it is told; on the host it would copy whatever lies
    under the *container's* paths there. So it runs on the host only for a server outside of containers. XtraBackup
    takes other paths and runs on the host, unless it cannot and ``sidecar_image`` offers one.

    Args:
        engine: Which.
        runner: As configured.
        sidecar_image: As configured; empty for the server's own image.
        location: Where the server runs.
        facts: What it says in SQL.
        paths: Its paths, in its own words and on the host.
        host_runner: Runs programs on the host.
        make_sidecar: Called with image and container id; returns what runs programs there.

    Raises:
        EngineError: It cannot run where the configuration wants it, or nowhere.
    """
    container = location.container
    if container is None:
        if runner == "sidecar":
            raise EngineError(
                "a sidecar needs a server in a container, and this one runs outside of Docker",
                hint='Set [backup] runner = "auto".',
            )
        return _on_host(engine, facts, paths, host_runner)
    if engine.name == _MARIADB_BACKUP:
        if runner == "host":
            raise EngineError(
                "mariadb-backup cannot back up a container from the host: it would read the container's paths there",
                hint='Set [backup] runner = "auto": for MariaDB in a container that is always a sidecar.',
            )
        in_sidecar = True
    elif runner == "auto":
        in_sidecar = bool(sidecar_image) and not _host_can(engine, facts, paths, host_runner)
    else:
        in_sidecar = runner == "sidecar"
    if not in_sidecar:
        return _on_host(engine, facts, paths, host_runner)
    image = sidecar_image or container.image_id
    return EnginePlacement(
        kind="sidecar",
        runner=make_sidecar(image, container.container_id),
        address=sidecar_address(container, facts),
        paths={role: str(path) for role, path in paths.server.items()},
        image=image,
    )


def sidecar_address(container: ContainerFacts, facts: ServerFacts) -> Address:
    """Return the server's address within its own network namespace.

    Preferred is the container's address in a network, not 127.0.0.1: to the server a connection from there comes from
    outside, like the one that has just logged in, and meets the same account (``root@'%'``, not ``root@localhost``).
    """
    if facts.address.unix_socket:
        socket = facts.variables.get("socket", "")
        if socket and any(PurePosixPath(socket).is_relative_to(mount.destination) for mount in container.mounts):
            return Address(unix_socket=socket, origin="sidecar")
    elif facts.address.origin.startswith(_IN_NAMESPACE_ORIGINS):
        return facts.address
    for address in container.addresses:
        if address.origin.startswith(_IN_NAMESPACE_ORIGINS):
            return address
    return Address(host="127.0.0.1", port=int(facts.variables.get("port") or 3306), origin="sidecar")


def _on_host(engine: Engine, facts: ServerFacts, paths: ServerPaths, host_runner: Runner) -> EnginePlacement:
    if paths.unmapped:
        raise EngineError(
            f"{engine.name} cannot run on the host: it cannot see the server's {', '.join(paths.unmapped)} directory",
            hint="Mount it from the host, name its host path in the configuration, "
            "or set [backup] sidecar_image to an image that holds the engine.",
        )
    moved = [role for role, path in paths.server.items() if str(paths.host[role]) != str(path)]
    if engine.name == _MARIADB_BACKUP and moved:
        raise EngineError(
            f"mariadb-backup reads the server's own paths, and on this host they are others: {', '.join(moved)}",
            hint="Run the daemon where the server sees its files, and remove data_directory and other path overrides.",
        )
    return EnginePlacement(
        kind="host",
        runner=host_runner,
        address=facts.address,
        paths={role: str(path) for role, path in paths.host.items()},
    )


def _host_can(engine: Engine, facts: ServerFacts, paths: ServerPaths, host_runner: Runner) -> bool:
    """Return whether the host sees the files and has a program that fits."""
    if paths.unmapped:
        return False
    try:
        version = engine.version(host_runner, cancellation=Cancellation())
    except (ProgramError, EngineError):
        return False
    return engine.check_fit(version, facts).status is not CheckStatus.FAILED
