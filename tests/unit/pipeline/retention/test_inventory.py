"""What there is of a server, and the plan for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.retention.reasons import ReasonCode
from octeth_backupd.pipeline.retention.inventory import take_inventory

if TYPE_CHECKING:
    from tests.fakes.shelf import Shelf


def test_plan_is_of_the_policy_in_force_and_the_open_holds(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    now = shelf.bench.clock.now()
    shelf.bench.catalog.holdings.begin_hold(
        "oempro", reason="x", backup_id="", protected=(nights[1].backup_id,), at=now
    )

    found = take_inventory("oempro", shelf.parts, now)

    assert {one.backup_id for one in found.plan.expiring} == {nights[2].backup_id}
    assert [hold.reason for hold in found.holds] == ["x"]
    held = next(one for one in found.plan.decisions if one.backup_id == nights[1].backup_id)
    assert [reason.code for reason in held.reasons] == [ReasonCode.HOLD]
    assert found.protected == tuple(sorted(one.backup_id for one in nights if one is not nights[2]))


def test_other_servers_are_not_looked_at(shelf: Shelf) -> None:
    shelf.nights(5)

    assert take_inventory("shop", shelf.parts, shelf.bench.clock.now()).backups == ()
