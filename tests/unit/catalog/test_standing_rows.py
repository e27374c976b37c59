"""Quick looks at how everything stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState, Tier
from octeth_backupd.domain.schedule_state import ScheduleState
from tests.fakes.catalog_values import START, make_backup, make_run, make_slot, make_step

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

DAY = timedelta(days=1)
OWN = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(autouse=True)
def own(catalog: Catalog) -> None:
    """These backups are ours."""
    catalog.installations.set_own(OWN)


def test_the_last_good_backup_is_ours_readable_unsuspect_and_of_a_tier(catalog: Catalog) -> None:
    weekly = frozenset({Tier.DAILY, Tier.WEEKLY})
    for backup in (
        make_backup(taken_at=START - 3 * DAY, tiers=weekly),
        make_backup(taken_at=START - 2 * DAY, data_bytes=7),
        make_backup(taken_at=START - 1 * DAY, suspect="small"),
        make_backup(taken_at=START - DAY / 2, copies={"local": CopyState.MISSING}),
        make_backup(taken_at=START - DAY / 4, installation_id="another"),
        make_backup("shop", taken_at=START),
        make_backup(taken_at=START + 300 * DAY),
    ):
        catalog.add_backup(backup)

    last = catalog.standing.last_good("oempro", until=START)
    of_week = catalog.standing.last_good("oempro", until=START, tiers={Tier.WEEKLY, Tier.MONTHLY})

    assert last is not None
    assert of_week is not None
    assert (last.taken_at, last.data_bytes) == (START - 2 * DAY, 7)
    assert of_week.taken_at == START - 3 * DAY
    assert catalog.standing.last_good("oempro", until=START, tiers={Tier.MONTHLY}) is None


def test_runs_come_in_the_order_in_which_they_were_entered_whatever_the_clock_said(catalog: Catalog) -> None:
    catalog.add_run(make_run("ahead", START + 365 * DAY, status=RunStatus.SUCCESS))
    catalog.add_run(make_run("now", START, status=RunStatus.FAILED))
    catalog.add_run(make_run("other", START, server="shop", status=RunStatus.FAILED))
    catalog.add_run(make_run("going", START, status=RunStatus.RUNNING))
    catalog.add_run(make_run("upload", START, operation=Operation.UPLOAD, status=RunStatus.FAILED))

    assert [run.run_id for run in catalog.standing.ended_runs(server="oempro")] == ["now", "ahead"]
    assert [run.run_id for run in catalog.standing.ended_runs(limit=2)] == ["other", "now"]
    assert catalog.standing.ended_runs(server="oempro", operation=Operation.RETENTION) == []


def test_the_last_step_that_did_not_end_well_is_where_a_run_ended(catalog: Catalog) -> None:
    catalog.add_run(make_run())
    catalog.add_step(make_step(position=1, name="preflight", status=RunStatus.SUCCESS))
    catalog.add_step(make_step(position=2, name="backup", status=RunStatus.FAILED))
    catalog.add_step(make_step(position=3, name="hook on_failure", status=RunStatus.FAILED))
    catalog.add_run(make_run("good"))

    assert catalog.standing.last_step("run-1") == "backup"
    assert catalog.standing.last_step("good") == ""


def test_slots_are_looked_at_up_to_now(catalog: Catalog) -> None:
    catalog.add_slots(
        [
            make_slot(START - 3 * DAY, state=SlotState.MISSED),
            make_slot(START - 2 * DAY, state=SlotState.MISSED),
            make_slot(START - DAY, state=SlotState.SERVED),
            make_slot(START + DAY, state=SlotState.MISSED),
        ]
    )

    last = catalog.standing.last_slots("oempro", "daily", until=START)
    missed = catalog.standing.missed_slots("oempro", "daily", after=START - 3 * DAY, until=START)

    assert [slot.due_at for slot in last] == [START - DAY, START - 2 * DAY]
    assert [slot.due_at for slot in missed] == [START - 2 * DAY]


def test_schedules_that_are_not_configured_any_more_are_known(catalog: Catalog) -> None:
    for definition in ("", "rule"):
        catalog.save_schedule_state(
            ScheduleState(server="oempro", schedule=f"s{definition}", definition=definition, known_since=START)
        )

    assert [state.schedule for state in catalog.standing.schedule_states()] == ["s", "srule"]


def test_lost_copies_and_doubts_and_storages_of_degraded_runs(catalog: Catalog) -> None:
    lost = {"local": CopyState.PRESENT, "s3": CopyState.MISSING}
    waits = {"local": CopyState.CORRUPT, "offsite": CopyState.PENDING}
    catalog.add_backup(make_backup(copies=lost, suspect="half"))
    catalog.add_backup(make_backup(taken_at=START + DAY, copies=waits, run_id="degraded"))
    catalog.add_backup(make_backup(taken_at=START + 2 * DAY, copies={"s3": CopyState.PENDING}, run_id="good"))
    catalog.add_run(make_run("degraded", status=RunStatus.DEGRADED))
    catalog.add_run(make_run("good", status=RunStatus.SUCCESS))

    found = catalog.standing.lost_copies()
    ids = {storage: {state: [one[:2] for one in some] for state, some in by.items()} for storage, by in found.items()}
    assert ids == {
        "s3": {CopyState.MISSING: [("oempro", "oempro-2026-11-22_02-00-00")]},
        "local": {CopyState.CORRUPT: [("oempro", "oempro-2026-11-23_02-00-00")]},
    }
    assert catalog.standing.suspect("oempro-2026-11-22_02-00-00") == "half"
    assert catalog.standing.suspect("none") == ""
    assert catalog.standing.storages_of_degraded_runs() == {"offsite"}


def test_lost_copies_come_with_the_time_when_they_were_found_so(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)
    catalog.set_copy_state(backup.backup_id, "local", CopyState.MISSING, at=START + 5 * DAY)

    lost = [("oempro", backup.backup_id, START + 5 * DAY)]
    assert catalog.standing.lost_copies() == {"local": {CopyState.MISSING: lost}}
