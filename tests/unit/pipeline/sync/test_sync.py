"""The operation "sync": a lost catalog comes back, a living one is put right, and nobody else's things are touched."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.domain.restore.order import SyncOrder
from octeth_backupd.domain.state_document import state_key
from octeth_backupd.domain.sync.report import FindingKind
from octeth_backupd.errors import AmbiguousIdError, NotFoundError, StorageError
from octeth_backupd.pipeline.state_files import write_states
from octeth_backupd.pipeline.sync.sync import REPORT, sync
from tests.fakes.bench import Bench
from tests.fakes.catalog_values import START
from tests.fakes.runs import a_run
from tests.fakes.storage import MemoryStorage
from tests.fakes.stored_backups import LOST, OTHER, OWN, store, stored_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.pipeline.result import RunResult
    from octeth_backupd.storage.base import StoredFile

DAY = timedelta(days=1)


class AwayStorage(MemoryStorage):
    """A storage backend that cannot be reached."""

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        raise StorageError("access denied", hint="Correct the credentials.")


class Host:
    """One installation with a catalog of its own, and what its syncs return."""

    def __init__(self, bench: Bench, installation_id: str = OWN, name: str = "catalog") -> None:
        self._bench = bench
        self._number = 0
        self.installation_id = installation_id
        self.catalog = Catalog.open(bench.directory / f"{name}-{installation_id}.sqlite", clock=bench.clock)
        self.catalog.installations.set_own(installation_id)

    def sync(self, *storages: MemoryStorage, **order: Any) -> RunResult:
        self._number += 1
        run = a_run(f"20261122-020000-{self._number:06d}", server="", operation=Operation.SYNC)
        parts = self._bench.parts(storages=storages, catalog=self.catalog)
        context = replace(
            self._bench.context(run) if self.catalog is self._bench.catalog else self._context(run),
            installation_id=self.installation_id,
            order=SyncOrder(**order),
        )
        return sync(context, parts)

    def _context(self, run: Any) -> Any:
        self.catalog.add_run(run)
        self._bench.run = run
        return self._bench.context_of_same_run()

    def states(self, storage: str = "memory") -> dict[str, CopyState]:
        return {
            copy.backup_id: copy.state
            for backup in self.catalog.backups()
            for copy in backup.copies
            if copy.storage == storage
        }

    def found(self, *kinds: FindingKind) -> list[str]:
        """Return the keys of the last sync's findings of these kinds."""
        report = json.loads(self.catalog.meta(REPORT) or "{}")
        return [
            finding["key"]
            for storage in report["storages"]
            for finding in storage["findings"]
            if not kinds or finding["kind"] in kinds
        ]


@pytest.fixture
def host(bench: Bench) -> Iterator[Host]:
    host = Host(bench)
    yield host
    host.catalog.close()


def days(count: int, **fields: Any) -> list[Any]:
    return [stored_manifest(START - DAY * day, **fields) for day in range(count)]


def ids(backups: list[Backup]) -> list[str]:
    return [backup.backup_id for backup in backups]


def test_a_lost_catalog_comes_back_from_manifests_alone(host: Host) -> None:
    local, bucket = MemoryStorage("local"), MemoryStorage("s3", is_remote=True)
    manifests = days(3)
    for manifest in manifests:
        store(bucket, manifest)
    store(local, manifests[0])

    result = host.sync(local, bucket)

    assert result.status is RunStatus.SUCCESS
    assert ids(host.catalog.backups()) == [manifest.backup_id for manifest in manifests]
    newest = host.catalog.find_backup("latest")
    assert {copy.storage: copy.state for copy in newest.copies} == {"local": "present", "s3": "present"}
    assert all(copy.verified_at is None for copy in newest.copies)
    assert newest.manifest == manifests[0].to_mapping()


def test_a_second_sync_changes_nothing(host: Host) -> None:
    bucket = MemoryStorage()
    for manifest in days(3):
        store(bucket, manifest)
    host.sync(bucket)
    before = (host.catalog.backups(), dict(bucket.files))

    result = host.sync(bucket)

    assert (host.catalog.backups(), dict(bucket.files)) == before
    assert result.detail["storages"]["memory"] == {"archives": 3, "archive_bytes": 21, "added": 0, "changed": 0}


