"""How to get an engine."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.domain.setup.engine_install import PackageManager, advise, package_manager

MYSQL_80 = Version(major=8, minor=0, patch=36)
MYSQL_84 = Version(major=8, minor=4, patch=2)
MARIADB = Version(major=10, minor=11, patch=8)


@pytest.mark.parametrize(
    ("text", "manager"),
    [
        ('ID=debian\nVERSION_ID="12"\n', PackageManager.APT),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", PackageManager.APT),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', PackageManager.DNF),
        ("ID=arch\n", PackageManager.NONE),
        ("", PackageManager.NONE),
    ],
)
def test_package_manager_follows_from_the_distribution(text: str, manager: PackageManager) -> None:
    assert package_manager(text) is manager


def test_apt_gets_perconas_repository_and_the_product_of_the_servers_series() -> None:
    advice = advise(Vendor.MYSQL, MYSQL_80, in_container=True, manager=PackageManager.APT, directory="/work")

    url = "https://repo.percona.com/apt/percona-release_latest.generic_all.deb"
    package = "/work/percona-release_latest.generic_all.deb"
    assert advice.commands == (
        ("apt-get", "install", "-y", "curl"),
        ("curl", "--fail", "--silent", "--show-error", "--location", "--output", package, url),
        ("apt-get", "update"),
        ("apt-get", "install", "-y", "gnupg2", "lsb-release", package),
        ("percona-release", "enable", "pxb-80", "release"),
        ("apt-get", "update"),
        ("apt-get", "install", "-y", "percona-xtrabackup-80"),
    )
    assert advice.image == "percona/percona-xtrabackup:8.0"
    assert "8.0.34 or newer" in advice.product


def test_dnf_installs_from_the_address_itself() -> None:
    advice = advise(Vendor.PERCONA, MYSQL_84, in_container=False, manager=PackageManager.DNF)

    assert advice.commands == (
        ("dnf", "install", "-y", "https://repo.percona.com/yum/percona-release-latest.noarch.rpm"),
        ("percona-release", "enable", "pxb-84-lts", "release"),
        ("dnf", "install", "-y", "percona-xtrabackup-84"),
    )
    assert advice.image == ""


def test_package_that_is_a_file_is_not_downloaded() -> None:
    advice = advise(
        Vendor.MYSQL, MYSQL_84, in_container=False, manager=PackageManager.APT, percona_release="/repo/p.deb"
    )

    assert advice.commands[0] == ("apt-get", "update")
    assert advice.commands[1][-1] == "/repo/p.deb"
    assert not [command for command in advice.commands if command[0] == "curl"]


def test_mariadb_in_a_container_needs_an_image_of_exactly_its_version() -> None:
    advice = advise(Vendor.MARIADB, MARIADB, in_container=True, manager=PackageManager.APT)

    assert (advice.commands, advice.image) == ((), "mariadb:10.11.8")


def test_mariadb_outside_docker_takes_the_package_of_its_series() -> None:
    advice = advise(Vendor.MARIADB, MARIADB, in_container=False, manager=PackageManager.APT)

    assert advice.commands[-1] == ("apt-get", "install", "-y", "mariadb-backup=1:10.11.*")
    on_red_hat = advise(Vendor.MARIADB, MARIADB, in_container=False, manager=PackageManager.DNF)
    assert on_red_hat.commands == (("dnf", "install", "-y", "mariadb-backup"),)
    assert advise(Vendor.MARIADB, MARIADB, in_container=False, manager=PackageManager.NONE).commands == ()


def test_series_without_a_product_is_said_to_have_none() -> None:
    advice = advise(Vendor.MYSQL, Version(major=9, minor=1, patch=0), in_container=True, manager=PackageManager.APT)

    assert (advice.commands, advice.image) == ((), "")
    assert "long-term series" in "\n".join(advice.lines())


def test_lines_can_be_typed() -> None:
    text = "\n".join(advise(Vendor.MYSQL, MYSQL_80, in_container=True, manager=PackageManager.APT).lines())

    assert "  apt-get install -y gnupg2 lsb-release ./percona-release_latest.generic_all.deb" in text
    assert "docker pull percona/percona-xtrabackup:8.0" in text
    outside = "\n".join(advise(Vendor.MARIADB, MARIADB, in_container=False, manager=PackageManager.APT).lines())
    assert "'mariadb-backup=1:10.11.*'" in outside
