"""Whether the data that a restore would replace is another server's."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.domain.restore.foreign import is_foreign
from octeth_backupd.domain.server import ServerIdentity, Vendor
from tests.fakes.manifests import make_manifest, make_server_part
from tests.fakes.sites import UUID, make_site

INSTALLATION = make_manifest().installation_id
OTHER_UUID = "99999999-71ca-11e1-9e33-c80aa9429562"


def mysql(server_uuid: str, inode: int = 0) -> ServerIdentity:
    return ServerIdentity(vendor=Vendor.MYSQL, server_uuid=server_uuid, data_inode=inode)


def mariadb(inode: int) -> ServerIdentity:
    return ServerIdentity(vendor=Vendor.MARIADB, data_inode=inode)


def test_data_with_the_uuid_of_the_backups_server_is_its_own() -> None:
    assert is_foreign(make_site(), make_manifest(), (), "another installation") == ""


def test_data_with_a_uuid_of_the_succession_is_its_own() -> None:
    site = make_site(identity=mysql(OTHER_UUID))

    assert is_foreign(site, make_manifest(), (mysql(OTHER_UUID), mysql(UUID)), INSTALLATION) == ""


def test_data_with_another_uuid_is_foreign_wherever_it_lies() -> None:
    reason = is_foreign(make_site(identity=mysql(OTHER_UUID)), make_manifest(), (mysql(UUID),), INSTALLATION)

    assert OTHER_UUID in reason
    assert "oempro" in reason


def test_data_without_user_schemas_is_nobodys() -> None:
    site = make_site(identity=mysql(OTHER_UUID), user_schemas=())

    assert is_foreign(site, None, (), INSTALLATION) == ""


def test_mysql_data_that_lost_its_uuid_is_judged_by_its_place() -> None:
    site = make_site(identity=mysql(""))

    assert is_foreign(site, make_manifest(), (), INSTALLATION) == ""
    assert is_foreign(site, make_manifest(), (), "another installation") != ""


@pytest.mark.parametrize(("inode", "is_own"), [(4711, True), (4712, False)])
def test_mariadb_data_is_known_by_its_system_tablespace(inode: int, is_own: bool) -> None:
    site = make_site(vendor=Vendor.MARIADB, identity=mariadb(inode))

    assert (is_foreign(site, None, (mariadb(4711),), INSTALLATION) == "") is is_own


def test_mysql_and_mariadb_do_not_share_an_inode_by_accident() -> None:
    site = make_site(vendor=Vendor.MARIADB, identity=mariadb(4711))

    assert is_foreign(site, None, (mysql("", inode=4711),), INSTALLATION) != ""


@pytest.mark.parametrize(
    ("host_path", "schemas", "is_own"),
    [("/opt/data", ("oempro", "x"), True), ("/opt/other", ("oempro",), False), ("/opt/data", ("x",), False)],
)
def test_mariadb_data_is_known_by_its_place_and_a_common_schema(
    host_path: str,
    schemas: tuple[str, ...],
    is_own: bool,
) -> None:
    part = make_server_part(vendor=Vendor.MARIADB, host_paths={"data": Path(host_path)}, schemas=schemas)
    site = make_site(vendor=Vendor.MARIADB, identity=mariadb(1))

    assert (is_foreign(site, make_manifest(server=part), (), INSTALLATION) == "") is is_own


def test_the_reason_names_a_few_schemas_and_counts_the_rest() -> None:
    site = make_site(identity=mysql(""), user_schemas=("a", "b", "c", "d", "e"))

    assert "schemas a, b, c and 2 more" in is_foreign(site, None, (), INSTALLATION)
