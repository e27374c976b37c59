"""Privileges are read from SHOW GRANTS of both vendors; what is missing comes with the statement that grants it."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.grants import (
    Privilege,
    account_of,
    grant_statement,
    missing_grants,
    parse_grants,
    parse_requirement,
    quote_account,
    shows_all_tables,
)

MYSQL_NEEDS = (
    "BACKUP_ADMIN",
    "PROCESS",
    "RELOAD",
    "LOCK TABLES",
    "REPLICATION CLIENT",
    "SELECT ON performance_schema.log_status",
    "SELECT ON performance_schema.keyring_component_status",
    "SELECT ON performance_schema.replication_group_members",
)
MARIADB_NEEDS = ("RELOAD", "PROCESS", "BINLOG MONITOR")

MYSQL_BACKUP_USER = (
    "GRANT RELOAD, PROCESS, LOCK TABLES, REPLICATION CLIENT ON *.* TO `bkp`@`localhost`",
    "GRANT BACKUP_ADMIN ON *.* TO `bkp`@`localhost`",
    "GRANT SELECT ON `performance_schema`.`keyring_component_status` TO `bkp`@`localhost`",
    "GRANT SELECT ON `performance_schema`.`log_status` TO `bkp`@`localhost`",
    "GRANT SELECT ON `performance_schema`.`replication_group_members` TO `bkp`@`localhost`",
)
MYSQL_ROOT = (
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, SHUTDOWN, PROCESS, FILE, LOCK TABLES, "
    "REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `root`@`%` WITH GRANT OPTION",
    "GRANT APPLICATION_PASSWORD_ADMIN,BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `root`@`%` WITH GRANT OPTION",
    "GRANT PROXY ON ``@`` TO `root`@`%` WITH GRANT OPTION",
)


def test_documented_backup_user_of_mysql_lacks_nothing() -> None:
    assert missing_grants(MYSQL_NEEDS, MYSQL_BACKUP_USER) == ()


def test_root_of_mysql_lacks_nothing() -> None:
    assert missing_grants(MYSQL_NEEDS, MYSQL_ROOT) == ()


def test_all_privileges_cover_global_and_table_privileges() -> None:
    lines = ("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED BY PASSWORD '***' WITH GRANT OPTION",)

    assert missing_grants((*MARIADB_NEEDS, *MYSQL_NEEDS), lines) == ()


@pytest.mark.parametrize("spelling", ["BINLOG MONITOR", "REPLICATION CLIENT", "SUPER"])
def test_every_spelling_of_binlog_monitor_counts(spelling: str) -> None:
    lines = (f"GRANT RELOAD, PROCESS, {spelling} ON *.* TO `bkp`@`%` IDENTIFIED BY PASSWORD '***'",)

    assert missing_grants(MARIADB_NEEDS, lines) == ()


def test_slave_and_replica_monitor_are_one_privilege() -> None:
    assert missing_grants(("REPLICA MONITOR",), ("GRANT SLAVE MONITOR ON *.* TO `b`@`%`",)) == ()


@pytest.mark.parametrize("left_out", MYSQL_NEEDS)
def test_each_missing_privilege_is_found(left_out: str) -> None:
    lines = []
    for line in MYSQL_BACKUP_USER:
        table = left_out.rpartition(".")[2]
        if left_out.startswith("SELECT") and table in line:
            continue
        lines.append(line.replace(f"{left_out}, ", "").replace(f", {left_out}", "").replace(left_out, "USAGE"))

    assert missing_grants(MYSQL_NEEDS, lines) == (left_out,)


def test_privilege_on_one_database_is_not_a_global_one() -> None:
    lines = ("GRANT USAGE ON *.* TO `b`@`%`", "GRANT ALL PRIVILEGES ON `shop`.* TO `b`@`%`")

    assert missing_grants(("PROCESS",), lines) == ("PROCESS",)


@pytest.mark.parametrize(
    "database", ["`performance_schema`", "performance_schema", "`performance\\_schema`", "`perf%`", "`%`", "*"]
)
def test_select_on_the_whole_database_covers_its_tables(database: str) -> None:
    lines = (f"GRANT SELECT ON {database}.* TO `b`@`%`",)

    assert missing_grants(("SELECT ON performance_schema.log_status",), lines) == ()


def test_select_on_another_database_covers_nothing() -> None:
    lines = ("GRANT SELECT ON `performance`.* TO `b`@`%`",)

    assert len(missing_grants(("SELECT ON performance_schema.log_status",), lines)) == 1


def test_privilege_on_some_columns_is_not_one_on_the_table() -> None:
    lines = ("GRANT SELECT (`server_uuid`, `local`), INSERT ON `performance_schema`.`log_status` TO `b`@`%`",)

    assert len(missing_grants(("SELECT ON performance_schema.log_status",), lines)) == 1


def test_privilege_on_a_routine_is_none_on_a_table() -> None:
    lines = ("GRANT EXECUTE ON PROCEDURE `sys`.`p` TO `b`@`%`",)

    assert parse_grants(lines).privileges == frozenset()


def test_partial_revoke_takes_a_global_privilege_back() -> None:
    lines = ("GRANT SELECT ON *.* TO `b`@`%`", "REVOKE SELECT ON `performance_schema`.* FROM `b`@`%`")

    assert len(missing_grants(("SELECT ON performance_schema.log_status",), lines)) == 1
    assert missing_grants(("SELECT ON mysql.user",), lines) == ()


@pytest.mark.parametrize(
    "line", ["GRANT `backup_role`@`%` TO `b`@`%`", "GRANT `backup_role` TO `b`@`%`", "GRANT backup_role TO `b`@`%`"]
)
def test_roles_are_noted(line: str) -> None:
    grants = parse_grants((line,))

    assert grants.roles == ("backup_role",)
    assert grants.privileges == frozenset()


def test_requirement_is_global_unless_it_names_a_table() -> None:
    assert parse_requirement("lock tables") == Privilege(name="LOCK TABLES")
    assert parse_requirement("SELECT ON mysql.component") == Privilege(
        name="SELECT", database="mysql", table="component"
    )


def test_statement_grants_exactly_what_is_missing() -> None:
    statement = grant_statement(("BACKUP_ADMIN", "PROCESS", "SELECT ON performance_schema.log_status"), "bkp@10.0.%")

    assert statement == (
        "GRANT BACKUP_ADMIN, PROCESS ON *.* TO 'bkp'@'10.0.%';\n"
        "GRANT SELECT ON performance_schema.log_status TO 'bkp'@'10.0.%';"
    )


@pytest.mark.parametrize(
    ("account", "quoted"),
    [
        ("bkp@localhost", "'bkp'@'localhost'"),
        ("`bkp`@`localhost`", "'bkp'@'localhost'"),
        ("a@b@%", "'a@b'@'%'"),
        ("bkp", "'bkp'@'%'"),
        ("o'brien@%", "'o''brien'@'%'"),
    ],
)
def test_account_is_quoted_for_sql(account: str, quoted: str) -> None:
    assert quote_account(account) == quoted


def test_account_is_read_from_the_grants() -> None:
    assert account_of(MYSQL_BACKUP_USER) == "bkp@localhost"
    assert account_of(()) is None


@pytest.mark.parametrize(
    ("privileges", "expected"),
    [
        ("ALL PRIVILEGES", True),
        ("RELOAD, PROCESS, SHOW VIEW", True),
        ("SELECT, RELOAD", True),
        ("BACKUP_ADMIN, PROCESS, RELOAD, LOCK TABLES, REPLICATION CLIENT", False),
    ],
)
def test_tables_are_shown_to_whoever_may_show_views_or_select(privileges: str, expected: bool) -> None:
    assert shows_all_tables((f"GRANT {privileges} ON *.* TO `bkp`@`%`",)) is expected


def test_select_on_one_table_shows_not_all() -> None:
    assert not shows_all_tables(("GRANT SELECT ON `performance_schema`.`log_status` TO `bkp`@`%`",))
