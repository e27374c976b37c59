"""State from a state file: each entry once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.catalog.taken_over import SaidState
from octeth_backupd.domain.holdings import Accept, Hold, Pin, Proof, ProofLevel
from tests.fakes.catalog_values import START, make_backup

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

ID = "oempro-2026-11-22_02-00-00"
STATE = SaidState(
    pins=(Pin(backup_id=ID, note="keep", pinned_by="root", pinned_at=START),),
    holds=(Hold(hold_id=0, server="oempro", reason="small", backup_id="", protected=(ID,), begun_at=START),),
    accepts=(Accept(backup_id=ID, doubt="small", note="", accepted_by="root", accepted_at=START),),
    proofs=(Proof(backup_id=ID, level=ProofLevel.READ_BACK, storage="s3", proven_at=START),),
    suspects={},
)


def test_everything_comes_in_once(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(suspect="small"))

    assert (catalog.holdings.take_over(STATE), catalog.holdings.take_over(STATE)) == (4, 0)

    holdings = catalog.holdings
    assert (tuple(holdings.pins()), tuple(holdings.accepts()), tuple(holdings.proofs())) == (
        STATE.pins,
        STATE.accepts,
        STATE.proofs,
    )
    assert [hold.protected for hold in holdings.holds()] == [(ID,)]
    assert catalog.backup(ID).suspect == ""


def test_what_was_ended_since_stays_ended(catalog: Catalog) -> None:
    catalog.add_backup(make_backup())
    catalog.holdings.take_over(STATE)
    catalog.holdings.unpin(ID, by="root", at=START)
    catalog.holdings.end_holds("oempro", by="root", detail="", at=START)

    assert catalog.holdings.take_over(STATE) == 0
    assert (catalog.holdings.pins(), catalog.holdings.holds()) == ([], [])


def test_a_backup_that_is_pinned_already_keeps_its_pin(catalog: Catalog) -> None:
    catalog.add_backup(make_backup())
    catalog.holdings.pin(ID, note="mine", by="root", at=START + timedelta(days=1))

    catalog.holdings.take_over(SaidState(pins=STATE.pins, suspects={}))

    assert [pin.note for pin in catalog.holdings.pins()] == ["mine"]


def test_a_later_doubt_is_not_over_with_an_earlier_one(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(suspect="no server starts on it"))

    catalog.holdings.take_over(SaidState(accepts=STATE.accepts, suspects={}))

    assert catalog.backup(ID).suspect == "no server starts on it"


def test_a_doubt_comes_back_unless_it_was_accepted(catalog: Catalog) -> None:
    catalog.add_backup(make_backup())

    assert catalog.holdings.take_over(SaidState(suspects={ID: "small"})) == 1
    assert catalog.backup(ID).suspect == "small"

    catalog.holdings.accept(ID, note="", by="root", at=START)
    assert catalog.holdings.take_over(SaidState(suspects={ID: "small"})) == 0
    assert catalog.backup(ID).suspect == ""
