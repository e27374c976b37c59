from typing import Any, cast

import pytest

from octeth_backupd.domain.server import TablespaceKind, Vendor
from octeth_backupd.servers.session import Session
from octeth_backupd.servers.sql_errors import PrivilegeMissingError
from octeth_backupd.servers.tablespaces import read_tablespaces
from tests.unit.servers.builders import ScriptedSession

MARIADB = {
    "INNODB_SYS_TABLESPACES": [
        {"SPACE": 0, "NAME": "innodb_system", "FILENAME": "./ibdata1", "FILE_SIZE": 12582912},
        {"SPACE": 12, "NAME": "innodb_undo001", "FILENAME": ".//undo001", "FILE_SIZE": 10485760},
        {"SPACE": 8, "NAME": "oempro/ext", "FILENAME": "/ext/oempro/ext.ibd", "FILE_SIZE": 65536},
        {"SPACE": 4294967294, "NAME": "innodb_temporary", "FILENAME": "./ibtmp1", "FILE_SIZE": 12582912},
    ],
    "INNODB_SYS_TABLES ": [{"SPACE": 8, "NAME": "oempro/ext"}, {"SPACE": 9, "NAME": "oempro/disc"}],
}
MYSQL = {
    "INNODB_TABLESPACES": [
        {"SPACE": 4294967294, "NAME": "mysql", "SPACE_TYPE": "General", "FILE_SIZE": 27, "STATE": "normal"},
        {
            "SPACE": 4294967293,
            "NAME": "innodb_temporary",
            "SPACE_TYPE": "System",
            "FILE_SIZE": 12,
            "STATE": "normal",
        },
        {"SPACE": 4294967279, "NAME": "innodb_undo_001", "SPACE_TYPE": "Undo", "FILE_SIZE": 16, "STATE": "active"},
        {"SPACE": 2, "NAME": "o-p.é/t-1 $ü", "SPACE_TYPE": "Single", "FILE_SIZE": 114688, "STATE": "normal"},
        {"SPACE": 6, "NAME": "oempro/disc", "SPACE_TYPE": "Single", "FILE_SIZE": 0, "STATE": "discarded"},
        {"SPACE": 7, "NAME": "shop/no-file", "SPACE_TYPE": "Single", "FILE_SIZE": 1, "STATE": "normal"},
    ],
    "information_schema.FILES": [
        {"FILE_ID": 0, "FILE_NAME": "./ibdata1", "TABLESPACE_NAME": "innodb_system", "BYTES": 12582912},
        {"FILE_ID": 0, "FILE_NAME": "./ibdata2", "TABLESPACE_NAME": "innodb_system", "BYTES": 1048576},
        {"FILE_ID": 4294967294, "FILE_NAME": "./mysql.ibd", "TABLESPACE_NAME": "mysql", "BYTES": 27},
        {"FILE_ID": 2, "FILE_NAME": "./o@002dp@002e@0p/t@002d1@0020@0024@1o.ibd", "TABLESPACE_NAME": "x", "BYTES": 0},
        {"FILE_ID": None, "FILE_NAME": "./oempro/disc.ibd", "TABLESPACE_NAME": "oempro/disc", "BYTES": None},
    ],
}


def _read(answers: Any, vendor: Vendor) -> dict[int, tuple[str, TablespaceKind, str, bool, int]]:
    found = read_tablespaces(cast(Session, ScriptedSession(answers)), vendor)
    return {t.space_id: (t.name, t.kind, t.path, t.discarded, t.size_bytes) for t in found}


def test_mariadb_lists_what_it_has_open_with_clean_paths() -> None:
    found = _read(MARIADB, Vendor.MARIADB)

    assert found[0] == ("innodb_system", TablespaceKind.SYSTEM, "ibdata1", False, 12582912)
    assert found[8] == ("oempro/ext", TablespaceKind.SINGLE, "/ext/oempro/ext.ibd", False, 65536)
    assert found[12] == ("innodb_undo001", TablespaceKind.UNDO, "undo001", False, 10485760)
    assert found[4294967294][1] is TablespaceKind.TEMPORARY


def test_mariadb_table_without_a_file_counts_as_discarded() -> None:
    assert _read(MARIADB, Vendor.MARIADB)[9] == ("oempro/disc", TablespaceKind.SINGLE, "", True, 0)


def test_mysql_names_are_spelt_as_files_are() -> None:
    found = _read(MYSQL, Vendor.MYSQL)

    assert found[2][0] == "o@002dp@002e@0p/t@002d1@0020@0024@1o"
    assert found[7][0] == "shop/no@002dfile"


def test_mysql_system_tablespace_comes_from_the_files_with_all_its_bytes() -> None:
    assert _read(MYSQL, Vendor.MYSQL)[0] == (
        "innodb_system",
        TablespaceKind.SYSTEM,
        "ibdata1",
        False,
        12582912 + 1048576,
    )


def test_mysql_kinds_and_states_are_told_apart() -> None:
    found = _read(MYSQL, Vendor.PERCONA)

    assert found[4294967294][:3] == ("mysql", TablespaceKind.GENERAL, "mysql.ibd")
    assert found[4294967293][1] is TablespaceKind.TEMPORARY
    assert found[4294967279][1] is TablespaceKind.UNDO
    assert found[6] == ("oempro/disc", TablespaceKind.SINGLE, "oempro/disc.ibd", True, 0)


@pytest.mark.parametrize("vendor", [Vendor.MARIADB, Vendor.MYSQL])
def test_missing_privilege_is_not_an_empty_list(vendor: Vendor) -> None:
    with pytest.raises(PrivilegeMissingError):
        _read({"information_schema": 1227}, vendor)
