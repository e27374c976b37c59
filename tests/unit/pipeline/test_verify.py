"""The operation "verify"."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.compression.zstd import ZstdCompressor
from octeth_backupd.domain.backup import CopyState, Operation, Origin, RunStatus
from octeth_backupd.domain.events import StepProgress, StepStarted
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.restore.order import VerifyOrder
from octeth_backupd.errors import CancelledError, NotFoundError, StorageError, VerificationError
from octeth_backupd.pipeline.archive_step import write_archive
from octeth_backupd.pipeline.backup import back_up
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.verify import verify_backup
from tests.fakes.catalog_values import make_backup, make_copy
from tests.fakes.runs import a_run
from tests.fakes.unsteady_storage import UnsteadyStorage

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.backup import Copy
    from octeth_backupd.pipeline.result import RunResult
    from tests.fakes.bench import Bench


class Taken:
    """A backup that was taken, and what became of its copy."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.backup_id = back_up(bench.context(), bench.parts()).backup_id or ""
        self.archive: Path = next(bench.backups.rglob("*.zst"))
        bench.clock.go(3600)

    def copy(self) -> Copy:
        (copy,) = self._bench.catalog.backup(self.backup_id).copies
        return copy

    def verify(self, run_id: str = "verify-1") -> RunResult:
        run = a_run(run_id, operation=Operation.VERIFY, backup_id=self.backup_id)
        return verify_backup(self._bench.context(run), self._bench.parts())


@pytest.fixture
def taken(bench: Bench) -> Taken:
    """A good backup, an hour old."""
    return Taken(bench)


def test_a_good_copy_is_verified_from_now_on(bench: Bench, taken: Taken) -> None:
    result = taken.verify()

    assert (result.status, result.backup_id) == (RunStatus.SUCCESS, taken.backup_id)
    assert result.detail == {"verified_bytes": taken.archive.stat().st_size}
    assert (taken.copy().state, taken.copy().verified_at) == (CopyState.PRESENT, bench.clock.now())


@pytest.mark.parametrize(("storage", "section"), [("s3", "[s3]"), ("offsite", "[storages.offsite]")])
def test_a_copy_out_of_reach_is_told_with_the_section_that_is_missing(
    bench: Bench, taken: Taken, storage: str, section: str
) -> None:
    bench.catalog.add_copy(replace(taken.copy(), storage=storage))
    bench.catalog.set_copy_state(taken.backup_id, "local", CopyState.DELETED, at=bench.clock.now())

    with pytest.raises(NotFoundError, match=f"only in {storage}, which the configuration does not name") as caught:
        taken.verify()

    assert f"Write {section} into it again" in caught.value.hint


def test_each_copy_is_a_step_with_progress(bench: Bench, taken: Taken) -> None:
    bench.events.clear()

    taken.verify()

    assert [event.step for event in bench.events if isinstance(event, StepStarted)] == ["verify local"]
    progress = [event for event in bench.events if isinstance(event, StepProgress)]
    assert progress[0].done_bytes == 0
    assert progress[-1].done_bytes == progress[-1].total_bytes == taken.archive.stat().st_size


