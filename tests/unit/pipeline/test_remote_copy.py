"""A backup's files in a shared storage backend: what is its own is completed, nothing else is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.names import checksum_text
from octeth_backupd.errors import CancelledError, StorageError
from octeth_backupd.pipeline.remote_copy import Delivery, deliver, missing_of
from octeth_backupd.process.cancellation import Cancellation
from tests.fakes.installation import INSTALLATION
from tests.fakes.uploads import GONE, Remote, add_waiting_backup, waiting_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.storage.base import StoredFile
    from tests.fakes.bench import Bench

CONTENT = b"an archive"
KEY = "oempro/weekly/octeth-backup-2026-11-22_02-00-00.tar.zst"
OURS = f"oempro/weekly/{INSTALLATION[:8]}/octeth-backup-2026-11-22_02-00-00.tar.zst"
SUFFIXES = ("", ".sha256", ".json")


class Sent:
    """A backup on its way to a storage backend."""

    def __init__(self, bench: Bench) -> None:
        self.backup: Backup = add_waiting_backup(bench, content=CONTENT)
        self.source = bench.backups / KEY
        self.remote = Remote()
        self.cancellation = Cancellation()
        self.keys: list[str] = []
        self.progress: list[int] = []

    def send(self) -> str:
        return deliver(
            self.remote,
            Delivery(backup=self.backup, source=self.source, key=KEY, installation_id=INSTALLATION),
            cancellation=self.cancellation,
            on_key=self.keys.append,
            on_progress=self.progress.append,
        )

    def own(self, suffix: str) -> str:
        """Return what belongs under the archive's key with this suffix, as text."""
        return {
            "": CONTENT.decode(),
            ".sha256": checksum_text(self.backup.sha256, self.backup.archive_name),
            ".json": waiting_manifest(content=CONTENT).to_json_text(),
        }[suffix]


@pytest.fixture
def sent(bench: Bench) -> Sent:
    """Nothing is there yet."""
    return Sent(bench)


def test_the_archive_comes_first_and_the_manifest_last(sent: Sent) -> None:
    key = sent.send()

    assert key == KEY
    assert list(sent.remote.files) == [KEY, f"{KEY}.sha256", f"{KEY}.json"]
    assert {suffix: sent.remote.files[KEY + suffix].decode() for suffix in SUFFIXES} == {
        suffix: sent.own(suffix) for suffix in SUFFIXES
    }
    assert (sent.keys, sent.progress[-1]) == ([KEY], len(CONTENT))


@pytest.mark.parametrize("present", [("",), ("", ".sha256"), (".sha256",), SUFFIXES, (".json",)])
def test_what_an_earlier_attempt_left_is_completed(sent: Sent, present: tuple[str, ...]) -> None:
    puts: list[str] = []
    sent.remote.while_putting = puts.append
    for suffix in present:
        sent.remote.files[KEY + suffix] = sent.own(suffix).encode()

    assert sent.send() == KEY
    assert sorted(sent.remote.files) == sorted(KEY + suffix for suffix in SUFFIXES)
    assert puts == ([] if "" in present else [KEY])


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("", b"of another size"),
        ("", CONTENT[::-1]),
        (".sha256", b"somebody else's"),
        (".json", b"not a manifest"),
        (
            ".json",
            waiting_manifest(content=CONTENT).model_copy(update={"installation_id": "f" * 32}).to_json_text().encode(),
        ),
    ],
)
def test_what_is_not_this_backups_stays_and_the_copy_goes_beside(sent: Sent, suffix: str, content: bytes) -> None:
    sent.remote.files[KEY + suffix] = content

    key = sent.send()

    assert (key, sent.keys) == (OURS, [OURS])
    assert sent.remote.files.pop(KEY + suffix) == content
    assert sorted(sent.remote.files) == sorted(OURS + one for one in SUFFIXES)


def test_another_installation_that_was_quicker_is_left_alone(sent: Sent) -> None:
    def other(key: str) -> None:
        if key == KEY:
            sent.remote.files.update({KEY: b"theirs", f"{KEY}.json": b"{}"})

    sent.remote.while_putting = other

    key = sent.send()

    assert (key, sent.keys) == (OURS, [KEY, OURS])
    assert sent.remote.files[KEY] == b"theirs"


def test_when_both_places_are_taken_the_copy_is_refused(sent: Sent) -> None:
    sent.remote.files.update({KEY: b"theirs", OURS: b"whose?"})

    with pytest.raises(StorageError, match="hold something that is not this backup"):
        sent.send()

    assert sent.remote.files == {KEY: b"theirs", OURS: b"whose?"}


@pytest.mark.parametrize("retryable", [True, False])
def test_a_storage_that_fails_is_told_as_it_is(sent: Sent, retryable: bool) -> None:
    sent.remote.put_failure = StorageError("no", retryable=retryable)

    with pytest.raises(StorageError, match=r"^no$"):
        sent.send()

    assert sent.remote.files == {}


def test_a_cancel_before_the_manifest_leaves_no_backup_and_one_after_it_comes_too_late(sent: Sent) -> None:
    sent.remote.while_putting = lambda _key: None
    put_text = sent.remote.put_text

    def cancelled(key: str, text: str) -> None:
        put_text(key, text)
        sent.cancellation.cancel()

    sent.remote.put_text = cancelled  # type: ignore[method-assign]
    with pytest.raises(CancelledError):
        sent.send()
    assert f"{KEY}.json" not in sent.remote.files

    sent.cancellation = Cancellation()
    assert sent.send() == KEY


def test_a_copy_is_missing_when_its_archive_or_its_manifest_is(sent: Sent) -> None:
    sent.send()
    copy = next(copy for copy in sent.backup.copies if copy.storage == "s3")
    whole = dict(sent.remote.files)

    answers = []
    for change in ({}, {KEY: b""}, {KEY: None}, {f"{KEY}.json": None}):
        sent.remote.files = {key: value for key, value in {**whole, **change}.items() if value is not None}
        answers.append(missing_of(sent.remote, copy))
    sent.remote.failure = GONE

    assert answers == [
        "",
        "its archive has 0 bytes, not 10",
        "its archive is not there any more",
        "its manifest is not there any more",
    ]
    with pytest.raises(StorageError):
        missing_of(sent.remote, copy)


class SlowClass(Remote):
    """A storage backend whose archives cannot be read at once; the same content once more counts as put."""

    def put(self, source: Path, key: str, **how: Any) -> StoredFile:
        if self.files.get(key) == source.read_bytes():
            return self.stat(key)
        return super().put(source, key, **how)


@pytest.mark.parametrize(("content", "key"), [(CONTENT, KEY), (CONTENT[::-1], OURS)], ids=["as it is", "another"])
def test_an_archive_in_a_slow_class_that_nothing_vouches_for_is_not_read_but_compared_by_the_storage(
    sent: Sent, content: bytes, key: str
) -> None:
    sent.remote = SlowClass()
    sent.remote.files[KEY] = content
    sent.remote.archived.add(KEY)

    assert sent.send() == key
    assert {f"{key}.json", f"{key}.sha256"} <= set(sent.remote.files)
    assert sent.remote.files[KEY] == content
