"""What every ``storage.base.Storage``, and the fake one, does the same. A subclass provides the fixture ``storage``."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import CancelledError, NotFoundError, StorageError
from octeth_backupd.process.cancellation import Cancellation

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.storage.base import Storage

KEY = "oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.zst"
CONTENT = b"archive" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NO_KEYS = [
    "",
    "/etc/passwd",
    "../outside",
    "oempro/../../outside",
    "oempro/./daily/x",
    "oempro//x",
    "oempro/",
    "oempro/.hidden",
    ".workspace/x",
    "oempro/daily/\0",
    "oempro/daily/a\nb",
    "oempro\\daily",
    "oempro/" + "x" * 241,
]


def _file(directory: Path, content: bytes = CONTENT) -> Path:
    path = directory / "finished"
    path.write_bytes(content)
    return path


def _put(storage: Storage, directory: Path, key: str = KEY) -> None:
    storage.put(_file(directory), key, sha256=SHA256, cancellation=Cancellation())


class StorageContract:
    """The suite."""

    def test_file_put_can_be_read_from_start_to_end(self, storage: Storage, tmp_path: Path) -> None:
        _put(storage, tmp_path)

        with storage.open(KEY) as file:
            first, rest, end = file.read(7), file.read(), file.read()

        assert (first, first + rest, end) == (b"archive", CONTENT, b"")

    def test_put_says_what_is_stored(self, storage: Storage, tmp_path: Path) -> None:
        stored = storage.put(_file(tmp_path), KEY, sha256=SHA256, cancellation=Cancellation())

        assert (stored.key, stored.size_bytes, stored.modified_at.tzinfo) == (KEY, len(CONTENT), UTC)
        assert storage.stat(KEY) == stored

    def test_file_written_where_the_backend_says_is_put_from_there(self, storage: Storage, tmp_path: Path) -> None:
        source = storage.staging_path(KEY) or tmp_path / "elsewhere"
        source.write_bytes(CONTENT)

        storage.put(source, KEY, sha256=SHA256, cancellation=Cancellation())

        with storage.open(KEY) as file:
            assert file.read() == CONTENT
        assert [file.key for file in storage.list()] == [KEY]

    def test_what_is_staged_is_not_there_yet(self, storage: Storage, tmp_path: Path) -> None:
        (storage.staging_path(KEY) or tmp_path / "elsewhere").write_bytes(CONTENT)

        assert list(storage.list()) == []
        with pytest.raises(NotFoundError):
            storage.stat(KEY)

    def test_put_never_replaces(self, storage: Storage, tmp_path: Path) -> None:
        _put(storage, tmp_path)
        other = _file(tmp_path, b"other")

        with pytest.raises(StorageError, match="exists"):
            storage.put(other, KEY, sha256=hashlib.sha256(b"other").hexdigest(), cancellation=Cancellation())

        assert storage.stat(KEY).size_bytes == len(CONTENT)

    def test_text_never_replaces(self, storage: Storage) -> None:
        storage.put_text(KEY, "first")

        with pytest.raises(StorageError, match="exists"):
            storage.put_text(KEY, "second")

        assert storage.read_text(KEY) == "first"

    def test_copied_file_with_another_digest_is_refused_and_not_there(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(StorageError):
            storage.put(_file(tmp_path, b"changed"), KEY, sha256=SHA256, cancellation=Cancellation())

        assert list(storage.list()) == []

    def test_cancelled_put_ends_with_the_reason_and_leaves_nothing(self, storage: Storage, tmp_path: Path) -> None:
        cancellation = Cancellation()
        cancellation.cancel(CancelledError("by the test"))

        with pytest.raises(CancelledError, match="by the test"):
            storage.put(_file(tmp_path), KEY, sha256=SHA256, cancellation=cancellation)

        assert list(storage.list()) == []

    def test_put_can_be_repeated_after_a_refusal(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(StorageError):
            storage.put(_file(tmp_path, b"changed"), KEY, sha256=SHA256, cancellation=Cancellation())

        _put(storage, tmp_path)

        assert storage.stat(KEY).size_bytes == len(CONTENT)

    def test_progress_of_a_put_only_grows_and_ends_with_the_size(self, storage: Storage, tmp_path: Path) -> None:
        seen: list[int] = []

        storage.put(_file(tmp_path), KEY, sha256=SHA256, cancellation=Cancellation(), on_progress=seen.append)

        assert seen == sorted(seen)
        assert seen[-1] == len(CONTENT)

    def test_source_that_cannot_be_read_leaves_nothing(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(StorageError):
            storage.put(tmp_path / "missing", KEY, sha256=SHA256, cancellation=Cancellation())

        assert list(storage.list()) == []

    def test_text_replaced_is_the_new_one(self, storage: Storage) -> None:
        storage.replace_text("oempro/state.json", "first, and longer")
        storage.replace_text("oempro/state.json", "second")

        assert storage.read_text("oempro/state.json") == "second"
        assert [file.key for file in storage.list()] == ["oempro/state.json"]

    def test_reader_says_where_it_is(self, storage: Storage, tmp_path: Path) -> None:
        _put(storage, tmp_path)

        with storage.open(KEY) as file:
            file.read(10)
            position = file.tell()
            rest = file.read()

        assert (position, rest) == (10, CONTENT[10:])

    def test_empty_file_can_be_kept_and_read(self, storage: Storage, tmp_path: Path) -> None:
        storage.put(_file(tmp_path, b""), KEY, sha256=hashlib.sha256(b"").hexdigest(), cancellation=Cancellation())

        with storage.open(KEY) as file:
            assert file.read() == b""

    def test_file_is_neither_archived_nor_retained_unless_somebody_wanted_that(
        self, storage: Storage, tmp_path: Path
    ) -> None:
        _put(storage, tmp_path)

        assert (storage.stat(KEY).is_archived, storage.stat(KEY).retained_until) == (False, None)

    def test_nothing_is_unfinished_after_a_put(self, storage: Storage, tmp_path: Path) -> None:
        _put(storage, tmp_path)

        assert list(storage.unfinished()) == []

    def test_diagnosis_of_what_works_passes_every_step_and_leaves_nothing(self, storage: Storage) -> None:
        results = storage.diagnose()

        assert results
        assert [result for result in results if result.status in (CheckStatus.FAILED, CheckStatus.UNKNOWN)] == []
        assert all(storage.name in result.summary for result in results)
        assert list(storage.list()) == []

    def test_text_comes_back_as_it_was(self, storage: Storage) -> None:
        storage.put_text("oempro/daily/manifest.json", "größer\n")

        assert storage.read_text("oempro/daily/manifest.json") == "größer\n"

    def test_bytes_that_are_no_text_are_refused_as_text(self, storage: Storage, tmp_path: Path) -> None:
        content = b"\xff\xfe\x00"
        storage.put(
            _file(tmp_path, content), KEY, sha256=hashlib.sha256(content).hexdigest(), cancellation=Cancellation()
        )

        with pytest.raises(StorageError, match="UTF-8"):
            storage.read_text(KEY)

    def test_missing_key_is_not_found(self, storage: Storage) -> None:
        with pytest.raises(NotFoundError):
            storage.stat(KEY)
        with pytest.raises(NotFoundError):
            storage.read_text(KEY)
        with pytest.raises(NotFoundError), storage.open(KEY):
            pass

    def test_files_are_listed_in_the_order_of_their_keys(self, storage: Storage) -> None:
        keys = ["b/daily/1", "a/daily/2", "a-b/daily/1", "a/daily-x/1", "a/daily/10", "a.b/x"]
        for key in keys:
            storage.put_text(key, key)

        assert [file.key for file in storage.list()] == sorted(keys)

    @pytest.mark.parametrize("prefix", ["a", "a/", "a/da", "a/daily/", "a/daily/2", "a/daily/2/x", "c", "../", "/"])
    def test_list_holds_exactly_the_keys_that_begin_so(self, storage: Storage, prefix: str) -> None:
        keys = ["a/daily/1", "a/daily/2", "a/dark/1", "a-b/x", "b/x"]
        for key in keys:
            storage.put_text(key, "")

        assert [file.key for file in storage.list(prefix)] == sorted(key for key in keys if key.startswith(prefix))

    def test_deleted_file_is_gone_and_deleting_again_is_no_error(self, storage: Storage) -> None:
        storage.put_text(KEY, "x")

        storage.delete(KEY)
        storage.delete(KEY)

        assert list(storage.list()) == []

    def test_discarding_what_is_unfinished_leaves_the_finished_file(self, storage: Storage) -> None:
        storage.put_text(KEY, "whole")

        storage.discard_unfinished(KEY)
        storage.discard_unfinished("oempro/daily/never-begun.json")

        assert storage.read_text(KEY) == "whole"

    def test_key_can_be_used_again_after_it_was_deleted(self, storage: Storage) -> None:
        storage.put_text(KEY, "first")
        storage.delete(KEY)

        storage.put_text(KEY, "second")

        assert storage.read_text(KEY) == "second"

    @pytest.mark.parametrize("key", NO_KEYS)
    def test_what_is_no_key_is_refused_everywhere(self, storage: Storage, tmp_path: Path, key: str) -> None:
        source = _file(tmp_path)

        for use in (
            lambda: storage.staging_path(key),
            lambda: storage.put(source, key, sha256=SHA256, cancellation=Cancellation()),
            lambda: storage.put_text(key, "x"),
            lambda: storage.replace_text(key, "x"),
            lambda: storage.read_text(key),
            lambda: storage.open(key).__enter__(),
            lambda: storage.stat(key),
            lambda: storage.delete(key),
            lambda: storage.discard_unfinished(key),
        ):
            with pytest.raises(StorageError, match="not a key"):
                use()

    def test_check_leaves_nothing(self, storage: Storage, tmp_path: Path) -> None:
        before = sorted(tmp_path.rglob("*"))

        storage.check()

        assert list(storage.list()) == []
        assert sorted(tmp_path.rglob("*")) == before