def test_a_living_catalog_learns_what_is_gone_cut_and_back_again(host: Host) -> None:
    bucket = MemoryStorage()
    gone, cut, whole = (store(bucket, manifest) for manifest in days(3))
    host.sync(bucket)
    taken = {key: bucket.files.pop(key) for key in list(bucket.files) if key.startswith(gone)}
    bucket.files[cut] = b"arch"

    result = host.sync(bucket)

    assert result.status is RunStatus.DEGRADED
    assert list(host.states().values()) == ["missing", "corrupt", "present"]
    assert (host.found(FindingKind.MISSING), host.found(FindingKind.CORRUPT)) == ([gone], [cut])

    bucket.files.update(taken)
    bucket.files[cut] = b"archive"
    assert host.sync(bucket).status is RunStatus.SUCCESS
    assert set(host.states().values()) == {CopyState.PRESENT}
    assert whole in bucket.files


@pytest.mark.parametrize("loss", ["gone", "cut"])
def test_a_lost_copy_is_told_once_while_the_backup_has_another_and_named_as_long_as_it_is_lost(
    host: Host, loss: str
) -> None:
    local, bucket = MemoryStorage("local"), MemoryStorage("s3", is_remote=True)
    for manifest in days(2):
        store(bucket, manifest)
        key = store(local, manifest)
    host.sync(local, bucket)
    if loss == "gone":
        del local.files[key]
    else:
        local.files[key] = b"arch"

    told, again = (host.sync(local, bucket) for _ in range(2))

    assert (told.status, again.status) == (RunStatus.DEGRADED, RunStatus.SUCCESS)
    assert host.found(FindingKind.MISSING, FindingKind.CORRUPT) == [key]
    assert "degraded" not in again.detail

    del bucket.files[key]
    new = host.sync(local, bucket)
    assert new.detail["degraded"] == ["local: 1 missing" if loss == "gone" else "local: 1 corrupt", "s3: 1 missing"]


def test_a_copy_where_nothing_is_configured_any_more_makes_up_for_no_loss(host: Host) -> None:
    local, old = MemoryStorage("local"), MemoryStorage("old-s3", is_remote=True)
    for manifest in days(2):
        store(old, manifest)
        key = store(local, manifest)
    host.sync(local, old)
    del local.files[key]

    told, again = (host.sync(local) for _ in range(2))

    assert (told.status, again.status) == (RunStatus.DEGRADED, RunStatus.DEGRADED)


def test_a_backup_of_which_nothing_is_left_degrades_every_sync_until_it_is_deleted(host: Host) -> None:
    bucket = MemoryStorage()
    lost, _ = (store(bucket, manifest) for manifest in days(2))
    host.sync(bucket)
    bucket.files = {key: text for key, text in bucket.files.items() if not key.startswith(lost)}

    assert [host.sync(bucket).status for _ in range(3)] == [RunStatus.DEGRADED] * 3

    host.catalog.set_copy_state(host.catalog.backups()[0].backup_id, "memory", CopyState.DELETED, at=START)
    assert host.sync(bucket).status is RunStatus.SUCCESS


def test_a_copy_on_its_way_is_left_to_the_uploads_until_it_is_there_whole(host: Host) -> None:
    local, bucket = MemoryStorage("local"), MemoryStorage("s3", is_remote=True)
    manifest = stored_manifest()
    store(local, manifest)
    host.sync(local)
    copy = host.catalog.backups()[0].copies[0]
    host.catalog.add_copy(replace(copy, storage="s3", state=CopyState.PENDING))
    key = store(bucket, manifest)
    manifest_text = bucket.files.pop(f"{key}.json")

    host.sync(local, bucket)
    assert host.states("s3") == {manifest.backup_id: CopyState.PENDING}

    bucket.files[f"{key}.json"] = manifest_text
    host.sync(local, bucket)
    assert host.states("s3") == {manifest.backup_id: CopyState.PRESENT}


