"""What about a backup itself keeps it from being restored."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from octeth_backupd.domain.restore.source_refusals import source_refusals
from octeth_backupd.domain.server import Tablespace, TablespaceKind
from tests.fakes.manifests import make_manifest, make_server_part


def codes(*tablespaces: Tablespace, **server: object) -> list[str]:
    part = make_server_part(tablespaces=tablespaces, **server)
    return [refusal.code for refusal in source_refusals(make_manifest(server=part))]


def tablespace(path: str, kind: TablespaceKind = TablespaceKind.SINGLE) -> Tablespace:
    return Tablespace(space_id=7, name="shop/orders", size_bytes=1, path=path, kind=kind)


@pytest.mark.parametrize("path", ["./shop/orders.ibd", "shop/orders.ibd", "/var/lib/mysql/shop/orders.ibd", ""])
def test_tablespaces_in_the_data_directory_are_fine(path: str) -> None:
    assert codes(tablespace(path)) == []


@pytest.mark.parametrize("path", ["/elsewhere/shop/orders.ibd", "../elsewhere/orders.ibd"])
def test_tablespaces_elsewhere_are_refused(path: str) -> None:
    assert codes(tablespace(path)) == ["external_tablespaces"]


def test_an_undo_tablespace_elsewhere_is_the_server_paths_business() -> None:
    assert codes(tablespace("/undo/undo_001", TablespaceKind.UNDO)) == []


def test_a_general_tablespace_in_the_servers_own_innodb_directory_is_fine() -> None:
    paths = {"data": PurePosixPath("/var/lib/mysql"), "innodb_home": PurePosixPath("/home")}

    assert codes(tablespace("/home/ts1.ibd", TablespaceKind.GENERAL), server_paths=paths) == []


def test_an_encrypted_archive_is_refused() -> None:
    archive = make_manifest().archive.model_copy(update={"encryption": "age"})

    assert [refusal.code for refusal in source_refusals(make_manifest(archive=archive))] == ["encrypted"]
