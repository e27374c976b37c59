"""Backups with known writes between them, restored in random order: each brings back exactly its own contents."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.environment.availability import require_mysql_image
from tests.environment.restoring import restoring

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

    from tests.environment.restoring import Contents

BACKUPS = 3
SHORT, LONG = 6, 30


def assert_restores_in_random_order(directory: Path, *, vendor: Literal["mariadb", "mysql"], rounds: int) -> None:
    chance = random.Random(f"{vendor} {rounds}")
    with restoring(directory, vendor=vendor, fill_bytes=500_000, binlogs_apart=vendor == "mysql") as bench:
        expected: dict[str, Contents] = {}
        for number in range(BACKUPS):
            bench.change(number)
            expected[bench.back_up()] = bench.contents()
        last = ""
        for number in range(rounds):
            backup = chance.choice(sorted(expected))

            bench.restore(backup)

            assert bench.contents() == expected[backup], f"round {number}: {backup} after {last or 'nothing'}"
            bench.change(100 + number)  # what the next restore must not leave
            last = backup


@pytest.mark.parametrize("vendor", ["mariadb", "mysql"])
def test_backups_are_restored_in_random_order(tmp_path: Path, vendor: Literal["mariadb", "mysql"]) -> None:
    if vendor == "mysql":
        require_mysql_image()
    assert_restores_in_random_order(tmp_path, vendor=vendor, rounds=SHORT)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("vendor", ["mariadb", "mysql"])
def test_backups_are_restored_in_random_order_many_times(tmp_path: Path, vendor: Literal["mariadb", "mysql"]) -> None:
    if vendor == "mysql":
        require_mysql_image()
    assert_restores_in_random_order(tmp_path, vendor=vendor, rounds=LONG)
