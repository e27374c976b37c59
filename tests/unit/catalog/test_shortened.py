"""Ids that a person shortened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octeth_backupd.catalog.opening import open_database
from octeth_backupd.catalog.schema import runs
from octeth_backupd.catalog.shortened import resolve
from octeth_backupd.errors import AmbiguousIdError, NotFoundError
from tests.fakes.catalog_values import START, StandingClock, make_run

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.catalog.store import Catalog


def _add(catalog: Catalog, *run_ids: str) -> None:
    for run_id in run_ids:
        catalog.add_run(make_run(run_id))


@pytest.mark.parametrize("part", ["a1b2c3d4", "a1b2", "c3d4", "1b2c"])
def test_any_part_that_fits_one_id_finds_it(catalog: Catalog, part: str) -> None:
    _add(catalog, "a1b2c3d4", "ffff0000")

    assert catalog.find_run(part).run_id == "a1b2c3d4"


def test_whole_id_wins_over_a_longer_one_that_contains_it(catalog: Catalog) -> None:
    _add(catalog, "run-1", "run-10")

    assert catalog.find_run("run-1").run_id == "run-1"


def test_part_that_fits_several_names_them(catalog: Catalog) -> None:
    _add(catalog, "run-1", "run-2")

    with pytest.raises(AmbiguousIdError, match="run-2, run-1"):
        catalog.find_run("run")


def test_part_that_fits_very_many_names_the_first_ten(catalog: Catalog) -> None:
    _add(catalog, *(f"run-{i:02}" for i in range(15)))

    with pytest.raises(AmbiguousIdError) as refused:
        catalog.find_run("run")

    assert refused.value.message.count("run-") == 10
    assert refused.value.message.endswith("…")


@pytest.mark.parametrize("part", ["", "%", "_", "run_1", "RUN", "absent", "/", "../run-1", "run-1/..", "..", "'--"])
def test_what_is_no_part_of_an_id_is_not_found(catalog: Catalog, part: str) -> None:
    _add(catalog, "run-1")

    with pytest.raises(NotFoundError):
        catalog.find_run(part)


def test_nothing_typed_finds_nothing_but_errors_of_requests(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory: Path = tmp_path_factory.mktemp("catalog")
    database = open_database(directory / "catalog.sqlite", clock=StandingClock(START + timedelta(days=1)))

    @given(st.text())
    def ask(part: str) -> None:
        with pytest.raises(NotFoundError), database.read() as connection:
            resolve(connection, runs.c.run_id, part, noun="run")

    ask()
    database.close()