def test_a_backup_of_a_run_that_goes_on_is_left_to_it(host: Host) -> None:
    manifest = stored_manifest()
    bucket = MemoryStorage()
    store(bucket, manifest)
    run = a_run(manifest.run_id)
    host.catalog.add_run(run)
    host.catalog.update_run(run.run_id, status=RunStatus.RUNNING)

    host.sync(bucket, MemoryStorage("other"))

    assert host.catalog.backups() == []


def test_a_storage_that_cannot_be_listed_loses_nothing(host: Host) -> None:
    bucket, local = MemoryStorage("s3", is_remote=True), MemoryStorage("local")
    for manifest in days(2):
        store(bucket, manifest)
        store(local, manifest)
    host.sync(local, bucket)

    result = host.sync(local, AwayStorage("s3", is_remote=True))

    assert result.status is RunStatus.DEGRADED
    assert result.detail["degraded"] == ["s3: access denied"]
    assert set(host.states("s3").values()) == {CopyState.PRESENT}


def test_nothing_that_can_be_listed_fails_the_run(host: Host) -> None:
    with pytest.raises(StorageError, match="s3: access denied"):
        host.sync(AwayStorage("s3"))


def test_a_storage_without_any_of_its_copies_is_not_believed_unless_told(host: Host) -> None:
    bucket = MemoryStorage()
    for manifest in days(4):
        store(bucket, manifest)
    host.sync(bucket)
    bucket.files.clear()

    refused = host.sync(bucket)

    assert refused.status is RunStatus.DEGRADED
    assert "none of the 4 archives" in refused.detail["degraded"][0]
    assert set(host.states().values()) == {CopyState.PRESENT}

    host.sync(bucket, repair=True)
    assert set(host.states().values()) == {CopyState.MISSING}


def test_a_deleted_backup_that_is_there_again_is_reported_and_left_alone(host: Host) -> None:
    bucket = MemoryStorage()
    key = store(bucket, stored_manifest())
    host.sync(bucket)
    backup_id = host.catalog.backups()[0].backup_id
    host.catalog.set_copy_state(backup_id, "memory", CopyState.DELETED, at=START)

    host.sync(bucket, repair=True)

    assert host.found(FindingKind.RETURNED) == [key]
    assert key in bucket.files
    assert host.states() == {backup_id: CopyState.DELETED}


def test_repair_removes_what_a_recorded_deletion_left(host: Host) -> None:
    bucket = MemoryStorage()
    key = store(bucket, stored_manifest())
    host.sync(bucket)
    host.catalog.set_copy_state(host.catalog.backups()[0].backup_id, "memory", CopyState.DELETED, at=START)
    del bucket.files[key], bucket.files[f"{key}.json"]

    host.sync(bucket)
    assert host.found(FindingKind.ORPHANED) == [f"{key}.sha256"]
    assert list(bucket.files) == [f"{key}.sha256"]

    host.sync(bucket, repair=True)
    assert bucket.files == {}


def test_repair_keeps_an_archive_that_was_put_back_alone(host: Host) -> None:
    bucket = MemoryStorage()
    key = store(bucket, stored_manifest())
    host.sync(bucket)
    host.catalog.set_copy_state(host.catalog.backups()[0].backup_id, "memory", CopyState.DELETED, at=START)
    del bucket.files[f"{key}.json"], bucket.files[f"{key}.sha256"]

    host.sync(bucket, repair=True)

    assert host.found(FindingKind.RETURNED) == [key]
    assert list(bucket.files) == [key]


def test_repair_writes_what_is_missing_beside_an_archive_and_nothing_without_it(host: Host) -> None:
    bucket = MemoryStorage()
    key = store(bucket, stored_manifest())
    host.sync(bucket)
    before = dict(bucket.files)
    del bucket.files[f"{key}.json"], bucket.files[f"{key}.sha256"]

    result = host.sync(bucket)
    assert result.status is RunStatus.DEGRADED
    assert list(bucket.files) == [key]

    assert host.sync(bucket, repair=True).status is RunStatus.SUCCESS
    assert bucket.files == before


