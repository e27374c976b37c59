"""Names of backups, files and keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octeth_backupd.domain.backup import Mode, Tier
from octeth_backupd.domain.names import (
    ArchiveName,
    archive_name,
    backup_id,
    checksum_name,
    checksum_text,
    contested_key,
    is_safe_file_name,
    is_safe_name,
    manifest_name,
    parse_archive_name,
    storage_key,
)

AT = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)
ANY_TIME = st.builds(
    lambda microseconds, minutes: (AT + timedelta(microseconds=microseconds)).astimezone(
        timezone(timedelta(minutes=minutes))
    ),
    st.integers(-(10**15), 10**15),
    st.integers(-14 * 60, 14 * 60),
)
COMPRESSIONS = st.sampled_from(["", ".zst", ".gz", ".lz4"])
ENCRYPTIONS = st.sampled_from(["", ".age", ".gpg"])


@pytest.mark.parametrize(
    ("mode", "compression", "encryption", "name"),
    [
        (Mode.PREPARED, ".zst", "", "octeth-backup-2026-11-22_02-00-00.tar.zst"),
        (Mode.PREPARED, ".gz", "", "octeth-backup-2026-11-22_02-00-00.tar.gz"),
        (Mode.PREPARED, "", "", "octeth-backup-2026-11-22_02-00-00.tar"),
        (Mode.PREPARED, ".zst", ".age", "octeth-backup-2026-11-22_02-00-00.tar.zst.age"),
        (Mode.STREAMED, ".zst", "", "octeth-backup-2026-11-22_02-00-00.xbstream.zst"),
    ],
)
def test_archive_is_named_by_time_mode_and_suffixes(mode: Mode, compression: str, encryption: str, name: str) -> None:
    assert archive_name(AT, mode, compression, encryption) == name


def test_times_in_names_are_utc() -> None:
    local = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert archive_name(local) == archive_name(AT)
    assert backup_id("oempro", local) == "oempro-2026-11-22_02-00-00"


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        backup_id("oempro", AT.replace(tzinfo=None))


@given(ANY_TIME, st.sampled_from(Mode), COMPRESSIONS, ENCRYPTIONS)
def test_every_archive_name_can_be_read_again(at: datetime, mode: Mode, compression: str, encryption: str) -> None:
    parsed = parse_archive_name(archive_name(at, mode, compression, encryption))

    assert parsed == ArchiveName(
        taken_at=at.astimezone(UTC).replace(microsecond=0),
        mode=mode,
        compression_suffix=compression,
        encryption_suffix=encryption,
    )


@given(ANY_TIME, st.sampled_from(Mode), COMPRESSIONS)
def test_every_name_of_ours_is_safe_as_a_file_and_in_a_key(at: datetime, mode: Mode, compression: str) -> None:
    name = archive_name(at, mode, compression)

    for file in (name, checksum_name(name), manifest_name(name)):
        assert is_safe_file_name(file)
        assert storage_key("oempro", Tier.DAILY, file) == f"oempro/daily/{file}"


@pytest.mark.parametrize(
    "name",
    [
        "octeth-backup-2026-11-22_02-00-00.tar.zst.sha256",
        "octeth-backup-2026-11-22_02-00-00.tar.zst.json",
        ".octeth-backup-2026-11-22_02-00-00.tar.zst.partial",
        "octeth-backup-2026-13-22_02-00-00.tar.zst",
        "octeth-backup-2026-02-30_02-00-00.tar",
        "octeth-backup-2026-11-22_02-00-00.zip",
        "octeth-backup-2026-11-22_02-00-00",
        "octeth-backup-\uff12026-11-22_02-00-00.tar",
        "octeth-backup-2026-11-22_02-00-00.tar.zst\n",
        "x/octeth-backup-2026-11-22_02-00-00.tar.zst",
        "mysql-2026-11-22.tar.gz",
        "",
    ],
)
def test_what_is_no_archive_is_not_read_as_one(name: str) -> None:
    assert parse_archive_name(name) is None


@given(st.text())
def test_reading_any_text_as_a_name_never_fails(text: str) -> None:
    parsed = parse_archive_name(text)

    assert parsed is None or str(parsed) == text


def test_archive_has_one_top_directory_named_like_it() -> None:
    parsed = parse_archive_name("octeth-backup-2026-11-22_02-00-00.tar.zst.age")

    assert parsed is not None
    assert parsed.top_directory == "octeth-backup-2026-11-22_02-00-00"


def test_checksum_is_written_as_sha256sum_reads_it() -> None:
    assert checksum_text("ab" * 32, "x.tar") == f"{'ab' * 32}  x.tar\n"


@pytest.mark.parametrize("name", ["oempro", "a", "DB-1", "db_1.example.com", "0", "x" * 63])
def test_usual_server_names_are_safe(name: str) -> None:
    assert is_safe_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".hidden",
        "-option",
        "a..b",
        "a/b",
        "a b",
        "a\n",
        "ä",
        "x" * 64,
        "latest",
        "daily",
        "weekly",
        "monthly",
        "manual",
    ],
)
def test_names_that_could_mean_something_else_are_not_safe(name: str) -> None:
    assert not is_safe_name(name)


@given(st.text())
def test_safe_names_are_one_part_of_a_path(text: str) -> None:
    if is_safe_name(text) or is_safe_file_name(text):
        assert PurePosixPath("/root", text).parent == PurePosixPath("/root")
        assert text not in {".", ".."}
        assert "\0" not in text


@pytest.mark.parametrize(
    ("server", "name"),
    [("../x", "a.tar"), ("daily", "a.tar"), ("oempro", "../a.tar"), ("oempro", ".a.partial"), ("oempro", "")],
)
def test_key_of_unsafe_names_is_refused(server: str, name: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        storage_key(server, Tier.DAILY, name)


def test_an_archive_whose_key_another_installation_has_goes_beside_under_ours() -> None:
    key = contested_key("oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.zst", "0123456789abcdef" * 2)

    assert key == "oempro/daily/01234567/octeth-backup-2026-11-22_02-00-00.tar.zst"


@pytest.mark.parametrize("installation_id", ["", "../../..", ".hidden-"])
def test_what_is_no_installation_id_makes_no_key(installation_id: str) -> None:
    with pytest.raises(ValueError, match="not an installation id"):
        contested_key("oempro/daily/a", installation_id)
