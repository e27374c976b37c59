"""A server as values: versions that order, vendors, addresses, paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.server import (
    Address,
    ServerPaths,
    Tablespace,
    TablespaceKind,
    Vendor,
    Version,
    parse_version,
    vendor_of,
)
from octeth_backupd.errors import ServerError
from tests.fakes.server_facts import make_facts


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("8.0.36", (8, 0, 36)),
        ("10.11.19-MariaDB-0+deb12u1-log", (10, 11, 19)),
        ("xtrabackup version 8.4.0-6 based on MySQL server 8.4.0 Linux", (8, 4, 0)),
        ("5.7.44-48-log", (5, 7, 44)),
    ],
)
def test_a_version_is_the_first_three_numbers(text: str, version: tuple[int, int, int]) -> None:
    major, minor, patch = version

    assert parse_version(text) == Version(major=major, minor=minor, patch=patch)


@pytest.mark.parametrize("text", ["", "8.4", "unknown"])
def test_a_text_without_version_is_an_error_that_shows_it(text: str) -> None:
    with pytest.raises(ServerError, match=f"no version number in '{text}'"):
        parse_version(text)


def test_versions_order_by_number_not_by_letter() -> None:
    assert parse_version("8.0.9") < parse_version("8.0.36") < parse_version("10.2.0")
    assert (parse_version("8.0.36").series, str(parse_version("8.0.36-log"))) == ((8, 0), "8.0.36")


@pytest.mark.parametrize(
    ("version_text", "comment", "vendor"),
    [
        ("8.0.36", "MySQL Community Server - GPL", Vendor.MYSQL),
        ("8.0.36-28", "Percona Server (GPL), Release 28", Vendor.PERCONA),
        ("10.11.19-MariaDB-0+deb12u1", "Debian 12", Vendor.MARIADB),
        ("9.7.4", "", Vendor.MYSQL),
    ],
)
def test_the_vendor_is_where_each_vendor_puts_its_name(version_text: str, comment: str, vendor: Vendor) -> None:
    assert vendor_of(version_text, comment) is vendor


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address(host="db.example", port=3307), "db.example:3307"),
        (Address(host="::1"), "[::1]:3306"),
        (Address(unix_socket="/run/mysqld/mysqld.sock"), "/run/mysqld/mysqld.sock"),
    ],
)
def test_an_address_reads_as_a_person_would_write_it(address: Address, text: str) -> None:
    assert str(address) == text


def test_paths_that_the_host_cannot_see_are_named() -> None:
    paths = ServerPaths(
        server={"data": PurePosixPath("/var/lib/mysql"), "redo": PurePosixPath("/redo")},
        host={"data": Path("/srv/mysql")},
    )

    assert (paths.data_directory, paths.unmapped) == (Path("/srv/mysql"), ("redo",))
    assert replace(paths, host={}).data_directory is None


def test_a_full_copy_holds_everything_but_the_temporary_tablespace() -> None:
    tablespaces = tuple(
        Tablespace(space_id=number, name=kind, size_bytes=10**number, kind=kind)
        for number, kind in enumerate(TablespaceKind)
    )

    facts = replace(make_facts("8.0.36"), tablespaces=tablespaces)

    assert facts.data_bytes == sum(t.size_bytes for t in tablespaces if t.kind != "temporary") > 0
