"""Which places of the daemon lie among a server's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.domain.overlaps import places_around, places_inside

DIRECTORIES = {
    "data": Path("/data/mysql"),
    "undo": Path("/undo"),
    "redo": Path("/redo"),
    "binlog": Path("/data"),
    "binlog_index": Path("/data/binlog.index"),
}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("/data/mysql", ["the backups /data/mysql is the server's data directory /data/mysql"]),
        ("/data/mysql/b", ["the backups /data/mysql/b is inside the server's data directory /data/mysql"]),
        ("/undo/b", ["the backups /undo/b is inside the server's undo directory /undo"]),
        ("/redo/b", ["the backups /redo/b is inside the server's redo log directory /redo"]),
        ("/data/mysql-b", []),
        ("/data/b", []),
        ("/data", []),
    ],
)
def test_a_place_inside_a_directory_of_the_server_is_named(place: str, words: list[str]) -> None:
    assert list(places_inside({"backups": Path(place)}, DIRECTORIES)) == words


def test_a_binary_log_directory_of_its_own_counts() -> None:
    directories = {"data": Path("/data"), "binlog": Path("/binlogs")}

    assert len(list(places_inside({"backups": Path("/binlogs/b")}, directories))) == 1


@pytest.mark.parametrize(("place", "count"), [("/data", 1), ("/data/mysql", 0), ("/data/my", 0), ("/other", 0)])
def test_a_directory_of_the_server_inside_a_place_is_named(place: str, count: int) -> None:
    assert len(list(places_around({"workspace": Path(place)}, {"data": Path("/data/mysql")}))) == count
