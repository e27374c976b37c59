"""An archive is read from the best copy, and from the next one when that turns out to be bad."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Origin
from octeth_backupd.domain.events import StepProgress, Warned
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.errors import BackupdError, CancelledError, SpaceError, StorageError, VerificationError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore.archive_choice import choose_archive
from octeth_backupd.pipeline.restore.fetch import Fetch, open_archive
from tests.fakes.catalog_values import make_backup, make_copy
from tests.fakes.installation import INSTALLATION
from tests.fakes.unsteady_storage import UnsteadyStorage

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.backup import Copy
    from octeth_backupd.pipeline.restore.fetch import Fetched
    from tests.fakes.bench import Bench

FILES = {"ibdata1": os.urandom(300_000), "shop/orders.ibd": b"orders"}


def _archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in FILES.items():
            info = tarfile.TarInfo(f"octeth-backup-2026-11-22_02-00-00/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), 1)


ARCHIVE = _archive()
FLIPPED = bytes([*ARCHIVE[:150_000], ARCHIVE[150_000] ^ 1, *ARCHIVE[150_001:]])
OTHER = gzip.compress(gzip.decompress(ARCHIVE), 9)
"""Unpacks to the same files, and is another archive."""


class Fetching:
    """A backup with a copy on this host and two elsewhere, and an empty directory."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.directory = bench.directory / "staged"
        self.directory.mkdir()
        self.s3 = UnsteadyStorage("s3")
        self.far = UnsteadyStorage("tape")
        self.parts = bench.parts(storages=(bench.storage, self.s3, self.far))
        self.context = bench.context()
        self.backup = make_backup(
            archive_name="octeth-backup-2026-11-22_02-00-00.tar.gz",
            sha256=hashlib.sha256(ARCHIVE).hexdigest(),
            manifest={},
        )
        key = "oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.gz"
        copies = tuple(
            make_copy(self.backup.backup_id, storage, key=key, size_bytes=len(ARCHIVE))
            for storage in ("local", "s3", "tape")
        )
        self.backup = replace(self.backup, copies=copies)
        self.key = key
        self.local = bench.backups / key
        self.local.parent.mkdir(parents=True)
        self.local.write_bytes(ARCHIVE)
        self.s3.files[key] = self.far.files[key] = ARCHIVE

    def enter(self, **changes: object) -> None:
        self.backup = replace(self.backup, **changes)  # type: ignore[arg-type]
        self.bench.catalog.add_backup(self.backup)

    def prepare(self, *, force: bool = False, only: str = "") -> Fetch:
        if not self.bench.catalog.backup_id_exists(self.backup.backup_id):
            self.enter()
        order = RestoreOrder(backup_id=self.backup.backup_id, force=True)
        archive, refusals = choose_archive(order, self.parts, only=only)
        assert archive is not None, refusals
        return Fetch(self.context, self.parts, archive, backup_id=self.backup.backup_id, force=force, only=only)

    def unpack(self, fetch: Fetch) -> Fetched:
        programs = Programs(self.parts, installation_id=INSTALLATION, run_id=self.context.run.run_id)
        return fetch.unpack(self.directory, programs, guard=lambda: None)

    def files(self) -> dict[str, bytes]:
        found = [path for path in self.directory.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.directory)): path.read_bytes() for path in found}

    def copy(self, storage: str) -> Copy:
        copies = self.bench.catalog.backup(self.backup.backup_id).copies
        return next(copy for copy in copies if copy.storage == storage)

    def states(self) -> dict[str, CopyState]:
        return {copy.storage: copy.state for copy in self.bench.catalog.backup(self.backup.backup_id).copies}

    def warnings(self) -> list[str]:
        return [event.message for event in self.bench.events if isinstance(event, Warned)]


ALL_PRESENT = {"local": CopyState.PRESENT, "s3": CopyState.PRESENT, "tape": CopyState.PRESENT}


@pytest.fixture
def fetching(bench: Bench) -> Fetching:
    return Fetching(bench)


def test_a_copy_on_this_host_is_read_and_no_other_storage_is_asked(fetching: Fetching) -> None:
    fetch = fetching.prepare()

    fetched = fetching.unpack(fetch)

    assert fetching.files() == FILES
    assert (fetched.archive.storage, fetched.sha256, fetched.is_confirmed) == ("local", fetching.backup.sha256, True)
    assert (fetch.is_whole, fetch.notes) == (True, ())
    assert fetching.s3.asked == fetching.far.asked == []


