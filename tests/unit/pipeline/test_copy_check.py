"""One copy of a backup is read back."""

from __future__ import annotations

import gzip
import hashlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, Origin
from octeth_backupd.domain.events import StepProgress
from octeth_backupd.errors import CancelledError, StorageError
from octeth_backupd.pipeline.backup import back_up
from octeth_backupd.pipeline.copy_check import Finding, check_copy
from tests.fakes.catalog_values import make_backup, make_copy
from tests.fakes.runs import a_run
from tests.fakes.unsteady_storage import UnsteadyStorage

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from tests.fakes.bench import Bench

LEGACY = gzip.compress(b"whatever the bash tool packed" * 5000, mtime=0)
LEGACY_SHA256 = hashlib.sha256(LEGACY).hexdigest()


class Checked:
    """A remote copy of a backup."""

    def __init__(self, bench: Bench, backup: Backup, content: bytes) -> None:
        self.bench = bench
        self.backup = backup
        self.content = content
        self.storage = UnsteadyStorage("s3")
        self.copy = make_copy(backup.backup_id, "s3", size_bytes=len(content))
        self.storage.files[self.copy.key] = content

    def check(self) -> Finding:
        context = self.bench.context(a_run("verify-1", operation=Operation.VERIFY, backup_id=self.backup.backup_id))
        return check_copy(context, self.bench.parts(), self.backup, self.copy, self.storage)

    def put(self, content: bytes) -> None:
        self.storage.files[self.copy.key] = content


@pytest.fixture
def own(bench: Bench) -> Checked:
    """A copy of a backup with its manifest."""
    backup_id = back_up(bench.context(), bench.parts()).backup_id or ""
    return Checked(bench, bench.catalog.backup(backup_id), next(bench.backups.rglob("*.zst")).read_bytes())


def legacy(bench: Bench, *, sha256: str, content: bytes = LEGACY, name: str = "mysql_backup.tar.gz") -> Checked:
    backup = make_backup(manifest={}, sha256=sha256, origin=Origin.LEGACY, archive_name=name)
    return Checked(bench, backup, content)


def test_a_remote_copy_is_read_through_the_network_with_progress(own: Checked) -> None:
    finding = own.check()

    assert finding == Finding(state=CopyState.PRESENT, sha256=own.backup.sha256)
    assert finding.is_right
    assert own.storage.asked == [f"stat {own.copy.key}", f"open {own.copy.key}"]
    last = [event for event in own.bench.events if isinstance(event, StepProgress)][-1]
    assert (last.step, last.done_bytes, last.total_bytes) == ("verify s3", len(own.content), len(own.content))


def test_a_retained_copy_stays_one(own: Checked) -> None:
    own.copy = replace(own.copy, state=CopyState.RETAINED)

    assert own.check().state is CopyState.RETAINED


def test_a_copy_of_another_size_is_corrupt_and_not_fetched(own: Checked) -> None:
    own.put(own.content[:-1])

    finding = own.check()

    assert (finding.state, finding.is_right) == (CopyState.CORRUPT, False)
    assert finding.problem == f"it has {len(own.content) - 1} bytes, not {len(own.content)}"
    assert own.storage.asked == [f"stat {own.copy.key}"]


def test_a_flipped_byte_is_corrupt(own: Checked) -> None:
    middle = len(own.content) // 2
    own.put(own.content[:middle] + bytes([own.content[middle] ^ 1]) + own.content[middle + 1 :])

    assert own.check().state is CopyState.CORRUPT


def test_another_whole_archive_is_corrupt(own: Checked) -> None:
    own.backup = replace(own.backup, sha256="0" * 64)

    finding = own.check()

    assert (finding.state, finding.problem) == (
        CopyState.CORRUPT,
        f"its SHA-256 is {hashlib.sha256(own.content).hexdigest()}, not {'0' * 64}",
    )


def test_an_archive_that_holds_something_else_than_the_manifest_says_is_corrupt(own: Checked) -> None:
    manifest = dict(own.backup.manifest)
    manifest["archive"] = dict(manifest["archive"]) | {"listing_sha256": "0" * 64}
    own.backup = replace(own.backup, manifest=manifest)

    assert own.check().problem == "its listing is not the manifest's"


def test_what_is_not_there_is_missing(own: Checked) -> None:
    own.storage.files.clear()

    assert own.check().state is CopyState.MISSING


@pytest.mark.parametrize("trouble", ["away", "breaks off", "refused"])
def test_a_network_that_does_not_answer_says_nothing_about_the_copy(
    own: Checked, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    if trouble == "refused":

        def refuse(_key: str) -> None:
            raise StorageError("access denied")

        monkeypatch.setattr(own.storage, "stat", refuse)
    own.storage.is_away = trouble == "away"
    own.storage.breaks_after_bytes = 100 if trouble == "breaks off" else None

    finding = own.check()

    assert (finding.state, finding.is_right, finding.is_archived) == (None, False, False)
    assert finding.error is not None
    assert finding.problem == finding.error.message


def test_an_archived_copy_is_told_as_such(own: Checked) -> None:
    own.storage.archived.add(own.copy.key)

    finding = own.check()

    assert (finding.state, finding.is_archived) == (None, True)
    assert finding.error is not None
    assert finding.error.hint == "Bring it back first."


def test_a_disk_that_cannot_read_a_file_has_lost_it(bench: Bench, own: Checked) -> None:
    path = bench.backups / own.copy.key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir()
    context = bench.context(a_run("verify-2", operation=Operation.VERIFY, backup_id=own.backup.backup_id))

    finding = check_copy(context, bench.parts(), own.backup, own.copy, bench.storage)

    assert (finding.state, finding.error) == (CopyState.CORRUPT, None)


@pytest.mark.parametrize(
    ("sha256", "state"),
    [(hashlib.sha256(b"no gzip at all").hexdigest(), CopyState.PRESENT), (LEGACY_SHA256, CopyState.CORRUPT)],
)
def test_of_an_adopted_archive_only_the_checksum_is_compared(bench: Bench, sha256: str, state: CopyState) -> None:
    """It may hold what no archive of ours holds, and be what it always was."""
    assert legacy(bench, sha256=sha256, content=b"no gzip at all").check().state is state


def test_an_adopted_archive_without_checksum_is_decompressed_to_its_end_and_its_digest_told(bench: Bench) -> None:
    finding = legacy(bench, sha256="").check()

    assert finding == Finding(state=CopyState.PRESENT, sha256=LEGACY_SHA256, is_known=False)


def test_an_adopted_archive_without_checksum_that_cannot_be_decompressed_is_corrupt(bench: Bench) -> None:
    assert legacy(bench, sha256="", content=LEGACY[:-1]).check().state is CopyState.CORRUPT


def test_an_encrypted_archive_without_checksum_is_only_read(bench: Bench) -> None:
    finding = legacy(bench, sha256="", content=b"secret", name="mysql_backup.tar.gz.gpg").check()

    assert (finding.is_right, finding.is_known) == (True, False)


def test_a_cancelled_run_does_not_wait_for_a_network_that_does_not_answer(own: Checked) -> None:
    own.storage.hangs, own.storage.breaks_after_bytes = True, 10

    def cancel() -> None:
        own.storage.is_waiting.wait()
        own.bench.cancellation.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    with pytest.raises(CancelledError):
        own.check()


def test_a_cancelled_run_says_nothing(own: Checked) -> None:
    own.bench.cancellation.cancel()

    with pytest.raises(CancelledError):
        own.check()
