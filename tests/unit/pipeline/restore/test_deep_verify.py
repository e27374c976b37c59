"""A backup is tried out away from its server, and what that showed is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import Origin, RunStatus
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.domain.restore.journal import Expected
from octeth_backupd.domain.restore.order import VerifyOrder
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.errors import RestoreRefusedError, VerificationError
from octeth_backupd.pipeline.backup import back_up
from octeth_backupd.pipeline.restore import deep_verify as deep_module
from octeth_backupd.pipeline.verify import verify_backup
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.pipeline.restore.fetch import Fetch
    from tests.fakes.bench import Bench

RUN_ID = "20261122-030000-fedcba"
ALL = ("place", "dress")


class Tried:
    """A backup in the catalog; the server to try it with is played here."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.error: Exception | None = None
        self.staging_error: Exception | None = None
        self.subjects: list[Any] = []
        self.site: Any = SimpleNamespace(
            vendor="mysql",
            version="9.7.4",
            binlog_directory=bench.directory / "elsewhere",
            server_paths={"data": PurePosixPath("/var/lib/mysql")},
            command=("mysqld",),
            container=None,
            log_bin=True,
            owner=None,
        )
        self.refusals: tuple[Refusal, ...] = ()
        self.notes: tuple[str, ...] = ()
        result = back_up(bench.context(), bench.parts())
        self.backup_id = result.backup_id or ""
        monkeypatch.setattr(deep_module, "find_site", lambda *_, **__: (self.site, self.refusals))
        monkeypatch.setattr(deep_module, "rehearse", self._rehearse)
        monkeypatch.setattr(deep_module, "stage", self._stage)
        for name in ALL:
            monkeypatch.setattr(deep_module, name, lambda *_, **__: None)

    def _stage(self, _context: object, _parts: object, fetch: Fetch, **_: object) -> None:
        if self.staging_error is not None:
            raise self.staging_error
        fetch.is_whole = True
        fetch.notes = self.notes

    def _rehearse(self, _context: object, _parts: object, subject: Any, **_: object) -> Any:
        self.subjects.append(subject)
        if self.error is not None:
            raise self.error
        return SimpleNamespace(
            expected=Expected(tables={"shop": 3}),
            version_text="9.7.4",
            checked_tables=3,
            skipped_tables=("shop.large",),
            notes=(),
        )

    def run(self, storage: str = "") -> Any:
        self.bench.clock.go(60)
        run = a_run(run_id=RUN_ID, backup_id=self.backup_id)
        context = replace(self.bench.context(run), order=VerifyOrder(deep=True, storage=storage))
        return verify_backup(context, self.bench.parts())

    def proofs(self) -> list[Proof]:
        """Return what this run showed; the backup's own run has shown something before."""
        proofs = self.bench.catalog.holdings.proofs(backup_id=self.backup_id)
        return [proof for proof in proofs if proof.run_id == RUN_ID]

    def workspaces(self) -> list[Path]:
        return list(self.bench.workspaces.iterdir())


@pytest.fixture
def tried(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Tried:
    """A good backup."""
    return Tried(bench, monkeypatch)


def test_a_good_backup_is_recorded_as_verified_with_what_was_read(tried: Tried) -> None:
    result = tried.run()

    assert (result.detail["deep"], result.detail["checked_tables"]) == (True, 3)
    assert result.detail["skipped_tables"] == ["shop.large"]
    [copy] = tried.bench.catalog.backup(tried.backup_id).copies
    assert copy.verified_at == tried.bench.clock.now()
    [proof] = tried.proofs()
    assert (proof.level, proof.storage, proof.run_id) == (ProofLevel.STARTED, "local", RUN_ID)
    assert "3 tables checked, 1 not reached" in proof.detail
    assert tried.workspaces() == []


def test_backup_without_a_manifest_is_tried_like_any_other(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = tried.bench.catalog.backup(tried.backup_id)
    monkeypatch.setattr(tried.bench.catalog, "backup", lambda _: replace(backup, manifest={}, origin=Origin.LEGACY))

    assert tried.run().detail["deep"] is True


def test_every_table_is_checked_on_binary_logs_of_its_own(tried: Tried) -> None:
    tried.run()

    [subject] = tried.subjects
    assert (subject.deep, subject.databases) == (True, ())
    assert subject.binlog_directory.parent == subject.data_directory.parent


def test_a_backup_that_does_not_start_is_suspect_from_then_on(tried: Tried) -> None:
    tried.error = VerificationError("table shop.orders is corrupt")

    with pytest.raises(VerificationError, match="corrupt"):
        tried.run()

    assert "shop.orders is corrupt" in tried.bench.catalog.backup(tried.backup_id).suspect
    (hold,) = tried.bench.catalog.holdings.holds("oempro")
    assert hold.backup_id == tried.backup_id
    assert tried.workspaces() == []


def test_a_copy_that_cannot_be_fetched_is_no_doubt_about_the_backup(tried: Tried) -> None:
    tried.staging_error = VerificationError("the SHA-256 is another one")

    with pytest.raises(VerificationError, match="SHA-256"):
        tried.run()

    assert tried.bench.catalog.backup(tried.backup_id).suspect == ""
    assert tried.proofs() == []


def test_a_copy_that_was_passed_over_degrades_the_run(tried: Tried) -> None:
    tried.notes = ("the copy in local was passed over: it is cut",)

    result = tried.run()

    assert result.status is RunStatus.DEGRADED
    assert result.detail["degraded"] == list(tried.notes)


def test_the_copy_of_a_storage_that_was_named_is_the_only_one_that_counts(tried: Tried) -> None:
    with pytest.raises(RestoreRefusedError, match="none is known"):
        tried.run(storage="s3")


def test_a_start_proves_what_was_read_but_without_a_checksum_nothing_is_verified(tried: Tried) -> None:
    adopted = make_backup(taken_at=START - timedelta(days=1), sha256="", manifest={}, origin=Origin.LEGACY)
    path = tried.bench.backups / adopted.copies[0].key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 2_000)
    tried.bench.catalog.add_backup(adopted)
    tried.backup_id = adopted.backup_id

    tried.run()

    [proof] = tried.proofs()
    assert (proof.level, proof.detail.endswith("nobody knew what its checksum must be")) == (ProofLevel.STARTED, True)
    assert tried.bench.catalog.backup(adopted.backup_id).copies[0].verified_at is None


def test_without_anything_to_try_it_with_nothing_is_recorded(tried: Tried) -> None:
    tried.site = None
    tried.refusals = (Refusal(code="container_absent", message="there is no container", hint="Make it."),)

    with pytest.raises(RestoreRefusedError, match="no container"):
        tried.run()

    assert tried.bench.catalog.backup(tried.backup_id).suspect == ""
    assert tried.bench.catalog.holdings.holds("oempro") == []
