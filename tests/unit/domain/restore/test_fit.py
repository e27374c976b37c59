"""Whether a server can start on a backup's data."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.fit import cautions, misfits
from octeth_backupd.domain.server import Vendor, parse_version
from tests.fakes.manifests import make_manifest, make_server_part
from tests.fakes.sites import make_site

MYSQL, PERCONA, MARIADB = Vendor.MYSQL, Vendor.PERCONA, Vendor.MARIADB


@pytest.mark.parametrize(
    ("here", "there", "code"),
    [
        ((MYSQL, "8.0.36"), (MYSQL, "8.0.36"), None),
        ((MYSQL, "8.4.0"), (MYSQL, "8.0.36"), None),
        ((MYSQL, "8.0.36"), (MYSQL, "8.0.35"), None),
        ((MYSQL, "8.0.35"), (MYSQL, "8.0.36"), "newer_version"),
        ((MYSQL, "8.4.1"), (MYSQL, "8.4.2"), None),
        ((MYSQL, "8.0.36"), (MYSQL, "8.4.0"), "newer_version"),
        ((MYSQL, "8.0.36"), (PERCONA, "8.0.36"), None),
        ((PERCONA, "8.0.36"), (MYSQL, "8.0.37"), "newer_version"),
        ((MARIADB, "10.11.17"), (MARIADB, "10.11.18"), None),
        ((MARIADB, "10.11.18"), (MARIADB, "11.4.2"), "newer_version"),
        ((MARIADB, "11.4.2"), (MYSQL, "8.0.36"), "vendor_mismatch"),
        ((MYSQL, "9.7.0"), (MARIADB, "10.11.18"), "vendor_mismatch"),
    ],
)
def test_a_server_takes_data_of_its_kind_that_is_not_newer(
    here: tuple[Vendor, str], there: tuple[Vendor, str], code: str | None
) -> None:
    site = make_site(vendor=here[0], version=parse_version(here[1]))
    manifest = make_manifest(server=make_server_part(vendor=there[0], version=there[1]))

    assert [refusal.code for refusal in misfits(site, manifest)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("name", "here", "there", "vendor", "refused"),
    [
        ("lower_case_table_names", "1", "0", MYSQL, True),
        ("lower_case_table_names", "1", "0", MARIADB, False),
        ("lower_case_table_names", "0", "0", MYSQL, False),
        ("lower_case_table_names", "", "0", MYSQL, False),
        ("innodb_page_size", "16384", "4096", MARIADB, True),
    ],
)
def test_settings_that_files_are_bound_to_must_be_the_same_where_both_are_known(
    name: str,
    here: str,
    there: str,
    vendor: Vendor,
    refused: bool,
) -> None:
    site = make_site(vendor=vendor, variables={name: here})
    manifest = make_manifest(server=make_server_part(vendor=vendor, variables={name: there}))

    found = misfits(site, manifest)

    assert [refusal.code for refusal in found] == (["different_settings"] if refused else [])
    assert all(f"{name} = {there}" in refusal.hint for refusal in found)


def test_an_upgrade_and_another_make_are_worth_a_word() -> None:
    site = make_site(vendor=MYSQL, version=parse_version("8.4.0"))
    manifest = make_manifest(server=make_server_part(vendor=PERCONA, version="8.0.36"))

    make, upgrade = cautions(site, manifest)

    assert "Percona Server" in make
    assert "cannot go back" in upgrade


def test_the_same_version_is_worth_none() -> None:
    assert cautions(make_site(), make_manifest()) == ()


def test_a_newer_release_of_the_same_series_is_worth_a_word() -> None:
    site = make_site(vendor=MARIADB, version=parse_version("10.11.17"))
    manifest = make_manifest(server=make_server_part(vendor=MARIADB, version="10.11.18"))

    assert "same series" in cautions(site, manifest)[0]
