"""Sizes that are out of bounds make a backup suspect, they do not fail it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.evidence import FileEntry
from octeth_backupd.domain.postconditions.registry import evaluate
from octeth_backupd.domain.postconditions.size_bounds import SizeBounds
from octeth_backupd.domain.server import Tablespace
from octeth_backupd.domain.space import SizeHistory
from tests.unit.domain.postconditions.builder import MEBIBYTE, answer, good_evidence, with_prepared


def test_backup_of_half_the_data_is_suspect() -> None:
    evidence = with_prepared(good_evidence(), files={"shop/orders.ibd": FileEntry(size_bytes=0, space_id=5)})

    found = answer(evidence, "size_plausible", Stage.PREPARE)

    assert found.status is CheckStatus.WARNING
    assert "only 24 %" in found.summary


def test_backup_of_more_than_the_server_has_is_suspect() -> None:
    evidence = with_prepared(
        good_evidence(), files={"other/big.ibd": FileEntry(size_bytes=500 * MEBIBYTE, space_id=99)}
    )

    assert answer(evidence, "size_plausible", Stage.PREPARE).status is CheckStatus.WARNING


def test_redo_and_other_files_do_not_count_as_tablespaces() -> None:
    evidence = with_prepared(good_evidence(), files={"ib_logfile0": FileEntry(size_bytes=5000 * MEBIBYTE)})

    assert answer(evidence, "size_plausible", Stage.PREPARE).status is CheckStatus.PASSED


def test_tablespace_that_the_server_had_not_opened_is_not_compared() -> None:
    evidence = good_evidence()
    unopened = Tablespace(space_id=99, name="shop/big", size_bytes=0, discarded=True)
    before = replace(evidence.before, tablespaces=(*evidence.before.tablespaces, unopened))
    evidence = with_prepared(
        replace(evidence, before=before),
        files={"shop/big.ibd": FileEntry(size_bytes=500 * MEBIBYTE, space_id=99)},
    )

    assert answer(evidence, "size_plausible", Stage.PREPARE).status is CheckStatus.PASSED


@pytest.mark.parametrize(
    ("data_mebibytes", "archive_mebibytes", "reason"),
    [
        pytest.param(500, 190, "at the last good backup", id="most of the data vanished"),
        pytest.param(1, 1, "at the last good backup", id="the data multiplied"),
        pytest.param(53, 100, "leads to expect", id="the archive shrank, the data did not"),
    ],
)
def test_other_size_than_at_the_last_good_backup_is_suspect(
    data_mebibytes: int, archive_mebibytes: int, reason: str
) -> None:
    previous = SizeHistory(data_bytes=data_mebibytes * MEBIBYTE, archive_bytes=archive_mebibytes * MEBIBYTE)

    found = answer(replace(good_evidence(), previous=previous), "size_as_before", Stage.ARCHIVE)

    assert found.status is CheckStatus.WARNING
    assert reason in found.summary


@pytest.mark.parametrize("archive_mebibytes", [20, pytest.param(0, id="compressed by another algorithm")])
def test_same_size_as_before_is_not_suspect(archive_mebibytes: int) -> None:
    previous = SizeHistory(data_bytes=50 * MEBIBYTE, archive_bytes=archive_mebibytes * MEBIBYTE)

    found = answer(replace(good_evidence(), previous=previous), "size_as_before", Stage.ARCHIVE)

    assert found.status is CheckStatus.PASSED


def test_first_backup_is_compared_with_nothing() -> None:
    assert "size_as_before" not in {result.name for result in evaluate(good_evidence(), Stage.ARCHIVE)}


def test_bounds_are_those_of_the_settings() -> None:
    evidence = with_prepared(good_evidence(), files={"shop/orders.ibd": FileEntry(size_bytes=0, space_id=5)})
    lenient = replace(evidence, bounds=SizeBounds(lowest_percent=20))

    assert answer(lenient, "size_plausible", Stage.PREPARE).status is CheckStatus.PASSED
