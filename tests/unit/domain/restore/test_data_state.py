"""What lies in a data directory, by names and sizes."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.data_state import Listing, data_state, described, user_schemas
from octeth_backupd.domain.restore.site import DataState

SYSTEM = {"mysql": True, "performance_schema": True, "sys": True, "#innodb_redo": True}


@pytest.mark.parametrize(
    ("listing", "state"),
    [
        (None, DataState.ABSENT),
        (Listing(), DataState.EMPTY),
        (Listing(directories={"lost+found": False, ".octeth-backupd-run-1": True}), DataState.EMPTY),
        (Listing(files={"ibdata1": 1}), DataState.STRAY),
        (Listing(directories={"shop": True}), DataState.STRAY),
        (Listing(files={"ibdata1": 1}, directories=SYSTEM), DataState.FRESH),
        (Listing(files={"ibdata1": 1}, directories={**SYSTEM, "shop": True}), DataState.PRESENT),
    ],
)
def test_state_follows_from_what_is_there(listing: Listing | None, state: DataState) -> None:
    assert data_state(listing) is state


def test_a_schema_that_an_image_made_empty_is_nobodys_data() -> None:
    listing = Listing(files={"ibdata1": 12 << 20, "mysql.ibd": 1}, directories={**SYSTEM, "oempro": False})

    assert user_schemas(listing) == ()
    assert data_state(listing) is DataState.FRESH


@pytest.mark.parametrize("files", [{"ibdata1": 65 << 20}, {"ibdata1": 12 << 20, "ts1.ibd": 1}])
def test_a_schema_without_files_counts_where_its_rows_may_lie_in_a_shared_tablespace(files: dict[str, int]) -> None:
    listing = Listing(files=files, directories={**SYSTEM, "oempro": False, "test": False})

    assert user_schemas(listing) == ("oempro",)


def test_schemas_without_a_system_schema_are_still_somebodys_data() -> None:
    assert user_schemas(Listing(directories={"shop": True})) == ("shop",)


def test_schemas_are_spelled_as_in_sql_and_sorted() -> None:
    listing = Listing(directories={**SYSTEM, "z": True, "a@002db": True, ".hidden": True})

    assert user_schemas(listing) == ("a-b", "z")


def test_every_state_has_words_of_its_own() -> None:
    words = {described(state, ("shop",)) for state in DataState}

    assert len(words) == len(DataState)
    assert described(DataState.PRESENT, ("a", "b")) == "a database with 2 schemas"
