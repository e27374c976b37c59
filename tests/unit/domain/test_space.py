"""Space is counted per device, and no file system is pushed over its limits."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from octeth_backupd.domain.backup import Mode
from octeth_backupd.domain.space import (
    BACKUPS_ROLE,
    GIB,
    SERVER_ROLE,
    WORKSPACE_ROLE,
    FileSystem,
    Requirement,
    SizeHistory,
    SpacePolicy,
    expected_archive_bytes,
    format_bytes,
    guard_verdict,
    requirement,
    shortages,
)

POLICY = SpacePolicy()


def file_system(
    role: str, *, device: int = 1, free_gib: float = 100, used_percent: float = 0, path: str = ""
) -> FileSystem:
    return FileSystem(
        role=role, path=path or f"/{role}", device=device, free_bytes=int(free_gib * GIB), used_percent=used_percent
    )


def test_prepared_backup_needs_data_and_a_fifth_and_five_gib() -> None:
    required = requirement(mode=Mode.PREPARED, data_bytes=10 * GIB, policy=POLICY)

    assert required.workspace_bytes == 17 * GIB
    assert required.archive_bytes == 5 * GIB


def test_streamed_backup_needs_no_workspace() -> None:
    assert requirement(mode=Mode.STREAMED, data_bytes=10 * GIB, policy=POLICY).workspace_bytes == 0


def test_archive_is_expected_to_compress_as_the_last_one_did() -> None:
    last = SizeHistory(data_bytes=8 * GIB, archive_bytes=GIB)

    assert expected_archive_bytes(16 * GIB, last) == 2 * GIB


def test_history_without_sizes_is_none() -> None:
    assert expected_archive_bytes(10, SizeHistory(data_bytes=0, archive_bytes=0)) == 5


def test_workspace_and_archive_on_one_device_are_summed() -> None:
    places = (file_system(WORKSPACE_ROLE, free_gib=20), file_system(BACKUPS_ROLE, free_gib=20))
    required = Requirement(workspace_bytes=12 * GIB, archive_bytes=6 * GIB)

    (short,) = shortages(required, places, POLICY)

    assert short.needed_bytes == 18 * GIB
    assert short.roles == (WORKSPACE_ROLE, BACKUPS_ROLE)


def test_the_same_on_two_devices_fits() -> None:
    places = (file_system(WORKSPACE_ROLE, device=1, free_gib=20), file_system(BACKUPS_ROLE, device=2, free_gib=20))
    required = Requirement(workspace_bytes=12 * GIB, archive_bytes=6 * GIB)

    assert shortages(required, places, POLICY) == ()


def test_percentage_counts_what_the_backup_will_write() -> None:
    place = file_system(WORKSPACE_ROLE, free_gib=40, used_percent=60)

    (short,) = shortages(Requirement(workspace_bytes=30 * GIB, archive_bytes=0), (place,), POLICY)

    assert "at most 85 %" in short.limit
    assert short.missing_bytes == pytest.approx(5 * GIB, rel=0.01)


def test_exactly_the_limit_is_allowed() -> None:
    place = file_system(WORKSPACE_ROLE, free_gib=40, used_percent=60)

    assert shortages(Requirement(workspace_bytes=25 * GIB, archive_bytes=0), (place,), POLICY) == ()


def test_reserve_is_kept_where_the_percentage_would_allow_more() -> None:
    place = file_system(WORKSPACE_ROLE, free_gib=4)
    policy = SpacePolicy(max_disk_usage_percent=100, min_free_bytes=2 * GIB)

    (short,) = shortages(Requirement(workspace_bytes=3 * GIB, archive_bytes=0), (place,), policy)

    assert short.missing_bytes == GIB
    assert "at least 2.0 GiB must stay free" in short.limit


def test_full_disk_is_short_by_all_that_is_needed() -> None:
    place = file_system(WORKSPACE_ROLE, free_gib=0, used_percent=100)

    (short,) = shortages(Requirement(workspace_bytes=GIB, archive_bytes=0), (place,), POLICY)

    assert short.missing_bytes == 2 * GIB


def test_percentage_does_not_deny_backups_to_a_server_on_a_full_disk_of_its_own() -> None:
    places = (file_system(WORKSPACE_ROLE, device=1), file_system(SERVER_ROLE, device=2, free_gib=10, used_percent=95))

    assert shortages(Requirement(workspace_bytes=GIB, archive_bytes=0), places, POLICY) == ()
    assert guard_verdict(places, POLICY) is None


def test_percentage_holds_where_server_and_workspace_share_a_disk() -> None:
    places = (file_system(WORKSPACE_ROLE, used_percent=90), file_system(SERVER_ROLE, used_percent=90))

    assert guard_verdict(places, POLICY) is not None


def test_guard_stops_when_the_reserve_of_the_servers_own_disk_is_reached() -> None:
    places = (file_system(WORKSPACE_ROLE, device=1), file_system(SERVER_ROLE, device=2, free_gib=0.5))

    verdict = guard_verdict(places, POLICY)

    assert verdict == "the file system of /server (server) has 512.0 MiB left: at least 1.0 GiB must stay free"


def test_guard_is_silent_within_the_limits() -> None:
    assert guard_verdict((file_system(WORKSPACE_ROLE, used_percent=84),), POLICY) is None


@dataclass(frozen=True)
class _Measured:
    free: int = 60
    used_percent: float = 40.0
    device: int = 7


def test_place_takes_what_was_measured() -> None:
    place = FileSystem.of(WORKSPACE_ROLE, "/w", _Measured())

    assert place.device == 7
    assert place.usable_bytes == 100
    assert place.used_percent_after(10) == 50


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 * GIB // 2, "1.5 GiB"), (2048 * GIB, "2.0 TiB")],
)
def test_sizes_are_shown_in_binary_units(count: int, text: str) -> None:
    assert format_bytes(count) == text
