from pathlib import Path, PurePosixPath

from octeth_backupd.domain.paths import (
    host_path_of,
    host_paths,
    map_to_host,
    mounts_beneath,
    normalised,
    server_roles,
    system_tablespace_path,
)
from octeth_backupd.domain.server import Mount, Tablespace, TablespaceKind, Version

VARIABLES = {
    "version": "8.4.5",
    "datadir": "/var/lib/mysql/",
    "innodb_log_group_home_dir": "./",
    "innodb_undo_directory": "./",
    "innodb_data_home_dir": "",
    "log_bin_basename": "/var/log/mysql/binlog",
    "log_bin_index": "/var/log/mysql/binlog.index",
}
MYSQL = Version(major=8, minor=4, patch=5)
DATA = Mount(source=Path("/srv/data"), destination=PurePosixPath("/var/lib/mysql"))
BINLOGS = Mount(source=Path("/srv/binlogs"), destination=PurePosixPath("/var/log/mysql"))


def test_longest_destination_wins() -> None:
    nested = Mount(source=Path("/fast/redo"), destination=PurePosixPath("/var/lib/mysql/redo"))

    found = map_to_host(PurePosixPath("/var/lib/mysql/redo/ib_0"), (DATA, nested))

    assert found == Path("/fast/redo/ib_0")


def test_destination_is_compared_by_whole_names() -> None:
    assert map_to_host(PurePosixPath("/var/lib/mysql2/x"), (DATA,)) is None


def test_trailing_slash_and_dots_do_not_matter() -> None:
    slashed = Mount(source=Path("/srv/data"), destination=PurePosixPath("/var/lib/mysql/"))

    assert map_to_host(PurePosixPath("/var/lib/./other/../mysql/db"), (slashed,)) == Path("/srv/data/db")


def test_dot_dot_never_leaves_the_root() -> None:
    assert normalised(PurePosixPath("/../../etc")) == PurePosixPath("/etc")


def test_mount_beneath_the_data_directory_is_reported() -> None:
    nested = Mount(source=Path("/x"), destination=PurePosixPath("/var/lib/mysql/db"))

    assert mounts_beneath(PurePosixPath("/var/lib/mysql"), (DATA, nested, BINLOGS)) == (nested,)


def test_relative_variables_are_relative_to_the_data_directory() -> None:
    roles = server_roles(VARIABLES | {"innodb_undo_directory": "undo/", "innodb_log_group_home_dir": "../redo"}, MYSQL)

    assert roles["undo"] == PurePosixPath("/var/lib/mysql/undo")
    assert roles["redo"] == PurePosixPath("/var/lib/redo")


def test_binlog_role_is_a_directory_and_its_index_a_file() -> None:
    roles = server_roles(VARIABLES, MYSQL)

    assert roles["binlog"] == PurePosixPath("/var/log/mysql")
    assert roles["binlog_index"] == PurePosixPath("/var/log/mysql/binlog.index")


def test_server_without_binlogs_has_no_binlog_role() -> None:
    roles = server_roles(VARIABLES | {"log_bin_basename": "", "log_bin_index": ""}, MYSQL)

    assert "binlog" not in roles
    assert "binlog_index" not in roles


def test_redo_files_lie_in_their_own_directory_from_mysql_8_0_30_on() -> None:
    old = server_roles(VARIABLES, Version(major=8, minor=0, patch=29))
    new = server_roles(VARIABLES, Version(major=8, minor=0, patch=30))
    mariadb = server_roles(VARIABLES | {"version": "10.11.18-MariaDB"}, Version(major=10, minor=11, patch=18))

    assert "redo_files" not in old
    assert new["redo_files"] == PurePosixPath("/var/lib/mysql/#innodb_redo")
    assert "redo_files" not in mariadb


def test_tablespaces_outside_give_one_role_for_each_directory() -> None:
    tablespaces = (
        _tablespace("/ext/oempro/a.ibd"),
        _tablespace("/ext/oempro/b.ibd"),
        _tablespace("oempro/inside.ibd"),
        _tablespace("../beside/c.ibd", kind=TablespaceKind.GENERAL),
        _tablespace("/undo/undo_001", kind=TablespaceKind.UNDO),
    )

    roles = server_roles(VARIABLES, MYSQL, tablespaces)

    assert [role for role in roles if role.startswith("external:")] == [
        "external:/ext/oempro",
        "external:/var/lib/beside",
    ]


def test_innodb_directories_cover_the_tablespaces_in_them() -> None:
    roles = server_roles(VARIABLES | {"innodb_directories": "/ext;/more"}, MYSQL, (_tablespace("/ext/db/a.ibd"),))

    assert [role for role in roles if role.startswith("external:")] == ["external:/ext", "external:/more"]


def test_roles_in_no_mount_are_unmapped() -> None:
    found = host_paths(server_roles(VARIABLES, MYSQL), (DATA,))

    assert found.data_directory == Path("/srv/data")
    assert found.unmapped == ("binlog", "binlog_index")


def test_server_outside_of_containers_sees_the_hosts_paths() -> None:
    found = host_paths(server_roles(VARIABLES, MYSQL), None)

    assert found.data_directory == Path("/var/lib/mysql")
    assert found.unmapped == ()


def test_configured_data_directory_wins_and_takes_along_what_lies_beneath() -> None:
    found = host_paths(server_roles(VARIABLES, MYSQL), (DATA, BINLOGS), overrides={"data": Path("/elsewhere")})

    assert found.data_directory == Path("/elsewhere")
    assert found.host["undo"] == Path("/elsewhere")
    assert found.host["redo_files"] == Path("/elsewhere/#innodb_redo")
    assert found.host["binlog"] == Path("/srv/binlogs")


def test_mount_beneath_a_configured_directory_still_counts() -> None:
    nested = Mount(source=Path("/fast/redo"), destination=PurePosixPath("/var/lib/mysql/redo"))
    roles = server_roles(VARIABLES | {"innodb_log_group_home_dir": "redo"}, MYSQL)

    found = host_paths(roles, (DATA, nested), overrides={"data": Path("/elsewhere")})

    assert found.host["redo"] == Path("/fast/redo")


def test_configured_binlog_directory_takes_its_index_along() -> None:
    found = host_paths(server_roles(VARIABLES, MYSQL), (DATA,), overrides={"binlog": Path("/logs")})

    assert found.host["binlog_index"] == Path("/logs/binlog.index")


def test_host_path_of_a_file_follows_the_nearest_directory() -> None:
    paths = host_paths(server_roles(VARIABLES, MYSQL, (_tablespace("/ext/db/a.ibd"),)), (DATA,))

    assert host_path_of(PurePosixPath("oempro/users.ibd"), paths) == Path("/srv/data/oempro/users.ibd")
    assert host_path_of(PurePosixPath("/ext/db/a.ibd"), paths) is None
    assert host_path_of(PurePosixPath("/nowhere/x"), paths) is None


def test_system_tablespace_is_the_first_file_of_the_path_variable() -> None:
    variables = VARIABLES | {"innodb_data_home_dir": "home", "innodb_data_file_path": "ibd1:1G;ibd2:1G:autoextend"}

    assert system_tablespace_path(variables) == PurePosixPath("/var/lib/mysql/home/ibd1")
    assert system_tablespace_path(VARIABLES) == PurePosixPath("/var/lib/mysql/ibdata1")


def _tablespace(path: str, *, kind: TablespaceKind = TablespaceKind.SINGLE) -> Tablespace:
    return Tablespace(space_id=1, name="n", size_bytes=1, path=path, kind=kind)
