"""Copies are deleted one after the other, and the catalog is true at every moment of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus
from octeth_backupd.domain.events import Warned
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.domain.retention.decisions import CopyDecision
from octeth_backupd.domain.retention.settings import RemoteRetentionSettings
from octeth_backupd.errors import RetainedError, StorageError
from octeth_backupd.pipeline.retention.expiry import Deleted, Deletion
from octeth_backupd.pipeline.retention.inventory import take_inventory

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from tests.fakes.shelf import Shelf


def carry_out(shelf: Shelf) -> Deleted:
    found = take_inventory("oempro", shelf.parts, shelf.bench.clock.now())
    return Deletion(shelf.context(Operation.RETENTION), shelf.parts).carry_out(found.plan.expiring)


def test_copy_is_marked_before_its_first_file_goes(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    nights = shelf.nights(3)
    seen = []
    delete = shelf.remote.delete

    def look(key: str) -> None:
        seen.append(shelf.copy_detail(nights[1], "s3"))
        delete(key)

    shelf.settings = shelf.settings.model_copy(update={"daily": 1})
    monkeypatch.setattr(shelf.remote, "delete", look)
    carry_out(shelf)

    assert seen == [(CopyState.PRESENT, EXPIRING)] * 3
    assert shelf.copy_detail(nights[1], "s3") == (CopyState.DELETED, f"by run {shelf.bench.run.run_id}")


def test_copy_that_was_pinned_since_the_plan_stays(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    now = shelf.bench.clock.now()
    planned = take_inventory("oempro", shelf.parts, now).plan.expiring
    shelf.bench.catalog.holdings.pin(nights[1].backup_id, note="", by="me", at=now)

    found = Deletion(shelf.context(Operation.RETENTION), shelf.parts).carry_out(planned)

    assert {backup_id for backup_id, _ in found.gone} == {nights[2].backup_id}


def test_locked_copy_is_retained_with_its_date_and_its_local_one_goes_next_time(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    until = shelf.bench.clock.now() + timedelta(days=9)
    shelf.remote.retained_until[nights[1].copies[0].key] = until

    first = carry_out(shelf)
    assert first.retained == [(nights[1].backup_id, "s3")]
    assert first.problems == []
    assert first.words == "2 copies expired, 20 B freed; 1 locked by their storage"
    assert shelf.state(nights[1], "s3") is CopyState.RETAINED
    assert shelf.state(nights[1]) is CopyState.PRESENT

    second = carry_out(shelf)
    assert second.gone == [(nights[1].backup_id, "local")]

    shelf.remote.retained_until.clear()
    shelf.bench.clock.go(9 * 86400)
    assert carry_out(shelf).gone == [(nights[1].backup_id, "s3")]


def test_lock_that_shows_only_at_the_deletion_is_no_problem(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    nights = shelf.nights(5)

    def refuse(key: str) -> None:
        raise RetainedError(f"{key} is retained", until=None)

    monkeypatch.setattr(shelf.remote, "delete", refuse)

    assert carry_out(shelf).problems == []
    assert shelf.copy_detail(nights[1], "s3") == (CopyState.RETAINED, "locked by its storage")


def test_copy_that_lost_its_manifest_only_is_finished_next_time(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    nights = shelf.nights(5)
    delete = shelf.remote.delete

    def fail_after_the_manifest(key: str) -> None:
        if not key.endswith(".json"):
            raise StorageError("no network", retryable=True)
        delete(key)

    monkeypatch.setattr(shelf.remote, "delete", fail_after_the_manifest)
    found = carry_out(shelf)
    assert len(found.problems) == 2
    assert len([event for event in shelf.bench.events if isinstance(event, Warned)]) == 2
    assert shelf.copy_detail(nights[1], "s3") == (CopyState.PRESENT, EXPIRING)

    monkeypatch.undo()
    shelf.bench.catalog.holdings.pin(nights[1].backup_id, note="", by="me", at=shelf.bench.clock.now())
    shelf.bench.catalog.holdings.unpin(nights[1].backup_id, by="me", at=shelf.bench.clock.now())
    assert len(carry_out(shelf).gone) == 4


def test_what_is_not_ours_is_told_and_stays_as_it_is(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    shelf.remote.files[f"{nights[1].copies[0].key}.json"] = b"notes"

    found = carry_out(shelf)

    assert len(found.problems) == 1
    assert "no manifest that this release reads" in found.problems[0]
    assert shelf.copy_detail(nights[1], "s3") == (CopyState.PRESENT, "")
    assert found.result().status is RunStatus.DEGRADED


def test_copy_goes_only_when_the_one_that_stays_is_really_there(shelf: Shelf) -> None:
    nights = _nights_that_stay_remotely(shelf)
    shelf.remote.files.pop(nights[0].copies[0].key)

    found = carry_out(shelf)

    assert shelf.state(nights[0], "s3") is CopyState.MISSING
    assert shelf.state(nights[0]) is CopyState.PRESENT
    assert "its archive is not there any more" in found.problems[0]
    assert found.gone == [(nights[1].backup_id, "local")]


def test_storage_that_is_away_is_asked_once_and_what_it_should_confirm_stays(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = _nights_that_stay_remotely(shelf)
    asked = []

    def away(key: str) -> None:
        asked.append(key)
        raise StorageError("no network", retryable=True)

    monkeypatch.setattr(shelf.remote, "stat", away)

    found = carry_out(shelf)

    assert (len(asked), found.gone) == (1, [])
    assert found.problems[1:] == ["s3: 1 more wait for it"]
    assert {shelf.state(night) for night in nights} == {CopyState.PRESENT}


def test_copy_stays_when_the_other_one_is_being_deleted_since_the_plan(shelf: Shelf) -> None:
    nights = _nights_that_stay_remotely(shelf)
    planned = take_inventory("oempro", shelf.parts, shelf.bench.clock.now()).plan.expiring
    remote = next(one for one in shelf.bench.catalog.backup(nights[0].backup_id).copies if one.storage == "s3")
    assert shelf.bench.catalog.claims.claim(remote, staying={"local"})

    found = Deletion(shelf.context(Operation.RETENTION), shelf.parts).carry_out(planned)

    assert found.gone == [(nights[1].backup_id, "local")]
    assert shelf.state(nights[0]) is CopyState.PRESENT


def _nights_that_stay_remotely(shelf: Shelf) -> list[Backup]:
    """Return two nights whose local copies are to go, and no remote one."""
    remote = RemoteRetentionSettings(daily=9, weekly=9, monthly=9)
    shelf.settings = shelf.settings.model_copy(update={"remote": remote})
    nights = shelf.nights(5)[1:3]
    planned = take_inventory("oempro", shelf.parts, shelf.bench.clock.now()).plan.expiring
    assert [(one.backup_id, one.storage) for one in planned] == [(one.backup_id, "local") for one in nights]
    return nights


def test_outcome_in_words() -> None:
    assert Deleted().words == "nothing expired"
    assert Deleted(gone=[("a", "local")], freed_bytes=2048).words == "1 copy expired, 2.0 KiB freed"
    assert Deleted().result(extra=1).detail["extra"] == 1


def test_copy_that_is_not_where_it_should_be_frees_nothing_and_is_missing(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    shelf.remote.files.clear()  # as when the bucket or the prefix was changed
    shelf.settings = shelf.settings.model_copy(update={"daily": 1})

    found = carry_out(shelf)

    lost = [night for night in nights if shelf.state(night, "s3") is CopyState.MISSING]
    assert lost
    assert not [storage for _, storage in found.gone if storage == "s3"]
    assert all("nothing was freed" in problem or "stays in" in problem for problem in found.problems)
    assert any("Was the place of s3 changed" in problem for problem in found.problems)


def test_copy_that_was_lost_before_frees_nothing_and_that_is_said(shelf: Shelf) -> None:
    nights = shelf.nights(3)
    lost = shelf.bench.catalog.backup(nights[1].backup_id).copies
    for copy in lost:
        at = shelf.bench.clock.now()
        shelf.bench.catalog.set_copy_state(copy.backup_id, copy.storage, CopyState.MISSING, at=at, detail="gone")
    shelf.remote.files.clear()
    for name in shelf.bench.stored():
        shelf.bench.storage.delete(name)
    decisions = [
        CopyDecision(
            backup_id=copy.backup_id,
            taken_at=nights[1].taken_at,
            storage=copy.storage,
            is_remote=copy.storage == "s3",
            size_bytes=copy.size_bytes,
            expires=True,
            reasons=(),
        )
        for copy in lost
    ]

    found = Deletion(shelf.context(Operation.DELETE), shelf.parts).carry_out(decisions)

    assert (len(found.gone), found.freed_bytes, found.problems) == (2, 0, [])
    assert found.words == "2 copies expired, nothing freed: no file was there"


def test_only_what_was_there_counts_as_freed() -> None:
    both = Deleted(gone=[("a", "local"), ("b", "s3")], freed_bytes=2048, absent=1)

    assert both.words == "2 copies expired, 2.0 KiB freed (1 of them had no file any more)"
    assert Deleted(gone=[("a", "s3")], absent=1).words == "1 copy expired, nothing freed: no file of it was there"
