"""Storing: three files everywhere, or none anywhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.events import Warned
from octeth_backupd.domain.postconditions.evidence import Archived
from octeth_backupd.errors import CancelledError, StorageError
from octeth_backupd.pipeline.archive_step import Archive
from octeth_backupd.pipeline.store_step import free_keys, store
from tests.fakes.manifests import make_manifest
from tests.fakes.runs import RecordedContext, a_run
from tests.fakes.storage import MemoryStorage

if TYPE_CHECKING:
    from pathlib import Path

NAME = "octeth-backup-2026-11-22_02-00-00.tar.zst"
CONTENT = b"an archive"
RUN = a_run(tiers=frozenset({Tier.WEEKLY, Tier.DAILY}))


class Failing(MemoryStorage):
    """Refuses one call: the name of a method, or ``put_text .json``."""

    def __init__(self, name: str, refused: str, error: BaseException | None = None) -> None:
        super().__init__(name)
        self.refused = refused.split()
        self.error = error or StorageError("connection reset")

    def put_text(self, key: str, text: str) -> None:
        if self.refused[0] == "put_text" and key.endswith(self.refused[1]):
            if self.refused[-1] == "late":
                super().put_text(key, text)
            raise self.error
        super().put_text(key, text)

    def delete(self, key: str) -> None:
        if self.refused[-1] == "delete":
            raise StorageError("access denied")
        super().delete(key)


def _archive(tmp_path: Path) -> Archive:
    path = tmp_path / "staged"
    path.write_bytes(CONTENT)
    return Archive(
        path=path,
        name=NAME,
        facts=Archived(
            stages={}, sha256=hashlib.sha256(CONTENT).hexdigest(), size_bytes=len(CONTENT), top_directory="top"
        ),
    )


def _store(tmp_path: Path, *storages: MemoryStorage, recorded: RecordedContext | None = None) -> None:
    keys = free_keys(storages, RUN, NAME)
    context = (recorded or RecordedContext(RUN)).context
    store(context, storages, _archive(tmp_path), make_manifest(), keys)


def test_the_three_files_lie_under_the_highest_tier_the_manifest_last(tmp_path: Path) -> None:
    memory = MemoryStorage()

    _store(tmp_path, memory)

    key = f"oempro/weekly/{NAME}"
    assert list(memory.files) == [key, f"{key}.sha256", f"{key}.json"]
    assert memory.files[key] == CONTENT
    assert memory.files[f"{key}.sha256"].decode() == f"{hashlib.sha256(CONTENT).hexdigest()}  {NAME}\n"


@pytest.mark.parametrize("suffix", ["", ".sha256", ".json"])
def test_a_key_that_is_taken_is_refused(suffix: str) -> None:
    memory = MemoryStorage()
    memory.put_text(f"oempro/weekly/{NAME}{suffix}", "somebody else's")

    with pytest.raises(StorageError, match=r"holds .* already"):
        free_keys([MemoryStorage("empty"), memory], RUN, NAME)


@pytest.mark.parametrize("refused", ["put_text .sha256", "put_text .json", "put_text .json late"])
def test_what_was_stored_before_a_failure_is_taken_back_everywhere(tmp_path: Path, refused: str) -> None:
    first, second = MemoryStorage("first"), Failing("second", refused)

    with pytest.raises(StorageError, match="connection reset"):
        _store(tmp_path, first, second)

    assert (first.files, second.files) == ({}, {})


def test_an_archive_that_appeared_under_the_key_meanwhile_is_not_deleted(tmp_path: Path) -> None:
    memory = MemoryStorage()
    keys = free_keys([memory], RUN, NAME)
    memory.put_text(keys.archive, "somebody else's")

    with pytest.raises(StorageError):
        store(RecordedContext(RUN).context, [memory], _archive(tmp_path), make_manifest(), keys)

    assert memory.files == {keys.archive: b"somebody else's"}


def test_what_cannot_be_taken_back_is_told_and_does_not_hide_the_reason(tmp_path: Path) -> None:
    recorded = RecordedContext(RUN)

    with pytest.raises(StorageError, match="connection reset"):
        _store(tmp_path, Failing("remote", "put_text .json delete"), recorded=recorded)

    (warned,) = recorded.events
    assert isinstance(warned, Warned)
    assert warned.message.startswith("remote: oempro/weekly/")
    assert "access denied" in warned.message


def test_a_cancelled_run_stores_nothing(tmp_path: Path) -> None:
    memory, recorded = MemoryStorage(), RecordedContext(RUN)
    recorded.context.cancellation.cancel()

    with pytest.raises(CancelledError):
        _store(tmp_path, memory, recorded=recorded)

    assert memory.files == {}


def test_a_cancel_between_archive_and_manifest_takes_the_archive_back(tmp_path: Path) -> None:
    recorded = RecordedContext(RUN)

    class CancelledMeanwhile(MemoryStorage):
        def put_text(self, key: str, text: str) -> None:
            super().put_text(key, text)
            recorded.context.cancellation.cancel()

    memory = CancelledMeanwhile()

    with pytest.raises(CancelledError):
        _store(tmp_path, memory, recorded=recorded)

    assert memory.files == {}
