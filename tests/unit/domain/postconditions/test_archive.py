"""The archive is the directory that was checked: written whole, read back the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from octeth_backupd.domain.backup import VerifyMode
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.evidence import Evidence
from octeth_backupd.domain.postconditions.registry import evaluate
from tests.unit.domain.postconditions.builder import TOP, answer, good_evidence


def _archived(**changes: Any) -> Evidence:
    evidence = good_evidence()
    assert evidence.archived is not None
    return replace(evidence, archived=replace(evidence.archived, **changes))


def _read_back(**changes: Any) -> Evidence:
    evidence = good_evidence()
    assert evidence.read_back is not None
    return replace(evidence, read_back=replace(evidence.read_back, **changes))


def _members() -> dict[str, int]:
    evidence = good_evidence()
    assert evidence.read_back is not None
    assert evidence.read_back.files is not None
    return dict(evidence.read_back.files)


@pytest.mark.parametrize("stages", [{"tar": 2, "zstd": 0}, {"tar": 0, "pigz": -9}, {}])
def test_failed_stage_of_the_pipe_is_found(stages: dict[str, int]) -> None:
    assert answer(_archived(stages=stages), "archive_pipe", Stage.ARCHIVE).status is CheckStatus.FAILED


def test_cut_stream_is_found() -> None:
    found = answer(_archived(archived_bytes=10240), "archive_written", Stage.ARCHIVE)

    assert found.status is CheckStatus.FAILED
    assert "10240 bytes went into" in found.summary


def test_empty_archive_is_found() -> None:
    assert answer(_archived(size_bytes=0), "archive_written", Stage.ARCHIVE).status is CheckStatus.FAILED


def test_other_bytes_read_back_are_found() -> None:
    assert answer(_read_back(sha256="cd" * 32), "archive_hash", Stage.READ_BACK).status is CheckStatus.FAILED


def test_shorter_file_read_back_is_found() -> None:
    found = answer(_read_back(size_bytes=5), "archive_hash", Stage.READ_BACK)

    assert found.status is CheckStatus.FAILED
    assert "read back with 5" in found.summary


def test_member_left_out_is_found() -> None:
    members = _members()
    del members[f"{TOP}/shop/orders.ibd"]

    found = answer(_read_back(files=members), "archive_listing", Stage.READ_BACK)

    assert found.status is CheckStatus.FAILED
    assert found.summary == "missing: shop/orders.ibd"


def test_member_too_many_is_found() -> None:
    found = answer(_read_back(files={**_members(), f"{TOP}/extra": 1}), "archive_listing", Stage.READ_BACK)

    assert found.summary == "not in the directory: extra"


def test_member_of_another_size_is_found() -> None:
    found = answer(_read_back(files={**_members(), f"{TOP}/ibdata1": 1}), "archive_listing", Stage.READ_BACK)

    assert found.summary == "of another size: ibdata1"


@pytest.mark.parametrize("path", ["/etc/passwd", "other/ibdata1", f"{TOP}2/ibdata1", TOP])
def test_member_outside_the_top_directory_is_found(path: str) -> None:
    found = answer(_read_back(files={**_members(), path: 1}), "archive_listing", Stage.READ_BACK)

    assert found.status is CheckStatus.FAILED
    assert path in found.summary


@pytest.mark.parametrize(
    ("verify", "asked"),
    [
        (VerifyMode.FULL, {"archive_hash", "archive_listing"}),
        (VerifyMode.HASH, {"archive_hash"}),
        (VerifyMode.NONE, set()),
    ],
)
def test_reading_back_is_asked_for_as_far_as_configured(verify: VerifyMode, asked: set[str]) -> None:
    evidence = replace(_read_back(files=None), verify=verify)

    results = evaluate(evidence, Stage.READ_BACK)

    assert {result.name for result in results} == asked


def test_listing_that_was_ordered_and_not_made_is_never_a_pass() -> None:
    assert answer(_read_back(files=None), "archive_listing", Stage.READ_BACK).status is CheckStatus.UNKNOWN