def test_a_remote_copy_is_read_once_from_its_storage_with_progress_and_no_copy_of_it(fetching: Fetching) -> None:
    fetching.local.unlink()
    before = set(fetching.bench.directory.rglob("*"))

    fetched = fetching.unpack(fetching.prepare())

    assert fetching.files() == FILES
    assert fetched.archive.storage == "s3"
    assert fetching.s3.asked == [f"stat {fetching.key}", f"open {fetching.key}"]
    assert set(fetching.bench.directory.rglob("*")) - before == set(fetching.directory.rglob("*"))
    last = [event for event in fetching.bench.events if isinstance(event, StepProgress)][-1]
    assert (last.done_bytes, last.total_bytes) == (len(ARCHIVE), len(ARCHIVE))


@pytest.mark.parametrize("content", [FLIPPED, OTHER], ids=["a flipped byte", "another archive"])
def test_a_damaged_copy_is_known_as_such_and_the_next_one_is_read(fetching: Fetching, content: bytes) -> None:
    fetching.local.write_bytes(content)
    fetching.enter(
        copies=tuple(replace(c, size_bytes=len(content)) if c.storage == "local" else c for c in fetching.backup.copies)
    )
    fetch = fetching.prepare()

    fetched = fetching.unpack(fetch)

    assert fetching.files() == FILES
    assert fetched.archive.storage == "s3"
    assert fetching.states() == ALL_PRESENT | {"local": CopyState.CORRUPT}
    [note] = fetch.notes
    assert note.startswith("the copy in local was passed over: ")
    assert fetching.warnings() == [f"{note}; the one in s3 is read instead"]
    assert fetching.copy("local").detail in note


def test_a_copy_whose_storage_breaks_off_is_passed_over_and_nothing_is_held_against_it(fetching: Fetching) -> None:
    fetching.local.unlink()
    fetching.s3.breaks_after_bytes = 200_000
    fetch = fetching.prepare()

    fetched = fetching.unpack(fetch)

    assert fetching.files() == FILES
    assert fetched.archive.storage == "tape"
    assert fetching.states() == ALL_PRESENT
    assert "the connection was lost for good" in fetch.notes[0]


def test_a_copy_that_cannot_be_opened_any_more_is_passed_over(fetching: Fetching) -> None:
    fetch = fetching.prepare()
    fetching.local.unlink()

    assert fetching.unpack(fetch).archive.storage == "s3"
    assert fetching.states() == ALL_PRESENT


def test_a_damaged_copy_whose_rest_cannot_be_read_is_not_judged(fetching: Fetching) -> None:
    fetching.local.unlink()
    damaged = b"no gzip" + ARCHIVE[7:]
    fetching.s3.files[fetching.key] = damaged
    fetching.s3.breaks_after_bytes = len(damaged) - 1

    assert fetching.unpack(fetching.prepare()).archive.storage == "tape"
    assert fetching.states() == ALL_PRESENT


def test_when_no_copy_is_left_all_of_them_are_named(fetching: Fetching) -> None:
    fetching.local.write_bytes(FLIPPED)
    fetching.s3.breaks_after_bytes = 10
    fetching.far.is_away = True

    with pytest.raises(VerificationError) as caught:
        fetching.unpack(fetching.prepare())

    for words in ("local: ", "cannot be unpacked", "s3: the connection was lost", "tape cannot be read: tape does not"):
        assert words in caught.value.message


def test_when_all_that_is_left_cannot_be_reached_it_may_be_tried_again(fetching: Fetching) -> None:
    fetching.local.unlink()
    fetching.s3.breaks_after_bytes = fetching.far.breaks_after_bytes = 10

    with pytest.raises(StorageError, match=r"s3: the connection.*; tape: the connection") as caught:
        fetching.unpack(fetching.prepare())

    assert caught.value.retryable


def test_one_storage_that_was_named_is_the_only_one(fetching: Fetching) -> None:
    fetching.s3.breaks_after_bytes = 10

    with pytest.raises(StorageError, match=r"^the connection was lost for good$"):
        fetching.unpack(fetching.prepare(only="s3"))

    assert fetching.far.asked == []


def test_bytes_that_are_right_and_cannot_be_unpacked_are_no_fault_of_the_copy(fetching: Fetching) -> None:
    content = gzip.compress(b"no tar archive at all" * 1000)
    fetching.local.write_bytes(content)
    local, *others = fetching.backup.copies
    fetching.enter(
        sha256=hashlib.sha256(content).hexdigest(), copies=(replace(local, size_bytes=len(content)), *others)
    )
    fetch = fetching.prepare()

    with pytest.raises(VerificationError, match="cannot be unpacked"):
        fetching.unpack(fetch)

    assert fetch.is_whole
    assert fetching.states() == ALL_PRESENT
    assert fetching.s3.asked == []


