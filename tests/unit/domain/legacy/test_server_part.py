"""The server's table."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.legacy.server_part import server_name, translate_server
from octeth_backupd.domain.legacy.surroundings import Surroundings
from tests.unit.domain.legacy.build import around, draft, said

ENV = "MYSQL_HOST=oempro_mysql\nMYSQL_ROOT_PASSWORD=secret\nMYSQL_DATABASE=oempro\n"
DATA = "/opt/oempro/_dockerfiles/mysql/data_v8"


def _table(env: str, host: Surroundings | None = None) -> dict[str, Any]:
    found = draft(env)
    name = translate_server(found, host or around())
    table: dict[str, Any] = found.tables["servers"][name]
    return table


def test_usual_installation_is_taken_over() -> None:
    assert _table(ENV) == {
        "container": "oempro_mysql",
        "user": "root",
        "password_file": "/etc/octeth-backupd/oempro.password",
        "databases": ["oempro"],
    }


@pytest.mark.parametrize(
    ("database", "name"),
    [
        ("oempro", "oempro"),
        ("Octeth_1", "octeth_1"),
        ("my db", "my-db"),
        ("", "oempro"),
        ("daily", "oempro"),
        ("é", "oempro"),
    ],
)
def test_server_is_named_after_its_database_where_that_is_possible(database: str, name: str) -> None:
    assert server_name(database) == name


@pytest.mark.parametrize("password", ["", "your_root_password_here", "pa$word"])
def test_password_that_is_not_known_leaves_the_key_out_and_says_where_to_write_it(password: str) -> None:
    found = draft(f"MYSQL_HOST=a\nMYSQL_ROOT_PASSWORD={password}\n")

    name = translate_server(found, around())

    assert "password_file" not in found.tables["servers"][name]
    assert f"/etc/octeth-backupd/{name}.password" in said(found, Fate.BY_HAND)["MYSQL_ROOT_PASSWORD"]


def test_data_directory_that_docker_confirms_is_left_to_be_found_out() -> None:
    host = around(data_directory=PurePosixPath(DATA))

    assert "data_directory" not in _table(f"{ENV}MYSQL_DATA_DIR={DATA}\n", host)


def test_data_directory_through_a_symbolic_link_is_the_same() -> None:
    real = PurePosixPath("/opt/octeth/data")
    host = around(data_directory=real, real_paths={PurePosixPath(DATA): real})

    assert "data_directory" not in _table(f"{ENV}MYSQL_DATA_DIR={DATA}\n", host)


def test_data_directory_that_docker_contradicts_is_taken_and_doubted() -> None:
    found = draft(f"{ENV}MYSQL_DATA_DIR={DATA}\n")

    translate_server(found, around(data_directory=PurePosixPath("/other")))

    assert found.tables["servers"]["oempro"]["data_directory"] == DATA
    assert "/other" in said(found, Fate.BY_HAND)["MYSQL_DATA_DIR"]


def test_data_directory_is_left_out_while_docker_does_not_answer() -> None:
    found = draft(f"{ENV}MYSQL_DATA_DIR={DATA}\n")

    translate_server(found, around(docker_problem="no container is named oempro_mysql"))

    assert "data_directory" not in found.tables["servers"]["oempro"]
    assert "no container is named" in said(found, Fate.IGNORED)["MYSQL_DATA_DIR"]


@pytest.mark.parametrize(("mounted", "taken"), [("/opt/log_v8", None), ("/opt/elsewhere", "/opt/log_v8")])
def test_binary_logs_are_found_out_where_they_are_mounted(mounted: str, taken: str | None) -> None:
    host = around(data_directory=PurePosixPath(DATA), mounted=(PurePosixPath(mounted),))

    assert _table(f"{ENV}MYSQL_LOG_BIN=/opt/log_v8/mysql-bin\n", host).get("binlog_directory") == taken


def test_binary_logs_that_the_installed_version_never_read_are_news() -> None:
    found = draft(f"{ENV}MYSQL_LOG_BIN=/opt/log_v8/mysql-bin\n")

    translate_server(found, around(scripts="nothing of the kind"))

    assert "MYSQL_LOG_BIN" in said(found, Fate.REVIVED)


def test_older_tool_names_container_and_password_otherwise() -> None:
    table = _table('MYSQL_CONTAINER_NAME="oempro_mysql"  # comment\nMYSQL_PASSWORD="secret"\n')

    assert table["container"] == "oempro_mysql"
    assert table["password_file"] == "/etc/octeth-backupd/oempro.password"


@pytest.mark.parametrize("host", ["", "a b", "-x", "db;rm"])
def test_what_is_no_container_is_not_taken(host: str) -> None:
    assert _table(f"MYSQL_HOST='{host}'\n")["container"] == "oempro_mysql"
