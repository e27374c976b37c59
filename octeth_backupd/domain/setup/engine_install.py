"""How to get the engine that fits exactly this server: commands for apt or dnf, or an image. Data, run elsewhere."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from octeth_backupd.domain.engine_packages import mariadb_image, xtrabackup_for
from octeth_backupd.domain.server import Vendor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.server import Version


class PackageManager(StrEnum):
    """What installs packages on this host."""

    APT = "apt"
    DNF = "dnf"
    NONE = "none"


PERCONA_RELEASE = {
    PackageManager.APT: "https://repo.percona.com/apt/percona-release_latest.generic_all.deb",
    PackageManager.DNF: "https://repo.percona.com/yum/percona-release-latest.noarch.rpm",
    PackageManager.NONE: "",
}
"""The package that sets up Percona's repository."""
_FAMILIES = {
    PackageManager.APT: frozenset({"debian", "ubuntu"}),
    PackageManager.DNF: frozenset({"rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAdvice:
    """How to get an engine.

    Attributes:
        product: What is needed, in words.
        commands: Argument vectors to run as root, in order; empty where none is known.
        image: For a sidecar; empty where none is known, or none is of use.
        remark: What else there is to know; may be empty.
    """

    product: str
    commands: tuple[tuple[str, ...], ...] = ()
    image: str = ""
    remark: str = ""

    def lines(self) -> Iterator[str]:
        """Yield it for people."""
        yield f"needed: {self.product}"
        if self.commands:
            yield "as root:"
            yield from (f"  {shlex.join(command)}" for command in self.commands)
        if self.image:
            yield f"{'or ' if self.commands else ''}as a sidecar, with this image: {self.image}"
            yield f"  docker pull {self.image}     and [backup] sidecar_image, which --sidecar-image sets"
        if self.remark:
            yield self.remark


def package_manager(os_release: str) -> PackageManager:
    """Return what installs packages, by the text of ``/etc/os-release``.

    Source:
        os-release(5): ``ID``, ``ID_LIKE``.
    """
    pairs = (line.partition("=") for line in os_release.splitlines())
    values = {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
    names = {values.get("ID", ""), *values.get("ID_LIKE", "").split()}
    return next((manager for manager, family in _FAMILIES.items() if names & family), PackageManager.NONE)


def advise(
    vendor: Vendor,
    version: Version,
    *,
    in_container: bool,
    manager: PackageManager,
    percona_release: str = "",
    directory: str = ".",
) -> EngineAdvice:
    """Return how to get the engine for a server.

    Args:
        vendor: Of the server.
        version: Of the server.
        in_container: The server runs in one, so that a sidecar can.
        manager: Of this host.
        percona_release: File or address of the package that sets up Percona's repository; empty: Percona's own.
        directory: Where that package is downloaded to.
    """
    if vendor is Vendor.MARIADB:
        return _mariadb(version, in_container=in_container, manager=manager)
    product = xtrabackup_for(version)
    if product is None:
        return EngineAdvice(
            product=f"a Percona XtraBackup {version.major}.{version.minor}",
            remark="None is known for this series. Run the server in a long-term series: 8.0 or 8.4.",
        )
    setup = percona_release or PERCONA_RELEASE[manager]
    commands: tuple[tuple[str, ...], ...] = ()
    if manager is PackageManager.APT:
        commands = (
            *_downloaded(setup, directory),
            ("apt-get", "update"),
            ("apt-get", "install", "-y", "gnupg2", "lsb-release", _local(setup, directory)),
            ("percona-release", "enable", product.repository, "release"),
            ("apt-get", "update"),
            ("apt-get", "install", "-y", product.package),
        )
    elif manager is PackageManager.DNF:
        commands = (
            ("dnf", "install", "-y", setup),
            ("percona-release", "enable", product.repository, "release"),
            ("dnf", "install", "-y", product.package),
        )
    return EngineAdvice(
        product=f"{product.package} (for server {version}: any release of the series {version.major}.{version.minor}"
        + (", 8.0.34 or newer)" if version.series == (8, 0) else ")"),
        commands=commands,
        image=product.image if in_container else "",
    )


def _mariadb(version: Version, *, in_container: bool, manager: PackageManager) -> EngineAdvice:
    product = f"mariadb-backup {version.major}.{version.minor}, best of the server's own version {version}"
    if in_container:
        return EngineAdvice(product=product, image=mariadb_image(version))
    match manager:
        case PackageManager.APT:
            wanted = f"mariadb-backup=1:{version.major}.{version.minor}.*"
            commands: tuple[tuple[str, ...], ...] = (("apt-get", "update"), ("apt-get", "install", "-y", wanted))
        case PackageManager.DNF:
            commands = (("dnf", "install", "-y", "mariadb-backup"),)
        case PackageManager.NONE:
            commands = ()
    return EngineAdvice(
        product=product,
        commands=commands,
        remark="It comes from where the server's own packages come from: the distribution, or MariaDB's repository.",
    )


def _downloaded(package: str, directory: str) -> tuple[tuple[str, ...], ...]:
    if not _is_address(package):
        return ()
    return (
        ("apt-get", "install", "-y", "curl"),
        ("curl", "--fail", "--silent", "--show-error", "--location", "--output", _local(package, directory), package),
    )


def _local(package: str, directory: str) -> str:
    return f"{directory}/{package.rpartition('/')[2]}" if _is_address(package) else package


def _is_address(package: str) -> bool:
    return "://" in package