def test_repair_touches_nothing_of_others_and_nothing_that_says_not_whose_it_is(host: Host) -> None:
    bucket = MemoryStorage()
    foreign, loose, bare = days(3, installation_id=OTHER)
    no_archive = store(bucket, foreign)
    del bucket.files[no_archive]
    del bucket.files[f"{store(bucket, loose)}.json"]
    bare_key = store(bucket, bare)
    del bucket.files[bare_key], bucket.files[f"{bare_key}.json"]
    for key in ("daily/octeth-backup-2026-01-01_02-00-00.tar.gz", "notes.txt", "oempro/daily/other.tar.gz", "a/b/c/d"):
        bucket.files[key] = b"x"
    before = dict(bucket.files)

    host.sync(bucket, repair=True)

    assert bucket.files == before
    assert host.found(FindingKind.LEGACY) == ["daily/octeth-backup-2026-01-01_02-00-00.tar.gz"]
    assert host.found(FindingKind.UNKNOWN) == ["a/b/c/d", "notes.txt", "oempro/daily/other.tar.gz"]
    assert len(host.found(FindingKind.ORPHANED)) == 4


def test_a_manifest_of_ours_without_its_archive_is_removed_by_repair(host: Host) -> None:
    bucket = MemoryStorage()
    key = store(bucket, stored_manifest())
    del bucket.files[key]

    host.sync(bucket)
    assert host.found(FindingKind.ORPHANED) == [f"{key}.json"]

    host.sync(bucket, repair=True)
    assert bucket.files == {}


def test_pins_holds_accepts_and_proofs_come_back_once(host: Host, bench: Bench) -> None:
    bucket = MemoryStorage()
    pinned, doubted, proven = days(3)
    for manifest in (pinned, doubted.model_copy(update={"suspect": "far too small"}), proven):
        store(bucket, manifest)
    host.sync(bucket)
    holdings = host.catalog.holdings
    holdings.pin(pinned.backup_id, note="before the upgrade", by="uid 0 (root)", at=START)
    holdings.accept(doubted.backup_id, note="it is fine", by="uid 0 (root)", at=START)
    holdings.begin_hold("oempro", reason="small", backup_id="", protected=(proven.backup_id,), at=START)
    holdings.add_proof(Proof(backup_id=proven.backup_id, level=ProofLevel.STARTED, storage="memory", proven_at=START))
    assert write_states(host.catalog, [bucket], ["oempro"]) == []
    again = Host(bench, OWN, name="again")

    for _ in range(2):
        again.sync(bucket)

        found = again.catalog.holdings
        assert found.pins() == holdings.pins()
        assert found.accepts() == holdings.accepts()
        assert found.proofs() == holdings.proofs()
        assert [(hold.reason, hold.protected) for hold in found.holds()] == [("small", (proven.backup_id,))]
        assert again.catalog.backup(doubted.backup_id).suspect == ""
    again.catalog.close()


def test_what_was_unpinned_does_not_come_back_from_an_older_state_file(host: Host) -> None:
    bucket = MemoryStorage()
    manifest = stored_manifest()
    store(bucket, manifest)
    host.sync(bucket)
    host.catalog.holdings.pin(manifest.backup_id, note="", by="root", at=START)
    write_states(host.catalog, [bucket], ["oempro"])
    old = bucket.files[state_key("oempro", OWN)]
    host.catalog.holdings.unpin(manifest.backup_id, by="root", at=START)
    write_states(host.catalog, [bucket], ["oempro"])
    bucket.files[state_key("oempro", OWN)] = old

    host.sync(bucket)

    assert host.catalog.holdings.pins() == []
    assert bucket.files[state_key("oempro", OWN)] != old


def test_a_state_file_that_is_gone_is_written_again(host: Host) -> None:
    bucket = MemoryStorage()
    manifest = stored_manifest()
    store(bucket, manifest)
    host.sync(bucket)
    host.catalog.holdings.pin(manifest.backup_id, note="", by="root", at=START)
    write_states(host.catalog, [bucket], ["oempro"])
    text = bucket.files.pop(state_key("oempro", OWN))

    host.sync(bucket)

    assert bucket.files[state_key("oempro", OWN)] == text


