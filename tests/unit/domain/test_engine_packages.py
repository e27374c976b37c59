"""Packages and images of engines."""

from __future__ import annotations

from octeth_backupd.domain.engine_packages import mariadb_image, xtrabackup_for
from octeth_backupd.domain.server import Version


def test_each_long_term_series_has_its_own_product() -> None:
    old = xtrabackup_for(Version(major=8, minor=0, patch=36))
    new = xtrabackup_for(Version(major=8, minor=4, patch=3))

    assert old is not None
    assert new is not None
    assert (old.package, old.repository) == ("percona-xtrabackup-80", "pxb-80")
    assert (new.package, new.repository) == ("percona-xtrabackup-84", "pxb-84-lts")


def test_innovation_series_has_none() -> None:
    assert xtrabackup_for(Version(major=9, minor=1, patch=0)) is None


def test_image_of_mariadb_is_of_exactly_the_servers_version() -> None:
    assert mariadb_image(Version(major=10, minor=11, patch=8)) == "mariadb:10.11.8"