def test_a_copy_that_was_doubted_and_is_whole_is_present_from_then_on(fetching: Fetching) -> None:
    local, *_ = fetching.backup.copies
    fetching.enter(copies=(replace(local, state=CopyState.CORRUPT, detail="was damaged"),))

    fetching.unpack(fetching.prepare())

    assert (fetching.copy("local").state, fetching.copy("local").detail) == (CopyState.PRESENT, "")
    assert fetching.copy("local").verified_at == fetching.bench.clock.now()


def test_with_force_a_better_copy_is_still_preferred_to_a_wrong_checksum(fetching: Fetching) -> None:
    fetching.local.write_bytes(OTHER)
    local, *others = fetching.backup.copies
    fetching.enter(copies=(replace(local, size_bytes=len(OTHER)), *others))

    fetched = fetching.unpack(fetching.prepare(force=True))

    assert (fetched.archive.storage, fetched.is_confirmed) == ("s3", True)


@pytest.mark.parametrize("others", ["none", "broken"])
def test_with_force_a_wrong_checksum_is_taken_when_nothing_better_is_there(fetching: Fetching, others: str) -> None:
    fetching.local.write_bytes(OTHER)
    local, *rest = fetching.backup.copies
    fetching.enter(copies=(replace(local, size_bytes=len(OTHER)), *(rest if others == "broken" else ())))
    fetching.s3.breaks_after_bytes = fetching.far.breaks_after_bytes = 100_000

    fetched = fetching.unpack(fetching.prepare(force=True))

    assert fetching.files() == FILES
    assert (fetched.archive.storage, fetched.is_confirmed) == ("local", False)
    assert fetched.sha256 == hashlib.sha256(OTHER).hexdigest()
    assert "restored all the same, as ordered" in fetching.warnings()[-1]


def test_a_checksum_that_nobody_knows_needs_force_and_is_told(fetching: Fetching) -> None:
    fetching.enter(sha256="", origin=Origin.LEGACY)

    with pytest.raises(VerificationError, match="nobody knows the checksum"):
        fetching.unpack(fetching.prepare())

    fetched = fetching.unpack(fetching.prepare(force=True))
    assert (fetched.is_confirmed, fetched.sha256) == (False, hashlib.sha256(ARCHIVE).hexdigest())
    assert "nobody knows its checksum" in fetching.warnings()[-1]


def test_a_full_disk_is_no_reason_to_read_another_copy(fetching: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = fetching.prepare()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)

    with pytest.raises(SpaceError):
        fetching.unpack(fetch)

    assert fetching.s3.asked == []


def test_a_cancelled_run_reads_no_other_copy(fetching: Fetching) -> None:
    fetch = fetching.prepare()
    fetching.context.cancellation.cancel()

    with pytest.raises(CancelledError):
        fetching.unpack(fetch)

    assert fetching.s3.asked == []
    assert fetching.states() == ALL_PRESENT


def test_a_cancelled_run_does_not_wait_for_a_network_that_does_not_answer(fetching: Fetching) -> None:
    fetch = fetching.prepare(only="s3")
    fetching.s3.hangs, fetching.s3.breaks_after_bytes = True, 1000

    def cancel() -> None:
        fetching.s3.is_waiting.wait()
        fetching.context.cancellation.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    with pytest.raises(CancelledError):
        fetching.unpack(fetch)

    assert fetching.states() == ALL_PRESENT


def test_a_file_outside_the_catalog_has_no_other_copy(fetching: Fetching, tmp_path: Path) -> None:
    path = tmp_path / "x.tar.gz"
    path.write_bytes(FLIPPED)
    path.with_name("x.tar.gz.sha256").write_text(f"{hashlib.sha256(ARCHIVE).hexdigest()}  x.tar.gz\n")
    archive, _ = choose_archive(RestoreOrder(archive=path), fetching.parts)
    assert archive is not None
    fetch = Fetch(fetching.context, fetching.parts, archive)

    with pytest.raises(VerificationError, match="cannot be unpacked"):
        fetching.unpack(fetch)

    assert not fetch.is_whole


def test_a_storage_that_is_not_configured_any_more_is_an_error_of_the_storage(fetching: Fetching) -> None:
    fetch = fetching.prepare()

    with (
        pytest.raises(BackupdError, match="names no storage 'local'"),
        open_archive(fetch.archive, fetching.bench.parts(storages=())),
    ):
        pass
