"""Pins, holds, accepts and proofs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.holdings import Pin, Proof, ProofLevel
from octeth_backupd.errors import NotFoundError
from tests.fakes.catalog_values import START, make_backup

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

LATER = START + timedelta(hours=1)
ID = make_backup().backup_id


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    catalog.add_backup(make_backup())
    catalog.add_backup(make_backup("other"))
    return catalog


def test_pin_is_in_force_until_it_is_ended(filled: Catalog) -> None:
    filled.holdings.pin(ID, note="before the upgrade", by="uid 0", at=START)

    pinned = filled.holdings.pins("oempro")
    was_pinned = filled.holdings.unpin(ID, by="uid 0", at=LATER)

    assert pinned == [Pin(backup_id=ID, note="before the upgrade", pinned_by="uid 0", pinned_at=START)]
    assert was_pinned
    assert filled.holdings.pins() == []
    assert not filled.holdings.unpin(ID, by="uid 0", at=LATER)


def test_pinning_again_changes_the_note_only(filled: Catalog) -> None:
    filled.holdings.pin(ID, note="old", by="uid 0", at=START)
    filled.holdings.pin(ID, note="new", by="uid 7", at=LATER)

    assert filled.holdings.pins() == [Pin(backup_id=ID, note="new", pinned_by="uid 0", pinned_at=START)]


def test_pins_of_another_server_are_not_listed(filled: Catalog) -> None:
    filled.holdings.pin(make_backup("other").backup_id, note="", by="uid 0", at=START)

    assert filled.holdings.pins("oempro") == []


def test_what_is_said_of_no_backup_is_refused(filled: Catalog) -> None:
    with pytest.raises(NotFoundError):
        filled.holdings.pin("absent", note="", by="uid 0", at=START)
    with pytest.raises(NotFoundError):
        filled.holdings.unpin("absent", by="uid 0", at=START)
    with pytest.raises(NotFoundError):
        filled.holdings.accept("absent", note="", by="uid 0", at=START)


def test_hold_is_open_until_it_is_ended_and_stays_in_history(filled: Catalog) -> None:
    begun = filled.holdings.begin_hold("oempro", reason="half its size", backup_id=ID, protected=("a", "b"), at=START)

    open_holds = filled.holdings.holds("oempro")
    ended = filled.holdings.end_holds("oempro", by="uid 0", detail="accepted", at=LATER, backup_id=ID)

    assert open_holds == [begun]
    assert begun is not None
    assert begun.protected == ("a", "b")
    assert ended == 1
    assert filled.holdings.holds("oempro") == []
    [past] = filled.holdings.holds("oempro", open_only=False)
    assert (past.ended_at, past.ended_by, past.detail) == (LATER, "uid 0", "accepted")


def test_one_doubt_begins_one_hold(filled: Catalog) -> None:
    filled.holdings.begin_hold("oempro", reason="first", backup_id=ID, protected=(), at=START)

    assert filled.holdings.begin_hold("oempro", reason="again", backup_id=ID, protected=(), at=LATER) is None
    assert len(filled.holdings.holds()) == 1


def test_ending_holds_about_one_backup_leaves_the_others(filled: Catalog) -> None:
    filled.holdings.begin_hold("oempro", reason="one", backup_id=ID, protected=(), at=START)
    filled.holdings.begin_hold("oempro", reason="two", backup_id="another", protected=(), at=START)

    filled.holdings.end_holds("oempro", by="uid 0", detail="", at=LATER, backup_id=ID)

    assert [hold.reason for hold in filled.holdings.holds()] == ["two"]


def test_accepting_ends_the_doubt_and_remembers_it(filled: Catalog) -> None:
    filled.set_suspect(ID, "half its size")

    doubt = filled.holdings.accept(ID, note="rows were purged", by="uid 0", at=LATER)

    assert doubt == "half its size"
    assert filled.backup(ID).suspect == ""
    [accept] = filled.holdings.accepts("oempro")
    assert (accept.doubt, accept.note, accept.accepted_by, accept.accepted_at) == (
        "half its size",
        "rows were purged",
        "uid 0",
        LATER,
    )


def test_proofs_are_kept_in_order_and_found_by_backup_and_server(filled: Catalog) -> None:
    first = Proof(backup_id=ID, level=ProofLevel.PREPARED, storage="", proven_at=START, run_id="r1")
    second = Proof(backup_id=ID, level=ProofLevel.STARTED, storage="local", proven_at=LATER, detail="12 tables")
    for proof in (first, second):
        filled.holdings.add_proof(proof)

    assert filled.holdings.proofs("oempro") == [first, second]
    assert filled.holdings.proofs(backup_id=ID) == [first, second]
    assert filled.holdings.proofs("other") == []


def test_mark_changes_with_everything_that_is_said_and_with_nothing_else(filled: Catalog) -> None:
    said = filled.holdings
    marks = [said.change_mark(), said.change_mark()]
    for change in (
        lambda: said.pin(ID, note="a", by="uid 0", at=START),
        lambda: said.pin(ID, note="b", by="uid 0", at=START),
        lambda: said.unpin(ID, by="uid 0", at=LATER),
        lambda: said.begin_hold("oempro", reason="r", backup_id=ID, protected=(), at=START),
        lambda: said.end_holds("oempro", by="uid 0", detail="", at=LATER),
        lambda: said.accept(ID, note="", by="uid 0", at=LATER),
        lambda: said.add_proof(Proof(backup_id=ID, level=ProofLevel.STORED, storage="s3", proven_at=START)),
        lambda: filled.installations.adopt("lost", by="uid 0", at=START),
    ):
        change()
        marks.append(said.change_mark())

    assert marks[0] == marks[1]
    assert len(set(marks)) == 9
