"""Lost copies are one problem until another one is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.lost_sets import LostSets
from octeth_backupd.domain.backup import CopyState
from tests.fakes.catalog_values import START, make_backup

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

MISSING, PRESENT = CopyState.MISSING, CopyState.PRESENT


class Bucket:
    """A bucket with three backups of one server."""

    def __init__(self, bench: Bench) -> None:
        self.catalog = bench.catalog
        self.backups = [make_backup(taken_at=START - timedelta(days=day), copies={"s3": PRESENT}) for day in range(3)]
        for backup in self.backups:
            self.catalog.add_backup(backup)

    def name(self, *lost: int) -> str:
        """Return the name when these are lost, as a daemon sees it that was just started."""
        for number, backup in enumerate(self.backups):
            state = MISSING if number in lost else PRESENT
            self.catalog.set_copy_state(backup.backup_id, "s3", state, at=START)
        return next((one.name for one in LostSets(self.catalog).look().get("s3", {}).values()), "")


@pytest.fixture
def bucket(bench: Bench) -> Bucket:
    """All copies are there."""
    return Bucket(bench)


def test_copies_that_are_mended_are_no_news(bucket: Bucket) -> None:
    first = bucket.name(0, 1, 2)

    assert first.startswith("3-")
    assert bucket.name(0, 1, 2) == first
    assert bucket.name(1) == first


def test_one_that_is_lost_while_another_is_mended_is_news(bucket: Bucket) -> None:
    assert bucket.name(0) != bucket.name(1)


def test_one_that_was_mended_and_is_lost_again_is_news(bucket: Bucket) -> None:
    first = bucket.name(0, 1)
    bucket.name(0)

    assert bucket.name(0, 1) != first


def test_nothing_is_remembered_of_what_is_mended(bucket: Bucket) -> None:
    first = bucket.name(0)

    assert bucket.name() == ""
    assert bucket.name(0) == first


def test_copies_are_lost_since_the_first_of_them_was_found_so(bucket: Bucket) -> None:
    for number in (0, 1):
        found_at = START + timedelta(days=number)
        bucket.catalog.set_copy_state(bucket.backups[number].backup_id, "s3", MISSING, at=found_at)

    [lost] = LostSets(bucket.catalog).look()["s3"].values()

    assert lost.since == START
    assert len(lost.backups) == 2