def test_a_lost_host_is_adopted_with_its_state_by_the_beginning_of_its_id(host: Host, bench: Bench) -> None:
    bucket = MemoryStorage()
    lost = Host(bench, LOST)
    manifest = stored_manifest(installation_id=LOST)
    store(bucket, manifest)
    lost.sync(bucket)
    lost.catalog.holdings.pin(manifest.backup_id, note="keep", by="root", at=START)
    write_states(lost.catalog, [bucket], ["oempro"])
    store(bucket, stored_manifest(START + DAY, installation_id=OTHER))

    result = host.sync(bucket, adopt=LOST[:8])

    assert result.detail["adopted"] == LOST
    assert host.catalog.installations.ours() == {OWN, LOST}
    assert host.catalog.find_backup("latest").backup_id == manifest.backup_id
    assert [pin.note for pin in host.catalog.holdings.pins()] == ["keep"]
    assert "keep" in bucket.files[state_key("oempro", OWN)].decode()
    lost.catalog.close()


def test_nobody_is_adopted_who_has_nothing_here_or_fits_several(host: Host) -> None:
    bucket = MemoryStorage()
    for number, owner in enumerate((LOST, "1" * 31 + "2")):
        store(bucket, stored_manifest(START - DAY * number, installation_id=owner))

    with pytest.raises(NotFoundError, match="nothing was adopted"):
        host.sync(bucket, adopt=OTHER)
    with pytest.raises(AmbiguousIdError):
        host.sync(bucket, adopt=LOST[:8])
    assert host.catalog.installations.ours() == {OWN}


def test_two_hosts_that_share_a_bucket_and_a_servers_name_leave_each_other_alone(bench: Bench) -> None:
    bucket = MemoryStorage()
    one, two = Host(bench, LOST), Host(bench, OTHER)
    same_second = [stored_manifest(installation_id=LOST), stored_manifest(installation_id=OTHER, content=b"other")]
    store(bucket, same_second[0])
    store(bucket, same_second[1], content=b"other", below=OTHER[:8])
    for host in (one, two, one, two):
        host.sync(bucket)
        own = host.catalog.find_backup("latest")
        assert own.installation_id == host.installation_id
        host.catalog.holdings.pin(own.backup_id, note=host.installation_id, by="root", at=START)

    for host in (one, two):
        before = dict(bucket.files)
        result = host.sync(bucket, repair=True)
        assert result.status is RunStatus.SUCCESS
        assert dict(bucket.files) == before
        assert len(host.catalog.backups()) == 2
        assert [pin.note for pin in host.catalog.holdings.pins()] == [host.installation_id]
    assert {state_key("oempro", LOST), state_key("oempro", OTHER)} <= bucket.files.keys()
    assert one.catalog.backup(f"{same_second[1].backup_id}-{OTHER[:8]}").installation_id == OTHER
    for host in (one, two):
        host.catalog.close()


def test_a_foreign_backup_that_its_host_expired_is_nobodys_loss(host: Host) -> None:
    bucket = MemoryStorage()
    keys = [store(bucket, manifest) for manifest in days(2, installation_id=OTHER)]
    host.sync(bucket)
    for key in [key for key in bucket.files if key.startswith(keys[1])]:
        del bucket.files[key]

    result = host.sync(bucket)

    assert result.status is RunStatus.SUCCESS
    assert sorted(host.states().values()) == ["deleted", "present"]


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"format": "octeth-backupd manifest", "format_version": 99}',
    ],
)
def test_a_manifest_that_is_none_is_reported_and_hides_nothing(host: Host, text: bytes) -> None:
    bucket = MemoryStorage()
    bad, good = (store(bucket, manifest) for manifest in days(2))
    bucket.files[f"{bad}.json"] = text

    result = host.sync(bucket, repair=True)

    assert host.found(FindingKind.UNUSABLE) == [f"{bad}.json"]
    assert len(host.catalog.backups()) == 1
    assert result.status is RunStatus.DEGRADED
    assert bucket.files[f"{bad}.json"] == text
    assert good in bucket.files


