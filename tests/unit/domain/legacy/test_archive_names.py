"""Names of the bash tool's archives."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from octeth_backupd.domain.legacy.archive_names import USUAL_FORMAT, USUAL_PREFIX, LegacyNames
from octeth_backupd.errors import InvalidRequestError

BERLIN = ZoneInfo("Europe/Berlin")
USUAL = LegacyNames.of(USUAL_PREFIX, USUAL_FORMAT)


@pytest.mark.parametrize("suffix", ["tar.gz", "xbstream.gz"])
def test_local_time_in_the_name_becomes_utc(suffix: str) -> None:
    found = USUAL.time_in(f"octeth-backup-2025-01-15_02-00-00.{suffix}", BERLIN)

    assert found == (datetime(2025, 1, 15, 1, 0, tzinfo=UTC), "")


@pytest.mark.parametrize(
    "name",
    [
        "octeth-backup-2025-01-15_02-00-00.tar.zst",
        "octeth-backup-2025-01-15_02-00-00.tar.gz.sha256",
        "octeth-ch-backup-2025-01-15_02-00-00.tar.gz",
        "octeth-backup-2025-13-15_02-00-00.tar.gz",
        "octeth-backup-2025-01-15.tar.gz",
        "x-octeth-backup-2025-01-15_02-00-00.tar.gz",
        "innodb_backup_2025-01-15_02-00-00.xbstream.gz",
    ],
)
def test_other_names_are_none(name: str) -> None:
    assert USUAL.time_in(name, BERLIN) is None


def test_hour_that_came_twice_is_the_first_and_doubted() -> None:
    found = USUAL.time_in("octeth-backup-2025-10-26_02-30-00.tar.gz", BERLIN)

    assert found is not None
    assert found[0] == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert "twice" in found[1]


def test_hour_that_never_came_is_doubted() -> None:
    found = USUAL.time_in("octeth-backup-2025-03-30_02-30-00.tar.gz", BERLIN)

    assert found is not None
    assert "never" in found[1]


def test_prefix_and_format_of_backup_conf_are_followed() -> None:
    names = LegacyNames.of("db.x", "%Y%m%dT%H%M")

    found = names.time_in("db.x-20250115T0200.tar.gz", ZoneInfo("UTC"))

    assert found == (datetime(2025, 1, 15, 2, 0, tzinfo=UTC), "")
    assert names.time_in("dbbx-20250115T0200.tar.gz", ZoneInfo("UTC")) is None


@pytest.mark.parametrize("date_format", ["%Y-%m-%d", "%s", "%F_%T", "%Y-%m-%d_%H-%M-%S_%Y", ""])
def test_format_that_names_no_moment_is_refused(date_format: str) -> None:
    with pytest.raises(InvalidRequestError, match="DATE_FORMAT"):
        LegacyNames.of("octeth-backup", date_format)
