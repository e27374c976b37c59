"""domain.restore.archives."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.archives import archive_format_of, engine_of, is_prepared
from octeth_backupd.domain.restore.plan import ArchiveFormat
from octeth_backupd.errors import InvalidRequestError, MetadataError, VerificationError

CHECKPOINTS = "backup_type = {}\nfrom_lsn = {}\nto_lsn = 900\nlast_lsn = 1200\n"


@pytest.mark.parametrize(
    ("name", "archive_format", "suffix"),
    [
        ("octeth-backup-2026-11-22_02-00-00.tar.zst", ArchiveFormat.TAR, ".zst"),
        ("octeth-backup-2026-11-22_02-00-00.tar.gz", ArchiveFormat.TAR, ".gz"),
        ("old.tgz", ArchiveFormat.TAR, ".gz"),
        ("by-hand.tar.lz4", ArchiveFormat.TAR, ".lz4"),
        ("by-hand.tar", ArchiveFormat.TAR, ""),
        ("octeth-backup-2026-11-22_02-00-00.xbstream.gz", ArchiveFormat.XBSTREAM, ".gz"),
        ("a.xbstream.zst", ArchiveFormat.XBSTREAM, ".zst"),
        ("a.xbstream.lz4", ArchiveFormat.XBSTREAM, ".lz4"),
        ("a.xbstream", ArchiveFormat.XBSTREAM, ""),
    ],
)
def test_name_says_what_is_inside_and_how_it_is_compressed(
    name: str, archive_format: ArchiveFormat, suffix: str
) -> None:
    assert archive_format_of(name) == (archive_format, suffix)


@pytest.mark.parametrize("name", ["backup.zip", "backup.sql.gz", "backup.gz", "", ".tar.gz", "a.tar.gz.sha256"])
def test_other_names_are_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        archive_format_of(name)

    assert ".xbstream.gz" in caught.value.hint
    assert "decrypt" not in caught.value.hint


def test_encrypted_archive_is_refused_in_words_of_its_own() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        archive_format_of("a.tar.zst.age")

    assert "decrypt it first" in caught.value.hint


@pytest.mark.parametrize(
    ("engine", "backup_type", "prepared"),
    [
        ("xtrabackup", "full-backuped", False),
        ("xtrabackup", "log-applied", False),
        ("xtrabackup", "full-prepared", True),
        ("mariadb-backup", "full-backuped", False),
        ("mariadb-backup", "log-applied", True),
    ],
)
def test_the_same_word_means_different_states(engine: str, backup_type: str, prepared: bool) -> None:
    assert is_prepared(CHECKPOINTS.format(backup_type, 0), engine_name=engine) is prepared


@pytest.mark.parametrize(("backup_type", "from_lsn"), [("incremental", 700), ("full-backuped", 700)])
def test_incremental_backup_is_refused(backup_type: str, from_lsn: int) -> None:
    with pytest.raises(VerificationError, match="no full backup"):
        is_prepared(CHECKPOINTS.format(backup_type, from_lsn), engine_name="xtrabackup")


def test_malformed_checkpoints_are_an_error() -> None:
    with pytest.raises(MetadataError):
        is_prepared("nothing", engine_name="xtrabackup")


@pytest.mark.parametrize(
    ("info", "engine"),
    [
        ({"tool_name": "mariadb-backup", "server_version": "10.11.19-MariaDB"}, "mariadb-backup"),
        ({"tool_name": "mariabackup", "server_version": "10.3.1"}, "mariadb-backup"),
        ({"tool_version": "10.11.19-MariaDB"}, "mariadb-backup"),
        ({"tool_name": "xtrabackup", "server_version": "8.0.36"}, "xtrabackup"),
        ({"server_version": "8.4.2-2"}, "xtrabackup"),
    ],
)
def test_the_engine_that_made_it_is_told_by_its_info_file(info: dict[str, str], engine: str) -> None:
    assert engine_of(info) == engine
