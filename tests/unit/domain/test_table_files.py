"""Names on disk, as the servers make them."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.server import Tablespace, TablespaceKind
from octeth_backupd.domain.table_files import (
    candidate_paths,
    decode_name,
    system_file_names,
    without_partition,
)


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("ibdata1:12M:autoextend", ("ibdata1",)),
        ("ibdata1:12M;ibdata2:50M:autoextend:max:500M", ("ibdata1", "ibdata2")),
        ("/fast/ibdata1:12M:autoextend", ("ibdata1",)),
        ("", ("ibdata1",)),
    ],
)
def test_system_files_are_those_of_the_option(option: str, names: tuple[str, ...]) -> None:
    assert system_file_names(option) == names


@pytest.mark.parametrize(
    ("name", "path", "kind", "expected"),
    [
        ("shop/orders", "./shop/orders.ibd", TablespaceKind.SINGLE, "shop/orders.ibd"),
        ("shop/orders", "", TablespaceKind.SINGLE, "shop/orders.ibd"),
        ("shop/orders", "/ext/shop/orders.ibd", TablespaceKind.SINGLE, "shop/orders.ibd"),
        ("shop/t#p#p0", "./shop/t#p#p0.ibd", TablespaceKind.SINGLE, "shop/t#p#p0.ibd"),
        ("mysql", "./mysql.ibd", TablespaceKind.GENERAL, "mysql.ibd"),
        ("ts1", "/ext/first.ibd", TablespaceKind.GENERAL, "first.ibd"),
        ("ts1", "", TablespaceKind.GENERAL, "ts1.ibd"),
        ("innodb_undo_001", "./undo_001", TablespaceKind.UNDO, "undo_001"),
        ("innodb_undo_001", "", TablespaceKind.UNDO, "undo_001"),
        ("innodb_undo001", "/undo/undo001", TablespaceKind.UNDO, "undo001"),
        ("my_undo", "", TablespaceKind.UNDO, "my_undo.ibu"),
    ],
)
def test_file_of_a_tablespace_is_found(name: str, path: str, kind: TablespaceKind, expected: str) -> None:
    tablespace = Tablespace(space_id=5, name=name, size_bytes=1, kind=kind, path=path)

    assert candidate_paths(tablespace)[0] == expected


def test_partition_belongs_to_its_table() -> None:
    assert without_partition("shop/t#P#p0#SP#s1") == "shop/t"


def test_encoded_characters_are_decoded() -> None:
    assert decode_name("my@002dshop/x@0024y") == ("my-shop", "x$y")
