"""State files: written when what they say has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.domain.state_document import make_state, parse_state, state_key
from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.state_files import is_noted, note_state, stale_states, state_of, write_states
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.storage import MemoryStorage
from tests.fakes.stored_backups import OWN

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from tests.fakes.bench import Bench

KEY = state_key("oempro", OWN)
ID = "oempro-2026-11-22_02-00-00"
SERVERS = ["oempro"]


class RefusingStorage(MemoryStorage):
    """One that cannot be written."""

    def replace_text(self, key: str, text: str) -> None:
        raise StorageError("access denied")


@pytest.fixture
def catalog(bench: Bench) -> Catalog:
    bench.catalog.installations.set_own(OWN)
    bench.catalog.add_backup(make_backup())
    return bench.catalog


def pin(catalog: Catalog, note: str = "keep") -> None:
    catalog.holdings.pin(ID, note=note, by="root", at=START)


def test_nothing_is_written_while_there_is_nothing_to_say(catalog: Catalog) -> None:
    storage = MemoryStorage()

    assert write_states(catalog, [storage], SERVERS) == []
    assert storage.files == {}


def test_a_change_is_written_once_into_every_storage(catalog: Catalog) -> None:
    storages = [MemoryStorage("local"), MemoryStorage("s3")]
    pin(catalog)

    assert len(stale_states(catalog, storages, SERVERS)) == 2
    assert write_states(catalog, storages, SERVERS) == []
    assert stale_states(catalog, storages, SERVERS) == []
    assert {tuple(storage.files) for storage in storages} == {(KEY,)}
    assert [entry.note for entry in parse_state(storages[0].read_text(KEY)).pins] == ["keep"]


def test_what_is_over_is_written_too(catalog: Catalog) -> None:
    storage = MemoryStorage()
    pin(catalog)
    write_states(catalog, [storage], SERVERS)
    catalog.holdings.unpin(ID, by="root", at=START)

    write_states(catalog, [storage], SERVERS)

    assert parse_state(storage.read_text(KEY)).is_empty


def test_what_failed_is_told_and_stays_stale_and_hides_no_other(catalog: Catalog) -> None:
    refusing, good = RefusingStorage("s3"), MemoryStorage("local")
    pin(catalog)

    assert write_states(catalog, [refusing, good], SERVERS) == [f"s3: {KEY} could not be written: access denied"]
    assert [state.storage.name for state in stale_states(catalog, [refusing, good], SERVERS)] == ["s3"]
    assert KEY in good.files


def test_a_new_catalog_never_writes_over_what_an_earlier_one_said(catalog: Catalog) -> None:
    storage = MemoryStorage()
    earlier = make_state(OWN, "oempro", suspects={"oempro-2026-01-01_02-00-00": "small"}).to_json_text()
    storage.files[KEY] = earlier.encode()
    pin(catalog)

    (problem,) = write_states(catalog, [storage], SERVERS)

    assert "an earlier catalog wrote it" in problem
    assert storage.read_text(KEY) == earlier

    note_state(catalog, storage.name, "oempro", earlier)
    assert write_states(catalog, [storage], SERVERS) == []
    assert storage.read_text(KEY) != earlier


def test_what_says_nothing_or_the_same_is_written_over(catalog: Catalog) -> None:
    storage = MemoryStorage()
    storage.files[KEY] = make_state(OWN, "oempro").to_json_text().encode()
    pin(catalog)

    assert write_states(catalog, [storage], SERVERS) == []
    assert is_noted(catalog, storage.name, "oempro")


def test_nothing_is_said_of_deleted_backups(catalog: Catalog) -> None:
    catalog.holdings.add_proof(Proof(backup_id=ID, level=ProofLevel.STORED, storage="local", proven_at=START))
    assert len(state_of(catalog, OWN, "oempro").proofs) == 1

    catalog.set_copy_state(ID, "local", CopyState.DELETED, at=START)

    assert state_of(catalog, OWN, "oempro").is_empty


def test_a_catalog_of_nobody_writes_nothing(bench: Bench) -> None:
    bench.catalog.add_backup(make_backup(suspect="small"))

    assert stale_states(bench.catalog, [MemoryStorage()], SERVERS) == []
