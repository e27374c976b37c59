"""State files taken over; the whole way is in test_sync."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.holdings import AdoptedInstallation, Pin
from octeth_backupd.domain.state_document import StateDocument, make_state, state_key
from octeth_backupd.domain.sync.known import KnownBackups
from octeth_backupd.domain.sync.places import FoundFile
from octeth_backupd.pipeline.retention.confirmation import CONFIRMED_META
from octeth_backupd.pipeline.state_files import is_noted, note_state
from octeth_backupd.pipeline.sync.state_reading import LARGEST_BYTES, StatePlace, StateReading
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.runs import RecordedContext
from tests.fakes.storage import MemoryStorage
from tests.fakes.stored_backups import LOST, OTHER, OWN

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from tests.fakes.bench import Bench

ID = "oempro-2026-11-22_02-00-00"


@pytest.fixture
def catalog(bench: Bench) -> Catalog:
    bench.catalog.installations.set_own(OWN)
    bench.catalog.add_backup(make_backup(installation_id=OWN))
    return bench.catalog


def pinned(installation_id: str, backup_id: str = ID, **fields: object) -> StateDocument:
    pin = Pin(backup_id=backup_id, note=installation_id, pinned_by="root", pinned_at=START)
    return make_state(installation_id, "oempro", pins=[pin]).model_copy(update=fields)


def read(
    catalog: Catalog, files: dict[str, str], *, is_trusted: bool = True, repair: bool = False, size_bytes: int = 1
) -> StateReading:
    storage = MemoryStorage()
    storage.files = {key: text.encode() for key, text in files.items()}
    listed = tuple(FoundFile(key=key, size_bytes=size_bytes, modified_at=START) for key in files)
    known = KnownBackups(catalog.backups())
    reading = StateReading(RecordedContext().context, catalog, known, repair=repair)
    reading.read([StatePlace(storage=storage, files=listed, is_trusted=is_trusted)], ["oempro"])
    return reading


def test_our_own_is_taken_over_and_remembered_as_written(catalog: Catalog) -> None:
    reading = read(catalog, {state_key("oempro", OWN): pinned(OWN).to_json_text()})

    assert reading.taken == 1
    assert [pin.backup_id for pin in catalog.holdings.pins()] == [ID]
    assert is_noted(catalog, "memory", "oempro")


def test_a_plain_state_file_says_itself_whose_it_is(catalog: Catalog) -> None:
    assert read(catalog, {"oempro/state.json": pinned(OWN).to_json_text()}).taken == 1
    assert read(catalog, {"oempro/state.json": pinned(OTHER).to_json_text()}).taken == 0


def test_that_of_others_is_not_even_read(catalog: Catalog) -> None:
    reading = read(catalog, {state_key("oempro", OTHER): "no state file"})

    assert (reading.taken, reading.findings) == (0, [])


def test_what_an_adopted_one_had_adopted_is_ours_too(catalog: Catalog) -> None:
    lost = replace(make_backup(server="shop", installation_id=OTHER), copies=())
    catalog.add_backup(lost)
    catalog.installations.adopt(LOST, by="root", at=START)
    first = pinned(LOST, "unknown").model_copy(
        update={
            "adopted": make_state(
                LOST, "x", adopted=[AdoptedInstallation(installation_id=OTHER, adopted_by="root", adopted_at=START)]
            ).adopted
        }
    )
    second = pinned(OTHER, lost.backup_id).model_copy(update={"server": "shop"})

    reading = read(
        catalog, {state_key("oempro", LOST): first.to_json_text(), state_key("shop", OTHER): second.to_json_text()}
    )

    assert reading.taken == 1
    assert catalog.installations.ours() == {OWN, LOST, OTHER}


@pytest.mark.parametrize(("is_known", "confirmed"), [(False, ""), (True, "policy")])
def test_an_adoption_that_is_new_here_requires_confirmation(
    catalog: Catalog, *, is_known: bool, confirmed: str
) -> None:
    if is_known:
        catalog.installations.adopt(LOST, by="root", at=START)
    catalog.set_meta(CONFIRMED_META, "policy")
    adopted = [AdoptedInstallation(installation_id=LOST, adopted_by="root", adopted_at=START)]

    read(catalog, {state_key("oempro", OWN): make_state(OWN, "oempro", adopted=adopted).to_json_text()})

    assert catalog.installations.ours() == {OWN, LOST}
    assert catalog.meta(CONFIRMED_META) == confirmed


def test_what_lies_under_anothers_name_is_reported_and_not_believed(catalog: Catalog) -> None:
    reading = read(catalog, {state_key("oempro", OWN): pinned(OWN, server="shop").to_json_text()})

    assert reading.taken == 0
    assert [finding.key for finding in reading.findings] == [state_key("oempro", OWN)]


def test_a_huge_one_is_not_read(catalog: Catalog) -> None:
    text = pinned(OWN).to_json_text()

    reading = read(catalog, {state_key("oempro", OWN): text}, size_bytes=LARGEST_BYTES + 1)

    assert (reading.taken, len(reading.findings)) == (0, 1)


@pytest.mark.parametrize(("is_trusted", "noted"), [(True, True), (False, False)])
def test_our_own_about_unknown_backups_may_be_replaced_only_when_everything_was_seen(
    catalog: Catalog, *, is_trusted: bool, noted: bool
) -> None:
    read(catalog, {state_key("oempro", OWN): pinned(OWN, "gone").to_json_text()}, is_trusted=is_trusted)

    assert is_noted(catalog, "memory", "oempro") is noted


@pytest.mark.parametrize(("repair", "noted"), [(True, True), (False, False)])
def test_our_own_that_nobody_can_read_is_given_up_only_when_ordered(
    catalog: Catalog, *, repair: bool, noted: bool
) -> None:
    read(catalog, {state_key("oempro", OWN): "garbage"}, repair=repair)

    assert is_noted(catalog, "memory", "oempro") is noted


def test_one_that_is_gone_is_to_be_written_again(catalog: Catalog) -> None:
    note_state(catalog, "memory", "oempro", "what it said")

    read(catalog, {})

    assert catalog.meta("state_written:memory:oempro") == ""
