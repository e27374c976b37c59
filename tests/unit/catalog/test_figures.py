"""The catalog in figures."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState, Tier
from octeth_backupd.domain.figures import CopyFigures, PendingFigures, StepFigures
from octeth_backupd.domain.holdings import Proof, ProofLevel
from tests.fakes.catalog_values import START, make_backup, make_run, make_slot, make_step

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.figures import CatalogFigures

OWN = "11111111-2222-3333-4444-555555555555"
DAY = timedelta(days=1)
UNTIL = START + 30 * DAY


def _read(catalog: Catalog) -> CatalogFigures:
    catalog.installations.set_own(OWN)
    return catalog.stock.figures.read(("oempro", "other"), until=UNTIL)


def test_an_empty_catalog_counts_nothing(catalog: Catalog) -> None:
    found = _read(catalog)

    assert (found.good, found.good_of_tier, found.ended, found.runs) == ({}, {}, {}, {})
    assert (found.slots, found.copies, found.pending, found.holds) == ({}, {}, {}, {})
    assert found.size_bytes > 0


def test_the_newest_good_backup_counts_and_one_that_is_suspect_or_missing_does_not(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(taken_at=START, archive_bytes=7, data_bytes=21))
    catalog.add_backup(make_backup(taken_at=START + DAY, suspect="tiny"))
    catalog.add_backup(make_backup(taken_at=START + 2 * DAY, copies={"local": CopyState.MISSING}))

    found = _read(catalog)

    good = found.good["oempro"]
    assert (good.taken_at, good.archive_bytes, good.data_bytes) == (START, 7, 21)
    assert found.good_of_tier == {("oempro", Tier.DAILY): START}


def test_a_backup_of_several_tiers_is_the_newest_of_each(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(taken_at=START, tiers=frozenset({Tier.DAILY, Tier.WEEKLY})))
    catalog.add_backup(make_backup(taken_at=START + DAY, tiers=frozenset({Tier.DAILY})))

    assert _read(catalog).good_of_tier == {
        ("oempro", Tier.DAILY): START + DAY,
        ("oempro", Tier.WEEKLY): START,
    }


def test_backups_of_other_installations_are_none_of_ours(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(installation_id="somebody else's"))

    found = _read(catalog)

    assert (found.good, found.good_of_tier) == ({}, {})


def test_backups_of_an_adopted_installation_are_ours(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(installation_id="the lost host's"))
    catalog.installations.adopt("the lost host's", by="root", at=START)

    found = _read(catalog)

    assert (found.good["oempro"].taken_at, found.good_of_tier) == (START, {("oempro", Tier.DAILY): START})


def test_what_a_wrong_clock_dated_in_the_future_is_the_newest_of_nothing(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(taken_at=START))
    catalog.add_backup(make_backup(taken_at=UNTIL + DAY))
    for name, at, status in (("run-1", START, RunStatus.FAILED), ("run-2", UNTIL + DAY, RunStatus.SUCCESS)):
        catalog.add_run(make_run(name, at, status=status, started_at=at, finished_at=at))

    found = _read(catalog)

    assert (found.good["oempro"].taken_at, found.good_of_tier) == (START, {("oempro", Tier.DAILY): START})
    assert found.ended["oempro"].run_id == "run-1"


def test_when_its_time_has_come_it_counts_and_no_longer_when_the_clock_is_set_back(catalog: Catalog) -> None:
    catalog.installations.set_own(OWN)
    catalog.add_backup(make_backup(taken_at=START))
    catalog.add_backup(make_backup(taken_at=START + DAY))
    figures = catalog.stock.figures

    newest = [
        figures.read(("oempro",), until=START + hours * DAY / 24).good["oempro"].taken_at - START
        for hours in (0, 23, 24, 48, 1)
    ]

    assert newest == [0 * DAY, 0 * DAY, DAY, DAY, 0 * DAY]


def test_the_newest_ended_backup_run_counts_with_its_steps(catalog: Catalog) -> None:
    minute = timedelta(minutes=1)
    for number, (operation, status) in enumerate(
        [
            (Operation.BACKUP, RunStatus.SUCCESS),
            (Operation.BACKUP, RunStatus.FAILED),
            (Operation.BACKUP, RunStatus.SKIPPED),
            (Operation.UPLOAD, RunStatus.SUCCESS),
            (Operation.BACKUP, RunStatus.RUNNING),
        ]
    ):
        at = START + number * DAY
        is_over = status is not RunStatus.RUNNING
        catalog.add_run(
            make_run(
                f"run-{number}",
                at,
                operation=operation,
                status=status,
                started_at=at,
                finished_at=at + 4 * minute if is_over else None,
            )
        )
    catalog.add_step(
        make_step(
            "run-1",
            1,
            name="archive",
            status=RunStatus.FAILED,
            started_at=START,
            finished_at=START + minute,
            detail={"duration_seconds": 59.5, "done_bytes": 12},
        )
    )

    found = _read(catalog)

    ended = found.ended["oempro"]
    assert (ended.run_id, ended.status, ended.duration_seconds) == ("run-1", RunStatus.FAILED, 240.0)
    assert ended.steps == (StepFigures(name="archive", duration_seconds=59.5, done_bytes=12),)
    assert found.runs == {
        ("oempro", Operation.BACKUP, RunStatus.SUCCESS): 1,
        ("oempro", Operation.BACKUP, RunStatus.FAILED): 1,
        ("oempro", Operation.BACKUP, RunStatus.SKIPPED): 1,
        ("oempro", Operation.UPLOAD, RunStatus.SUCCESS): 1,
    }


def test_runs_that_belong_to_no_server_are_counted(catalog: Catalog) -> None:
    catalog.add_run(make_run(server="", operation=Operation.SYNC, status=RunStatus.SUCCESS))

    assert _read(catalog).runs == {("", Operation.SYNC, RunStatus.SUCCESS): 1}


def test_slots_are_counted_by_what_became_of_them(catalog: Catalog) -> None:
    catalog.add_slots(
        [make_slot(START + n * DAY, state=state) for n, state in enumerate((SlotState.MISSED,) * 2 + (SlotState.DUE,))]
    )

    assert _read(catalog).slots == {
        ("oempro", Tier.DAILY, SlotState.MISSED): 2,
        ("oempro", Tier.DAILY, SlotState.DUE): 1,
    }


def test_copies_are_summed_and_the_oldest_that_waits_is_known(catalog: Catalog) -> None:
    for day, state in enumerate((CopyState.PENDING, CopyState.UPLOADING, CopyState.PRESENT, CopyState.DELETED)):
        catalog.add_backup(make_backup(taken_at=START + day * DAY, copies={"local": CopyState.PRESENT, "s3": state}))

    found = _read(catalog)

    assert found.copies["oempro", Tier.DAILY, "local", CopyState.PRESENT] == CopyFigures(count=4, size_bytes=8000)
    assert {state for _, _, storage, state in found.copies if storage == "s3"} == {
        CopyState.PENDING,
        CopyState.UPLOADING,
        CopyState.PRESENT,
    }
    assert found.pending == {
        ("oempro", "s3"): PendingFigures(count=2, size_bytes=4000, since=START + timedelta(minutes=3))
    }


def test_open_holds_and_what_a_server_proved_are_counted(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)
    catalog.holdings.begin_hold("oempro", reason="tiny", backup_id=backup.backup_id, protected=(), at=START)
    for level, at in ((ProofLevel.READ_BACK, START), (ProofLevel.STARTED, START), (ProofLevel.STARTED, START + DAY)):
        catalog.holdings.add_proof(Proof(backup_id=backup.backup_id, level=level, storage="", proven_at=at))

    found = _read(catalog)

    assert found.holds == {"oempro": 1}
    assert found.proven == {("oempro", ProofLevel.STARTED): START + DAY}


def test_nothing_is_asked_again_until_something_changes(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog.installations.set_own(OWN)
    rows = catalog.stock.figures
    asked: list[object] = []
    read = rows._read

    def noted(state: tuple[int, tuple[str, ...]], until: datetime) -> object:
        asked.append(state)
        return read(state, until)

    monkeypatch.setattr(rows, "_read", noted)

    rows.read(("oempro",), until=UNTIL)
    rows.read(("oempro",), until=UNTIL + DAY)
    assert len(asked) == 1
    catalog.add_backup(make_backup())

    assert rows.read(("oempro",), until=UNTIL + DAY).good["oempro"].taken_at == START
    assert len(asked) == 2
    rows.read(("oempro", "other"), until=UNTIL + DAY)
    assert len(asked) == 3
