"""Backups, their manifests and their copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Tier
from octeth_backupd.errors import AmbiguousIdError, CatalogError, NotFoundError
from tests.fakes.catalog_values import START, make_backup, make_copy

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

DAY = timedelta(days=1)


def test_backup_comes_back_whole(catalog: Catalog) -> None:
    backup = make_backup(
        copies={"local": CopyState.PRESENT, "s3": CopyState.PENDING},
        tiers=frozenset({Tier.DAILY, Tier.WEEKLY}),
        to_lsn=2**62,
        manifest={"variables": {"character_set_server": "utf8mb4"}, "note": "“ü”"},
    )

    catalog.add_backup(backup)

    assert catalog.backup(backup.backup_id) == backup


def test_backup_with_a_refused_copy_is_not_added_at_all(catalog: Catalog) -> None:
    backup = make_backup()
    twice = replace(backup, copies=(*backup.copies, *backup.copies))

    with pytest.raises(CatalogError):
        catalog.add_backup(twice)

    assert not catalog.backup_id_exists(backup.backup_id)


def test_backup_id_is_taken_once(catalog: Catalog) -> None:
    catalog.add_backup(make_backup())

    with pytest.raises(CatalogError, match=r"backups\.backup_id"):
        catalog.add_backup(make_backup())


def test_id_of_a_deleted_backup_stays_taken(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(copies={"local": CopyState.DELETED}))

    assert catalog.backup_id_exists(make_backup().backup_id)


def test_list_is_newest_first_with_copies_and_without_manifests(catalog: Catalog) -> None:
    older = make_backup(copies={"local": CopyState.PRESENT, "s3": CopyState.UPLOADING})
    newer = make_backup(taken_at=START + DAY, copies={})
    catalog.add_backup(older)
    catalog.add_backup(newer)

    assert catalog.backups() == [replace(newer, manifest={}), replace(older, manifest={})]


def test_list_pages_through_backups_of_the_same_time(catalog: Catalog) -> None:
    servers = ["a", "b", "c", "d", "e"]
    for server in servers:
        catalog.add_backup(make_backup(server))
        catalog.add_backup(make_backup(server, START + DAY))

    pages = [catalog.backups(limit=3)]
    while len(pages[-1]) == 3:
        pages.append(catalog.backups(limit=3, after=pages[-1][-1].backup_id))

    listed = [(backup.taken_at, backup.server) for page in pages for backup in page]
    assert listed == [(at, server) for at in (START + DAY, START) for server in reversed(servers)]


def test_list_holds_only_the_server_asked_for(catalog: Catalog) -> None:
    catalog.add_backup(make_backup("oempro"))
    catalog.add_backup(make_backup("other"))

    assert [backup.server for backup in catalog.backups(server="other")] == ["other"]


def test_page_after_a_backup_that_is_none_is_refused(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError):
        catalog.backups(after="absent")


def test_latest_is_the_newest_that_is_unsuspect_and_readable(catalog: Catalog) -> None:
    good = make_backup(taken_at=START + DAY)
    catalog.add_backup(make_backup())
    catalog.add_backup(good)
    catalog.add_backup(make_backup(taken_at=START + 2 * DAY, suspect="half its usual size"))
    for days, state in enumerate(set(CopyState) - {CopyState.PRESENT, CopyState.RETAINED}, start=3):
        catalog.add_backup(make_backup(taken_at=START + days * DAY, copies={"local": state}))

    assert catalog.find_backup("latest") == good
    assert catalog.last_good_backup("oempro") == good


def test_one_readable_copy_of_several_is_enough_for_latest(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(copies={"local": CopyState.MISSING, "s3": CopyState.RETAINED}))

    assert catalog.find_backup("latest", server="oempro").server == "oempro"


def test_latest_of_a_server_is_none_of_another(catalog: Catalog) -> None:
    catalog.add_backup(make_backup("other"))

    with pytest.raises(NotFoundError, match="no good backup of server 'oempro'"):
        catalog.find_backup("latest", server="oempro")
    assert catalog.last_good_backup("oempro") is None


def test_part_of_an_id_is_looked_for_among_the_servers_own(catalog: Catalog) -> None:
    catalog.add_backup(make_backup("oempro"))
    catalog.add_backup(make_backup("other"))

    with pytest.raises(AmbiguousIdError):
        catalog.find_backup("2026-11-22")
    assert catalog.find_backup("2026-11-22", server="other").server == "other"


def test_id_with_a_path_in_it_is_not_found(catalog: Catalog) -> None:
    catalog.add_backup(make_backup())

    with pytest.raises(NotFoundError):
        catalog.find_backup("../oempro-2026-11-22_02-00-00")


def test_state_of_a_copy_changes_with_its_reason(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)

    catalog.set_copy_state(backup.backup_id, "local", CopyState.CORRUPT, START + DAY, detail="checksum differs")

    changed = replace(backup.copies[0], state=CopyState.CORRUPT, updated_at=START + DAY, detail="checksum differs")
    assert catalog.backup(backup.backup_id).copies == (changed,)


def test_time_of_the_last_verification_stays_when_only_the_state_changes(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)
    catalog.set_copy_state(backup.backup_id, "local", CopyState.PRESENT, START, verified_at=START)

    catalog.set_copy_state(backup.backup_id, "local", CopyState.MISSING, START + DAY)

    assert catalog.backup(backup.backup_id).copies[0].verified_at == START


def test_state_of_a_copy_that_is_none_is_refused(catalog: Catalog) -> None:
    catalog.add_backup(make_backup())

    with pytest.raises(NotFoundError, match="no copy in 's3'"):
        catalog.set_copy_state(make_backup().backup_id, "s3", CopyState.PRESENT, START)


def test_doubt_can_be_raised_and_ended(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)

    catalog.set_suspect(backup.backup_id, "half its usual size")
    doubted = catalog.last_good_backup("oempro")
    catalog.set_suspect(backup.backup_id, "")

    assert doubted is None
    assert catalog.last_good_backup("oempro") == backup


def test_doubt_about_a_backup_that_is_none_is_refused(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError):
        catalog.set_suspect("absent", "why")


def test_copies_come_in_the_order_of_their_storages(catalog: Catalog) -> None:
    backup = make_backup()
    own_id = backup.backup_id
    catalog.add_backup(replace(backup, copies=(make_copy(own_id, "s3"), make_copy(own_id, "local"))))

    assert [copy.storage for copy in catalog.backup(own_id).copies] == ["local", "s3"]


def test_backups_with_some_ids_come_with_their_copies_newest_first(catalog: Catalog) -> None:
    older = make_backup(copies={"local": CopyState.PRESENT, "s3": CopyState.PENDING}, manifest={})
    newer = make_backup(taken_at=START + DAY, manifest={})
    for backup in (older, newer, make_backup("other")):
        catalog.add_backup(backup)

    assert catalog.backups_of({older.backup_id, newer.backup_id, "unknown"}) == [newer, older]
    assert catalog.backups_of(()) == []


def test_living_backups_of_a_server_are_those_with_a_copy_left_oldest_first(catalog: Catalog) -> None:
    older = make_backup(copies={"local": CopyState.DELETED, "s3": CopyState.PENDING})
    newer = make_backup(taken_at=START + DAY)
    deleted = make_backup(taken_at=START + 2 * DAY, copies={"local": CopyState.DELETED})
    for backup in (newer, older, deleted, make_backup("other"), make_backup(taken_at=START + 3 * DAY, copies={})):
        catalog.add_backup(backup)
    catalog.set_suspect(newer.backup_id, "tiny")

    assert list(catalog.living_backups("oempro").items()) == [(older.backup_id, ""), (newer.backup_id, "tiny")]


def test_copy_can_be_added_once(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)
    catalog.add_copy(make_copy(backup.backup_id, "s3", CopyState.PENDING))

    with pytest.raises(CatalogError):
        catalog.add_copy(make_copy(backup.backup_id, "s3"))

    assert [copy.storage for copy in catalog.backup(backup.backup_id).copies] == ["local", "s3"]


def test_copies_are_found_by_their_states(catalog: Catalog) -> None:
    backup = make_backup(copies={"local": CopyState.PRESENT, "s3": CopyState.PENDING})
    catalog.add_backup(backup)

    assert [copy.storage for copy in catalog.copies_in({CopyState.PENDING, CopyState.UPLOADING})] == ["s3"]


def test_copies_of_one_storage_backend_are_found_alone(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(copies={"local": CopyState.PRESENT, "s3": CopyState.PRESENT}))

    found = catalog.copies_in({CopyState.PRESENT}, storage="local")

    assert [copy.storage for copy in found] == ["local"]


def test_copy_may_be_said_to_lie_elsewhere(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)

    catalog.set_copy_state(backup.backup_id, "local", CopyState.PRESENT, START, key="oempro/daily/elsewhere")

    assert catalog.backup(backup.backup_id).copies[0].key == "oempro/daily/elsewhere"