def test_a_damaged_copy_is_corrupt_and_keeps_the_time_when_it_was_good(bench: Bench, taken: Taken) -> None:
    good_at = taken.copy().verified_at
    content = bytearray(taken.archive.read_bytes())
    content[len(content) // 2] ^= 1
    taken.archive.write_bytes(content)

    with pytest.raises(VerificationError, match="not what its manifest says: local:"):
        taken.verify()

    assert (taken.copy().state, taken.copy().verified_at) == (CopyState.CORRUPT, good_at)
    assert taken.copy().detail != ""
    (hold,) = bench.catalog.holdings.holds("oempro")
    assert hold.backup_id == taken.backup_id
    assert hold.reason.startswith("the copy in local is damaged: ")


def test_another_whole_archive_in_its_place_is_corrupt(bench: Bench, taken: Taken) -> None:
    (bench.directory / "other").mkdir()
    taken.archive.unlink()
    write_archive(
        bench.directory / "other",
        taken.archive,
        name="",
        compressor=ZstdCompressor(level=1, threads=1),
        host_runner=Programs(bench.parts(), installation_id="i" * 32, run_id="r1").host,
        on_line=lambda _: None,
        cancellation=bench.cancellation,
    )

    with pytest.raises(VerificationError, match=r"it has \d+ bytes, not"):
        taken.verify()

    assert taken.copy().state is CopyState.CORRUPT


def test_a_copy_that_is_gone_is_missing_and_found_again_when_it_comes_back(taken: Taken) -> None:
    away = taken.archive.with_name("away")
    taken.archive.rename(away)

    with pytest.raises(VerificationError, match="not there any more"):
        taken.verify("verify-1")

    assert taken.copy().state is CopyState.MISSING
    away.rename(taken.archive)
    taken.verify("verify-2")
    assert taken.copy().state is CopyState.PRESENT


@pytest.mark.parametrize("suffix", [".sha256", ".json"])
@pytest.mark.parametrize("content", [None, "", "{}\n"])
def test_a_flaw_beside_a_whole_archive_degrades_the_run_only(taken: Taken, suffix: str, content: str | None) -> None:
    beside = taken.archive.with_name(taken.archive.name + suffix)
    beside.unlink()
    if content is not None:
        beside.write_text(content)

    result = taken.verify()

    assert result.status is RunStatus.DEGRADED
    assert [beside.name in flaw for flaw in result.detail["degraded"]] == [True]
    assert taken.copy().state is CopyState.PRESENT


def test_a_manifest_of_another_backup_is_a_flaw(taken: Taken) -> None:
    beside = taken.archive.with_name(taken.archive.name + ".json")
    beside.write_text(beside.read_text().replace('"oempro', '"other'))

    assert taken.verify().status is RunStatus.DEGRADED


def test_a_disk_that_is_away_says_nothing_about_the_copy(bench: Bench, taken: Taken) -> None:
    bench.backups.rename(bench.directory / "unmounted")

    with pytest.raises(StorageError, match="does not exist"):
        taken.verify()

    assert taken.copy().state is CopyState.PRESENT


def test_a_cancelled_verification_changes_nothing(bench: Bench, taken: Taken) -> None:
    before = taken.copy()
    bench.cancellation.cancel()

    with pytest.raises(CancelledError):
        taken.verify()

    assert taken.copy() == before


def test_a_backup_without_a_copy_to_read_is_told_as_such(bench: Bench, taken: Taken) -> None:
    bench.catalog.set_copy_state(taken.backup_id, "local", CopyState.DELETED, at=bench.clock.now())

    with pytest.raises(NotFoundError, match="no copy that could be read"):
        taken.verify()


def test_a_backup_that_does_not_exist_is_not_found(bench: Bench) -> None:
    run = a_run(operation=Operation.VERIFY, backup_id="nothing")

    with pytest.raises(NotFoundError):
        verify_backup(bench.context(run), bench.parts())


def test_missing_copy_begins_no_hold(bench: Bench, taken: Taken) -> None:
    taken.archive.unlink()

    with pytest.raises(VerificationError):
        taken.verify()

    assert taken.copy().state is CopyState.MISSING
    assert bench.catalog.holdings.holds("oempro") == []


class Elsewhere:
    """A backup with a copy on this host and one in S3."""

    def __init__(self, bench: Bench, taken: Taken) -> None:
        self._bench = bench
        self._taken = taken
        self.backup_id = taken.backup_id
        self.local = taken.archive
        self.s3 = UnsteadyStorage("s3")
        local = taken.copy()
        self.key = local.key
        for suffix in ("", ".sha256", ".json"):
            beside = taken.archive.with_name(taken.archive.name + suffix)
            self.s3.files[self.key + suffix] = beside.read_bytes()
        bench.catalog.add_copy(replace(local, storage="s3", verified_at=None))

    def verify(self, *, storage: str = "", run_id: str = "verify-1") -> RunResult:
        run = a_run(run_id, operation=Operation.VERIFY, backup_id=self.backup_id)
        context = replace(self._bench.context(run), order=VerifyOrder(storage=storage))
        return verify_backup(context, self._bench.parts(storages=(self._bench.storage, self.s3)))

    def copy(self, storage: str) -> Copy:
        copies = self._bench.catalog.backup(self.backup_id).copies
        return next(copy for copy in copies if copy.storage == storage)

    def proven(self) -> dict[str, ProofLevel]:
        """Return what verifications showed; the backup's own run has shown something before."""
        proofs = self._bench.catalog.holdings.proofs(backup_id=self.backup_id)
        return {proof.storage: proof.level for proof in proofs if proof.run_id.startswith("verify-")}


@pytest.fixture
def elsewhere(bench: Bench, taken: Taken) -> Elsewhere:
    return Elsewhere(bench, taken)


def test_every_copy_is_read_back_and_each_has_its_proof(bench: Bench, elsewhere: Elsewhere) -> None:
    result = elsewhere.verify()

    assert (result.status, result.detail) == (
        RunStatus.SUCCESS,
        {"verified_bytes": 2 * elsewhere.local.stat().st_size},
    )
    assert elsewhere.copy("local").verified_at == elsewhere.copy("s3").verified_at == bench.clock.now()
    assert elsewhere.proven() == {"local": ProofLevel.READ_BACK, "s3": ProofLevel.READ_BACK}


def test_only_the_storage_that_was_named_is_read(elsewhere: Elsewhere) -> None:
    elsewhere.local.unlink()

    elsewhere.verify(storage="s3")

    assert elsewhere.proven() == {"s3": ProofLevel.READ_BACK}
    assert elsewhere.copy("local").state is CopyState.PRESENT


def test_a_storage_without_a_copy_is_told_as_such(elsewhere: Elsewhere) -> None:
    with pytest.raises(NotFoundError, match="no copy in tape that could be read"):
        elsewhere.verify(storage="tape")


def test_a_copy_that_cannot_be_reached_degrades_the_run_and_keeps_its_state(elsewhere: Elsewhere) -> None:
    elsewhere.s3.is_away = True

    result = elsewhere.verify()

    assert result.status is RunStatus.DEGRADED
    assert result.detail["degraded"] == ["s3: it could not be read: s3 does not answer"]
    assert elsewhere.copy("s3").state is CopyState.PRESENT
    assert elsewhere.proven() == {"local": ProofLevel.READ_BACK}


def test_when_no_copy_can_be_reached_the_run_fails(elsewhere: Elsewhere) -> None:
    elsewhere.s3.is_away = True

    with pytest.raises(StorageError, match="s3 does not answer"):
        elsewhere.verify(storage="s3")


def test_an_archived_copy_is_named_and_is_no_flaw(elsewhere: Elsewhere) -> None:
    elsewhere.s3.archived.add(elsewhere.key)

    result = elsewhere.verify()

    assert result.status is RunStatus.SUCCESS
    assert result.detail["not_read"] == [f"s3: it could not be read: {elsewhere.key} is archived"]
    with pytest.raises(StorageError) as caught:
        elsewhere.verify(storage="s3", run_id="verify-2")
    assert caught.value.hint == "Bring it back first."


def test_a_damaged_copy_elsewhere_is_corrupt_and_the_good_one_is_proven(elsewhere: Elsewhere) -> None:
    elsewhere.s3.files[elsewhere.key] = bytes(elsewhere.local.stat().st_size)

    with pytest.raises(VerificationError, match="s3: "):
        elsewhere.verify()

    assert (elsewhere.copy("local").state, elsewhere.copy("s3").state) == (CopyState.PRESENT, CopyState.CORRUPT)
    assert elsewhere.proven() == {"local": ProofLevel.READ_BACK}


def test_an_adopted_archive_without_checksum_is_whole_and_not_verified(bench: Bench) -> None:
    content = gzip.compress(b"whatever the bash tool packed" * 5000)
    backup = make_backup(sha256="", manifest={}, origin=Origin.LEGACY, archive_name="mysql_backup.tar.gz", copies={})
    bench.catalog.add_backup(backup)
    bench.catalog.add_copy(make_copy(backup.backup_id, key="daily/mysql_backup.tar.gz", size_bytes=len(content)))
    (bench.backups / "daily").mkdir(parents=True)
    (bench.backups / "daily/mysql_backup.tar.gz").write_bytes(content)

    result = verify_backup(bench.context(a_run(operation=Operation.VERIFY, backup_id=backup.backup_id)), bench.parts())

    assert result.status is RunStatus.DEGRADED
    [flaw] = result.detail["degraded"]
    assert hashlib.sha256(content).hexdigest() in flaw
    [copy] = bench.catalog.backup(backup.backup_id).copies
    assert (copy.state, copy.verified_at) == (CopyState.PRESENT, None)
    assert bench.catalog.holdings.proofs(backup_id=backup.backup_id) == []
