"""A backup as manifest and as catalog entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Mode, Tier
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.errors import MetadataError, NotFoundError
from octeth_backupd.pipeline.backup import back_up
from octeth_backupd.pipeline.readback import listing_digest
from octeth_backupd.pipeline.record import backup_from_manifest, manifest_key, proofs_of, read_manifest
from tests.fakes.engine import PAGE_BYTES, SERVER_UUID
from tests.fakes.installation import INSTALLATION
from tests.fakes.manifests import make_manifest
from tests.fakes.runs import AT
from tests.fakes.storage import MemoryStorage

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def _manifest(bench: Bench) -> Manifest:
    result = back_up(bench.context(), bench.parts())
    return Manifest.from_mapping(bench.catalog.backup(result.backup_id or "").manifest)


def test_the_manifest_says_whose_backup_it_is_and_where_in_time(bench: Bench) -> None:
    manifest = _manifest(bench)

    assert (manifest.installation_id, manifest.run_id) == (INSTALLATION, bench.run.run_id)
    assert (manifest.tier, manifest.mode) == (Tier.DAILY, Mode.PREPARED)
    position = manifest.position
    assert (position.from_lsn, position.to_lsn, position.last_lsn) == (0, 900, 1200)
    assert (position.binlog_file, position.binlog_position, position.gtid) == ("binlog.000003", 157, "gtid:1-5")
    assert position.before is not None
    assert position.after is not None
    assert (position.before.current_lsn, position.after.current_lsn) == (1000, 1300)


def test_the_manifest_describes_the_server_so_that_another_can_be_set_up_for_it(bench: Bench) -> None:
    server = _manifest(bench).server

    assert (server.vendor, server.version, server.identity.server_uuid) == ("mysql", "9.7.4", SERVER_UUID)
    assert server.variables["innodb_data_file_path"] == "ibdata1:12M:autoextend"
    assert server.data_owner is not None
    assert (server.data_owner.uid, server.data_owner.mode) == (999, "0750")
    assert [tablespace.name for tablespace in server.tablespaces] == ["innodb_system", "shop/orders", "undo_001"]


def test_the_manifest_holds_sizes_and_the_digest_of_what_was_prepared(bench: Bench) -> None:
    manifest = _manifest(bench)

    sizes = {name: len(content) for name, content in bench.engine.files.items()}
    prepared = sizes | {"xtrabackup_checkpoints": sizes["xtrabackup_checkpoints"] + len("prepar") - len("backup")}
    assert manifest.archive.listing_sha256 == listing_digest(prepared)
    assert manifest.archive.file_count == len(sizes)
    assert manifest.sizes.data_bytes == 3 * PAGE_BYTES
    assert manifest.sizes.raw_bytes == sum(sizes.values())
    assert manifest.sizes.prepared_bytes == sum(prepared.values())


def test_a_server_without_binlog_has_no_position_whatever_the_file_holds(bench: Bench) -> None:
    bench.server.change_facts(variables={"innodb_data_file_path": "ibdata1:12M:autoextend", "log_bin": "OFF"})
    bench.engine.files["xtrabackup_binlog_info"] = b""

    position = _manifest(bench).position

    assert (position.binlog_file, position.binlog_position, position.gtid) == ("", 0, "")


@pytest.mark.parametrize("verified", [True, False])
def test_an_entry_has_a_copy_in_each_storage_and_the_whole_manifest(verified: bool) -> None:
    manifest = make_manifest()

    backup = backup_from_manifest(manifest, storages=("local", "s3"), pending=("offsite",), at=AT, verified=verified)

    assert backup.manifest == manifest.to_mapping()
    assert (backup.backup_id, backup.run_id) == (manifest.backup_id, manifest.run_id)
    assert (backup.to_lsn, backup.archive_bytes) == (19_000, 2_000)
    assert [(copy.storage, copy.state) for copy in backup.copies] == [
        ("local", CopyState.PRESENT),
        ("s3", CopyState.PRESENT),
        ("offsite", CopyState.PENDING),
    ]
    assert [copy.verified_at for copy in backup.copies] == [*2 * [AT if verified else None], None]
    assert {copy.key for copy in backup.copies} == {f"oempro/weekly/{manifest.archive.name}"}


def test_a_manifest_is_read_from_where_it_was_put() -> None:
    memory, manifest = MemoryStorage(), make_manifest()
    memory.put_text(manifest_key("oempro", manifest), manifest.to_json_text())

    assert read_manifest(memory, f"oempro/weekly/{manifest.archive.name}.json") == manifest


def test_what_is_no_manifest_and_what_is_not_there_are_told_apart() -> None:
    memory = MemoryStorage()
    memory.put_text("oempro/daily/x.json", "[]")

    with pytest.raises(MetadataError):
        read_manifest(memory, "oempro/daily/x.json")
    with pytest.raises(NotFoundError):
        read_manifest(memory, "oempro/daily/y.json")


@pytest.mark.parametrize("verified", [True, False])
def test_a_run_proves_that_the_backup_was_prepared_and_its_copy_read_back(verified: bool) -> None:
    manifest = make_manifest()
    backup = backup_from_manifest(manifest, storages=("local",), pending=("s3",), at=AT, verified=verified)

    proofs = proofs_of(backup)

    assert [(proof.level, proof.storage) for proof in proofs] == [
        (ProofLevel.PREPARED, ""),
        *([(ProofLevel.READ_BACK, "local")] if verified else []),
    ]
    assert {(proof.backup_id, proof.run_id) for proof in proofs} == {(backup.backup_id, "run-1")}
