"""Finding and reading archives."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.legacy.adoption import ArchiveState, Found
from octeth_backupd.domain.legacy.archive_names import USUAL_FORMAT, USUAL_PREFIX, LegacyNames
from octeth_backupd.errors import StorageError
from octeth_backupd.importing.archives import examine, scan
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage.base import StoredFile
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage
from tests.fakes.storage import MemoryStorage
from tests.unit.importing.build import CHECKPOINTS, INFO, NAME, host_runner, put, tar_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.storage.base import Storage

NAMES = LegacyNames.of(USUAL_PREFIX, USUAL_FORMAT)
UTC_ZONE = ZoneInfo("UTC")
WRITTEN = datetime(2025, 1, 15, tzinfo=UTC)
STREAM = NAME.replace(".tar.gz", ".xbstream.gz")


def _local(root: Path) -> LocalStorage:
    return LocalStorage(BackupDirectory(root, fstab=root / "no-fstab"))


def _examined(storage: Storage) -> list[Found]:
    candidates = scan(storage, NAMES, UTC_ZONE).candidates
    return [examine(one, host_runner(), Cancellation(), lambda _: None) for one in candidates]


def test_archives_of_the_three_directories_are_found_and_nothing_else(tmp_path: Path) -> None:
    for key in (
        f"daily/{NAME}",
        f"weekly/{STREAM}",
        "daily/other.tar.gz",
        f"daily/deeper/{NAME}",
        f"oempro/daily/{NAME}",
    ):
        put(tmp_path, key, b"")
    (tmp_path / "monthly").mkdir()
    (tmp_path / f"monthly/{NAME}.sha256").write_text("")

    found = scan(_local(tmp_path), NAMES, UTC_ZONE)

    assert [(one.file.key, one.tier) for one in found.candidates] == [
        (f"daily/{NAME}", Tier.DAILY),
        (f"weekly/{STREAM}", Tier.WEEKLY),
    ]
    assert {note.subject for note in found.notes} == {
        "local: daily/other.tar.gz",
        f"local: daily/deeper/{NAME}",
        f"local: monthly/{NAME}.sha256",
    }


def test_time_is_the_names_and_not_the_files(tmp_path: Path) -> None:
    put(tmp_path, f"daily/{NAME}", b"")

    [one] = scan(_local(tmp_path), NAMES, ZoneInfo("Europe/Berlin")).candidates

    assert one.taken_at == datetime(2025, 1, 15, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "checksum", "state"),
    [
        (tar_bytes(), "right", ArchiveState.VERIFIED),
        (tar_bytes(), None, ArchiveState.UNVERIFIED),
        (tar_bytes(), "ab" * 32, ArchiveState.BAD),
        (tar_bytes(), "no digest", ArchiveState.UNVERIFIED),
        (b"", "right", ArchiveState.BAD),
        (gzip.compress(b"", mtime=0), "right", ArchiveState.BAD),
        (tar_bytes()[:-30], "right", ArchiveState.BAD),
        (tar_bytes()[:-30], None, ArchiveState.PARTIAL),
        (b"", None, ArchiveState.PARTIAL),
        (tar_bytes(checkpoints="nonsense"), "right", ArchiveState.BAD),
        (b"x" * 500, "right", ArchiveState.BAD),
    ],
)
def test_tar_archive_is_judged_by_reading_all_of_it(
    tmp_path: Path, content: bytes, checksum: str | None, state: ArchiveState
) -> None:
    put(tmp_path, f"daily/{NAME}", content, checksum=checksum)

    [found] = _examined(_local(tmp_path))

    assert found.state is state


@pytest.mark.parametrize("length", [511, 512, 513, 1024])
def test_files_within_are_read_whatever_their_length(tmp_path: Path, length: int) -> None:
    info = INFO + "comment = ".ljust(length - len(INFO) - 1, "y") + "\n"
    checkpoints = CHECKPOINTS + " " * (512 - len(CHECKPOINTS) - 1) + "\n"
    put(tmp_path, f"daily/{NAME}", tar_bytes(info=info, checkpoints=checkpoints))

    [found] = _examined(_local(tmp_path))

    assert (len(info), len(checkpoints)) == (length, 512)
    assert found.state is ArchiveState.VERIFIED
    assert (found.facts.is_prepared, found.facts.server_version) == (True, "8.0.36")
    assert found.facts.data_bytes == 6000 + length + 512


def test_unprepared_tar_says_so(tmp_path: Path) -> None:
    put(tmp_path, f"daily/{NAME}", tar_bytes(checkpoints=CHECKPOINTS.replace("prepared", "backuped")))

    [found] = _examined(_local(tmp_path))

    assert (found.state, found.facts.is_prepared) == (ArchiveState.VERIFIED, False)


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (gzip.compress(b"XBSTCK01" + b"x" * 500, mtime=0), ArchiveState.VERIFIED),
        (gzip.compress(b"x" * 50_000, mtime=0)[:-9], ArchiveState.BAD),
        (gzip.compress(b"", mtime=0) + gzip.compress(b"", mtime=0), ArchiveState.BAD),
    ],
)
def test_xbstream_is_decompressed_and_not_looked_into(tmp_path: Path, content: bytes, state: ArchiveState) -> None:
    put(tmp_path, f"daily/{STREAM}", content)

    [found] = _examined(_local(tmp_path))

    assert (found.state, found.facts.is_prepared, found.facts.engine) == (state, False, "")


class _Slashes(MemoryStorage):
    """Shows what the old upload wrote with an empty prefix; the contract's keys begin with no slash."""

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        for key in sorted(self.files):
            if key.startswith(prefix):
                yield StoredFile(
                    key=key, size_bytes=len(self.files[key]), modified_at=datetime(2025, 1, 15, tzinfo=UTC)
                )


class _Frozen(MemoryStorage):
    """Everything is in a class of storage that must be brought back first."""

    def read_text(self, key: str) -> str:
        raise StorageError(f"{key} is archived")


def _remote(**files: bytes) -> MemoryStorage:
    storage = MemoryStorage("s3", is_remote=True)
    storage.files.update(files)
    return storage


def test_remote_archives_are_not_fetched() -> None:
    digest = "ab" * 32
    storage = _remote(**{f"weekly/{NAME}": b"x" * 100, f"weekly/{NAME}.sha256": f"{digest}  {NAME}\n".encode()})
    storage.archived.add(f"weekly/{NAME}")

    [found] = _examined(storage)

    assert (found.state, found.checksum, found.facts.sha256) == (ArchiveState.UNREAD, digest, "")


def test_keys_with_a_leading_slash_are_found_too() -> None:
    storage = _Slashes("s3", is_remote=True)
    storage.files[f"/weekly/{NAME}"] = b"x" * 100
    storage.files[f"clickhouse/weekly/{NAME}"] = b"x"

    assert [one.file.key for one in scan(storage, NAMES, UTC_ZONE).candidates] == [f"/weekly/{NAME}"]


def test_remote_archive_of_nothing_is_no_backup() -> None:
    [found] = _examined(_remote(**{f"weekly/{NAME}": b"", f"weekly/{NAME}.sha256": b"ab" * 32}))

    assert found.state is ArchiveState.BAD


def test_remote_checksum_that_cannot_be_read_now_is_no_reason_against_it() -> None:
    storage = _Frozen("s3", is_remote=True)
    storage.files |= {f"weekly/{NAME}": b"x" * 100, f"weekly/{NAME}.sha256": b"ab" * 32}

    [found] = _examined(storage)

    assert (found.state, found.checksum) == (ArchiveState.UNREAD, "")
