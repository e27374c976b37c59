"""Doubts about content begin holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Operation
from octeth_backupd.domain.events import Warned
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.pipeline.retention.doubts import begin_hold, hold_forgotten_doubts

if TYPE_CHECKING:
    from octeth_backupd.domain.holdings import Hold
    from tests.fakes.shelf import Shelf


def holds(shelf: Shelf) -> list[Hold]:
    return shelf.bench.catalog.holdings.holds("oempro")


def test_hold_protects_what_the_policy_keeps_and_what_was_started_on(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    now = shelf.bench.clock.now()
    shelf.bench.catalog.holdings.add_proof(
        Proof(backup_id=nights[1].backup_id, level=ProofLevel.STARTED, storage="local", proven_at=now)
    )

    begin_hold(shelf.context(Operation.VERIFY), shelf.parts, nights[4].backup_id, "the copy in s3 is damaged")

    (hold,) = holds(shelf)
    assert set(hold.protected) == {nights[index].backup_id for index in (0, 1, 3, 4)}
    assert (hold.reason, hold.begun_at) == ("the copy in s3 is damaged", now)
    (warning,) = [event for event in shelf.bench.events if isinstance(event, Warned)]
    assert nights[4].backup_id in warning.message


def test_open_hold_goes_on_as_it_was(shelf: Shelf) -> None:
    nights = shelf.nights(2)
    context = shelf.context(Operation.VERIFY)

    begin_hold(context, shelf.parts, nights[1].backup_id, "first")
    begin_hold(context, shelf.parts, nights[1].backup_id, "second")

    assert [hold.reason for hold in holds(shelf)] == ["first"]


def test_doubt_about_another_installations_backup_holds_nothing_here(shelf: Shelf) -> None:
    theirs = shelf.put(shelf.bench.clock.now(), installation_id="f" * 32, suspect="tiny")

    begin_hold(shelf.context(Operation.VERIFY), shelf.parts, theirs.backup_id, "tiny")
    hold_forgotten_doubts("oempro", shelf.parts, shelf.bench.clock.now())

    assert holds(shelf) == []


def test_forgotten_doubts_get_their_holds_once(shelf: Shelf) -> None:
    nights = shelf.nights(2)
    catalog, now = shelf.bench.catalog, shelf.bench.clock.now()
    catalog.set_suspect(nights[0].backup_id, "tiny")
    catalog.set_copy_state(nights[1].backup_id, "local", CopyState.CORRUPT, at=now)

    hold_forgotten_doubts("oempro", shelf.parts, now)
    assert [hold.reason for hold in holds(shelf)] == ["the copy in local is damaged", "tiny"]

    catalog.holdings.end_holds("oempro", by="me", detail="looked", at=now)
    hold_forgotten_doubts("oempro", shelf.parts, now)
    assert holds(shelf) == []
