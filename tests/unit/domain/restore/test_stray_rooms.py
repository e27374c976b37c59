"""Directories of restores that no journal knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.domain.restore.stray_rooms import stray_rooms, stray_words

RUN = "20261122-120000-abcdef"
ROOM = Path(f"/srv/mysql/.octeth-backupd-{RUN}")


@pytest.mark.parametrize("name", [ROOM.name, f"{ROOM.name}-binlog"])
def test_room_without_a_journal_is_found(name: str) -> None:
    assert stray_rooms([ROOM.with_name(name)], {"20261122-120000-000000"}) == (ROOM.with_name(name),)


@pytest.mark.parametrize(
    "name",
    [
        ".octeth-backupd-trial-x1",
        ".octeth-backupd-plan-abcdef01",
        f".octeth-backupd-{RUN}.old",
        "data",
        f"x{ROOM.name}",
    ],
)
def test_nothing_else_is_taken_for_one(name: str) -> None:
    assert stray_rooms([ROOM.with_name(name)], ()) == ()


def test_room_of_a_known_restore_is_none() -> None:
    assert stray_rooms([ROOM, ROOM.with_name(f"{ROOM.name}-binlog")], {RUN}) == ()


def test_words_name_the_directory_the_server_and_what_to_do() -> None:
    words = stray_words(ROOM, "oempro")

    assert "oempro" in words
    assert words.endswith(f"rm -r {ROOM}")
