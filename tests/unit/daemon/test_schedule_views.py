"""Schedules as the control interface shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.daemon.schedule_views import schedule_views
from octeth_backupd.domain.backup import Tier
from octeth_backupd.scheduling.ledger import SlotLedger
from tests.unit.scheduling.builders import all_three

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def test_every_schedule_is_shown_with_its_tier_and_next_time(bench: Bench) -> None:
    ledger = SlotLedger(catalog=bench.catalog, clock=bench.clock, definitions=())
    ledger.reconcile(all_three())

    views = schedule_views(ledger)

    assert {(view.schedule, view.tier) for view in views} == {
        ("daily", Tier.DAILY),
        ("weekly", Tier.WEEKLY),
        ("monthly", Tier.MONTHLY),
    }
    assert all(view.next_due is not None and not view.paused for view in views)