def test_a_manifest_that_belongs_elsewhere_is_not_believed(host: Host) -> None:
    bucket = MemoryStorage()
    other_server, other_time = stored_manifest(server="shop"), stored_manifest(START - DAY)
    here = stored_manifest()
    for number, lie in enumerate((other_server, other_time, here.model_copy(update={"backup_id": "../../etc/passwd"}))):
        manifest = stored_manifest(START + DAY * number)
        key = store(bucket, manifest)
        bucket.files[f"{key}.json"] = lie.to_json_text().encode()

    host.sync(bucket, repair=True)

    assert host.catalog.backups() == []
    assert len(host.found(FindingKind.UNUSABLE)) == 3


def test_a_manifest_of_a_gigabyte_is_never_read(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = MemoryStorage()
    key = store(bucket, stored_manifest())
    stat = bucket.stat

    def huge(asked: str) -> StoredFile:
        file = stat(asked)
        return replace(file, size_bytes=1 << 30) if asked == f"{key}.json" else file

    monkeypatch.setattr(bucket, "stat", huge)
    monkeypatch.setattr(bucket, "read_text", lambda _key: pytest.fail("it was read"))

    host.sync(bucket)

    assert host.found(FindingKind.UNUSABLE) == [f"{key}.json"]


def test_hostile_keys_are_only_reported(host: Host) -> None:
    bucket = MemoryStorage()
    hostile = [
        "../../etc/passwd",
        "oempro/daily/../x.json",
        "oempro/daily/a\x1b[31m.json",
        "../state.json",
        "/x",
        "a//b",
    ]
    listed = [
        StoredAs(key, datetime(2026, 1, 1, tzinfo=UTC)).file
        for key in (*hostile, "..//octeth-backup-2026-11-22_02-00-00.tar.zst.json")
    ]
    bucket.list = lambda prefix="": iter(listed)  # type: ignore[method-assign]

    result = host.sync(bucket, repair=True)

    assert result.status is RunStatus.SUCCESS
    assert set(hostile) <= set(host.found(FindingKind.UNKNOWN))
    assert host.catalog.backups() == []


class StoredAs:
    """A listed file."""

    def __init__(self, key: str, at: datetime) -> None:
        from octeth_backupd.storage.base import StoredFile

        self.file = StoredFile(key=key, size_bytes=1, modified_at=at)


def test_only_one_servers_backups_are_looked_at_when_it_is_named(host: Host) -> None:
    bucket = MemoryStorage()
    store(bucket, stored_manifest())
    store(bucket, stored_manifest(server="shop"))

    host.sync(bucket, server="shop")
    assert [backup.server for backup in host.catalog.backups()] == ["shop"]

    bucket.files.clear()
    host.sync(bucket, server="oempro", repair=True)
    assert set(host.states().values()) == {CopyState.PRESENT}


def test_partial_files_of_the_local_tree_are_reported(host: Host, bench: Bench, tmp_path: Path) -> None:
    place = bench.backups / "oempro" / "daily"
    place.mkdir(parents=True)
    (place / ".octeth-backup-2026-01-01_00-00-00.tar.zst.partial").write_bytes(b"half")
    bench.clock.go(60 * 86_400 * 365)
    local = MemoryStorage("local")

    host.sync(local)

    assert host.found(FindingKind.ORPHANED) == ["oempro/daily/octeth-backup-2026-01-01_00-00-00.tar.zst"]


class CountingStorage(MemoryStorage):
    """One that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = 0
        self.reads: list[str] = []

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        self.lists += 1
        return super().list(prefix)

    def read_text(self, key: str) -> str:
        self.reads.append(key)
        return super().read_text(key)


def test_a_bucket_is_listed_once_and_each_unknown_manifest_read_once(bench: Bench) -> None:
    storage, host = CountingStorage(), Host(bench)
    for number in range(20):
        store(storage, stored_manifest(START - number * DAY, installation_id=OWN))
    host.sync(storage)
    first, reads = storage.lists, [key for key in storage.reads if key.endswith(".zst.json")]
    storage.reads.clear()

    host.sync(storage)

    assert (first, len(reads), len(set(reads))) == (1, 20, 20)
    assert [key for key in storage.reads if key.endswith(".zst.json")] == []
