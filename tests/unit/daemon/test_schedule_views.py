"""Schedules as the control interface shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.daemon.schedule_views import paused_warnings, schedule_views
from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.notices.words import moment_words
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


def test_a_paused_schedule_is_a_warning_that_says_since_when_and_by_whom(bench: Bench) -> None:
    ledger = SlotLedger(catalog=bench.catalog, clock=bench.clock, definitions=())
    ledger.reconcile(all_three())
    (server,) = {view.server for view in schedule_views(ledger)}
    ledger.pause(server, "weekly", by="uid 0 (root)")

    (warning,) = paused_warnings(schedule_views(ledger))

    assert warning == (
        f"{server}: the schedule weekly is paused since {moment_words(bench.clock.now())} by uid 0 (root): "
        f"octeth-backupctl resume --server {server} --schedule weekly"
    )
