"""What is missing in a storage backend waits to be uploaded again, where the local disk has it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, Origin
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.pipeline.sync.sync import sync
from octeth_backupd.pipeline.sync.wanted_copies import await_wanted_copies
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.installation import INSTALLATION
from tests.fakes.runs import a_run
from tests.fakes.storage import MemoryStorage
from tests.fakes.stored_backups import OTHER, store, stored_manifest

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Backup
    from tests.fakes.bench import Bench

H, M, D, P = CopyState.PRESENT, CopyState.MISSING, CopyState.DELETED, CopyState.PENDING
NOW = START + timedelta(days=10)


@pytest.fixture
def catalog(bench: Bench) -> Catalog:
    return bench.catalog


def add(catalog: Catalog, day: int, copies: dict[str, CopyState], **fields: Any) -> Backup:
    """Enter a backup of ours, so many days after the first."""
    server = fields.pop("server", "oempro")
    backup = make_backup(
        server, taken_at=START + timedelta(days=day), copies=copies, **{"installation_id": INSTALLATION} | fields
    )
    catalog.add_backup(backup)
    return backup


def awaited(catalog: Catalog, *storages: str) -> list[tuple[str, str]]:
    """Look, and return what waits then."""
    await_wanted_copies(catalog, catalog.backups(), storages or ("s3",), ours={INSTALLATION}, at=NOW)
    return [one.name for one in catalog.uploads.waiting()]


def test_a_missing_copy_waits_again_while_the_local_one_can_be_read(catalog: Catalog) -> None:
    backup = add(catalog, 0, {"local": H, "s3": M, "offsite": M})

    assert awaited(catalog, "s3") == [(backup.backup_id, "s3")]
    copy = next(one for one in catalog.backup(backup.backup_id).copies if one.storage == "s3")
    assert (copy.state, copy.updated_at, copy.detail) == (P, NOW, "not there; uploaded from the local copy")


@pytest.mark.parametrize("local", [M, D, P, CopyState.CORRUPT])
def test_nothing_waits_that_could_not_be_uploaded(catalog: Catalog, local: CopyState) -> None:
    add(catalog, 0, {"local": local, "s3": M})

    awaited(catalog)

    assert {copy.state for copy in catalog.copies_in(set(CopyState)) if copy.storage == "s3"} == {M}


@pytest.mark.parametrize("state", [D, CopyState.CORRUPT, CopyState.RETAINED, H])
def test_what_was_deleted_is_damaged_or_there_is_not_sent_again(catalog: Catalog, state: CopyState) -> None:
    add(catalog, 0, {"local": H, "s3": state})

    assert awaited(catalog) == []


@pytest.mark.parametrize("fields", [{"installation_id": OTHER}, {"origin": Origin.LEGACY}])
def test_backups_of_others_and_of_the_bash_tool_are_left_alone(catalog: Catalog, fields: dict[str, Any]) -> None:
    add(catalog, 0, {"local": H, "s3": H}, **fields)
    add(catalog, 1, {"local": H, "s3": M}, **fields)
    add(catalog, 2, {"local": H}, **fields)

    assert awaited(catalog) == []


@pytest.mark.parametrize("storage", ["local", "s3"])
def test_a_deletion_that_was_begun_is_not_undone(catalog: Catalog, storage: str) -> None:
    backup = add(catalog, 0, {"local": H, "s3": M})
    state = H if storage == "local" else M
    catalog.set_copy_state(backup.backup_id, storage, state, NOW, detail=EXPIRING)

    assert awaited(catalog) == []


def test_of_backups_without_a_copy_only_those_wait_that_are_newer_than_all_that_have_one(catalog: Catalog) -> None:
    add(catalog, 0, {"local": H})
    add(catalog, 1, {"local": H, "s3": H})
    newer = [add(catalog, day, {"local": H}) for day in (2, 3)]
    add(catalog, 4, {"local": H}, server="shop")

    assert awaited(catalog) == [(backup.backup_id, "s3") for backup in newer]
    copies = catalog.backup(newer[0].backup_id).copies
    assert [(copy.storage, copy.key, copy.verified_at) for copy in copies if copy.storage == "s3"] == [
        ("s3", newer[0].copies[0].key, None)
    ]


def test_nothing_is_sent_to_a_storage_that_has_no_copy_of_the_server_yet(catalog: Catalog) -> None:
    add(catalog, 0, {"local": H, "s3": H})
    add(catalog, 1, {"local": H, "s3": H})

    assert awaited(catalog, "added") == []


def test_what_changed_meanwhile_is_left_as_it_is_now(catalog: Catalog) -> None:
    backup = add(catalog, 0, {"local": H, "s3": M})
    before = catalog.backups()
    catalog.set_copy_state(backup.backup_id, "s3", D, NOW)

    assert await_wanted_copies(catalog, before, ["s3"], ours={INSTALLATION}, at=NOW) == 0


class AtASync:
    """Two backups of ours on the local disk, the older one in the bucket as well; syncs in a row."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.local, self.bucket = MemoryStorage("local"), MemoryStorage("s3", is_remote=True)
        self.manifests = [
            stored_manifest(START + timedelta(days=day), installation_id=INSTALLATION) for day in range(2)
        ]
        for manifest in self.manifests:
            self.key = store(self.local, manifest)
        self.first_key = store(self.bucket, self.manifests[0])
        self._number = 0

    def sync(self) -> dict[str, CopyState]:
        """Sync, and return the states of the copies in the bucket."""
        self._number += 1
        run = a_run(f"sync-{self._number}", server="", operation=Operation.SYNC)
        sync(self.bench.context(run), self.bench.parts(storages=(self.local, self.bucket)))
        return {
            copy.backup_id: copy.state
            for backup in self.bench.catalog.backups()
            for copy in backup.copies
            if copy.storage == "s3"
        }


def test_a_rebuilt_catalog_remembers_what_waited_and_a_living_one_sends_again_what_was_lost(bench: Bench) -> None:
    site = AtASync(bench)
    older, newer = (manifest.backup_id for manifest in site.manifests)

    assert site.sync() == {older: H, newer: P}

    del site.bucket.files[site.first_key]
    assert site.sync() == {older: P, newer: P}


def test_what_a_sync_could_not_compare_is_not_acted_upon(bench: Bench) -> None:
    site = AtASync(bench)
    newer = site.manifests[1].backup_id
    site.sync()
    bench.catalog.set_copy_state(newer, "s3", M, NOW)
    taken, site.local.files = dict(site.local.files), {}
    for number in range(3):  # a lost mount: none of many is there
        bench.catalog.add_backup(make_backup(taken_at=START - timedelta(days=number + 1)))

    assert site.sync()[newer] is M

    site.local.files = taken
    assert site.sync()[newer] is P
