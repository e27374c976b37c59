"""Lost copies are said in the status until somebody has done something about them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.daemon.lost_copies import lost_copy_warnings
from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.sync.vanished import vanished_detail
from tests.fakes.catalog_values import START, make_backup

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def test_lost_copies_are_counted_by_storage_and_by_what_is_wrong(bench: Bench) -> None:
    states = [
        {"local": CopyState.PRESENT, "s3": CopyState.MISSING},
        {"local": CopyState.CORRUPT, "s3": CopyState.MISSING},
    ]
    for days, copies in enumerate(states):
        bench.catalog.add_backup(make_backup(taken_at=START + timedelta(days=days), copies=copies))

    warnings = lost_copy_warnings(bench.catalog)
    damaged, missing = warnings.values()

    assert list(warnings) == ["lost:local:corrupt", "lost:s3:missing"]
    assert damaged.startswith("1 copy is damaged in local: ")
    assert missing.startswith("2 copies are missing in s3: ")


def test_where_nothing_is_lost_nothing_is_said(bench: Bench) -> None:
    bench.catalog.add_backup(make_backup(copies={"local": CopyState.DELETED, "s3": CopyState.PENDING}))

    assert lost_copy_warnings(bench.catalog) == {}


def test_where_a_whole_tree_is_gone_its_disk_is_asked_for(bench: Bench) -> None:
    bench.catalog.add_backup(make_backup(copies={"local": CopyState.PRESENT}))
    [copy] = bench.catalog.copies_in({CopyState.PRESENT})
    detail = vanished_detail("nothing is in /backups")
    bench.catalog.set_copy_state(copy.backup_id, "local", CopyState.MISSING, START, detail=detail)

    [missing] = lost_copy_warnings(bench.catalog).values()

    assert missing.startswith("1 copy is missing in local (nothing is in /backups: is its disk mounted?): ")
