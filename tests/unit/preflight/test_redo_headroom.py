"""Redo that is overwritten within a minute is a warning with the statement that enlarges the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import LsnPosition, Vendor, Version
from tests.unit.preflight.builder import facts, run, subject, survey

MEBIBYTE = 1 << 20


def _later(*, written_bytes: int, seconds: float) -> LsnPosition:
    first = facts().lsn
    assert first is not None
    return replace(
        first, current_lsn=first.current_lsn + written_bytes, taken_at=first.taken_at + timedelta(seconds=seconds)
    )


def _run(vendor: Vendor = Vendor.MARIADB, later: LsnPosition | None = None, **changes: Any) -> CheckResult:
    return run("redo_headroom", subject(survey=survey(facts=facts(vendor, **changes)), later_lsn=later))


def test_fast_writer_is_warned_of() -> None:
    result = _run(later=_later(written_bytes=20 * MEBIBYTE, seconds=10))

    assert result.status is CheckStatus.WARNING
    assert "2.0 MiB of redo a second and overwrites it after 50 seconds" in result.summary


def test_slow_writer_is_fine() -> None:
    assert _run(later=_later(written_bytes=10 * MEBIBYTE, seconds=10)).status is CheckStatus.PASSED


@pytest.mark.parametrize("seconds", [0, -5])
def test_clock_that_stood_still_or_jumped_gives_no_rate(seconds: float) -> None:
    assert _run(later=_later(written_bytes=999 * MEBIBYTE, seconds=seconds)).status is CheckStatus.PASSED


@pytest.mark.parametrize("capacity", [0, MEBIBYTE])
def test_unknown_or_tiny_capacity_is_a_warning(capacity: int) -> None:
    assert _run(redo_capacity_bytes=capacity).status is CheckStatus.WARNING


@pytest.mark.parametrize(
    ("vendor", "version", "command"),
    [
        (Vendor.MARIADB, (10, 11, 5), "SET GLOBAL innodb_log_file_size"),
        (Vendor.MARIADB, (10, 6, 5), "restart it"),
        (Vendor.MYSQL, (8, 0, 30), "SET PERSIST innodb_redo_log_capacity"),
        (Vendor.PERCONA, (8, 0, 29), "restart it"),
    ],
)
def test_command_is_the_releases_own(vendor: Vendor, version: tuple[int, int, int], command: str) -> None:
    major, minor, patch = version

    result = _run(vendor, redo_capacity_bytes=1, version=Version(major=major, minor=minor, patch=patch))

    assert command in result.command
