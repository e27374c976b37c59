"""The upload steps of a backup run, and the operation that brings what waits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus
from octeth_backupd.domain.events import CopyWaits, StepStarted
from octeth_backupd.domain.upload import Upload, UploadOrder
from octeth_backupd.errors import CancelledError, CatalogError, MetadataError, SpaceError, StorageError
from octeth_backupd.pipeline.backup import back_up
from octeth_backupd.pipeline.upload import upload_waiting
from tests.fakes.catalog_values import START
from tests.fakes.installation import INSTALLATION
from tests.fakes.runs import a_run
from tests.fakes.storage import backup_files
from tests.fakes.uploads import GONE, Remote, add_waiting_backup

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.pipeline.result import RunResult
    from tests.fakes.bench import Bench

KEY = "oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.zst"
FILES = [KEY, f"{KEY}.json", f"{KEY}.sha256"]


class Site:
    """A bench with two remote storage backends."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.s3 = Remote("s3")
        self.offsite = Remote("offsite")

    def parts(self, **changes: Any) -> Any:
        return self.bench.parts(**{"storages": (self.bench.storage, self.s3, self.offsite)} | changes)

    def back_up(self, **changes: Any) -> RunResult:
        return back_up(self.bench.context(), self.parts(**changes))

    def upload(self, *backups: Backup, storages: tuple[str, ...] = ("s3", "offsite"), **changes: Any) -> RunResult:
        order = UploadOrder(
            copies=frozenset((backup.backup_id, copy.storage) for backup in backups for copy in backup.copies),
            storages=frozenset(storages),
        )
        context = self.bench.context(a_run("uploads", operation=Operation.UPLOAD))
        return upload_waiting(replace(context, order=order), self.parts(**changes))

    def states(self, backup_id: str | None) -> dict[str, CopyState]:
        return {copy.storage: copy.state for copy in self.bench.catalog.backup(backup_id or "").copies}


@pytest.fixture
def site(bench: Bench) -> Site:
    """Two remote storage backends that work."""
    return Site(bench)


def test_a_backup_is_uploaded_to_every_storage_by_its_own_run(site: Site) -> None:
    result = site.back_up()

    assert result.status is RunStatus.SUCCESS
    assert backup_files(site.s3) == backup_files(site.offsite) == FILES
    assert site.bench.stored() == FILES
    assert set(site.states(result.backup_id).values()) == {CopyState.PRESENT}
    steps = [event.step for event in site.bench.events if isinstance(event, StepStarted)]
    assert steps[-5:] == ["store", "record", "upload s3", "upload offsite", "expire"]


def test_it_is_recorded_with_a_pending_copy_before_anything_is_sent(site: Site) -> None:
    seen: list[dict[str, CopyState]] = []
    site.s3.while_putting = lambda _key: seen.append(site.states("oempro-2026-11-22_02-00-00"))

    site.back_up()

    assert seen == [{"local": CopyState.PRESENT, "s3": CopyState.UPLOADING, "offsite": CopyState.PENDING}]


def test_a_storage_that_is_down_degrades_the_run_and_keeps_no_other_from_its_copy(site: Site) -> None:
    site.s3.failure = GONE

    result = site.back_up()

    assert result.status is RunStatus.DEGRADED
    assert result.detail["degraded"] == [f"s3: {result.backup_id} is pending: connection refused"]
    assert site.states(result.backup_id) == {
        "local": CopyState.PRESENT,
        "s3": CopyState.PENDING,
        "offsite": CopyState.PRESENT,
    }


def test_a_cancel_during_the_upload_ends_the_upload_and_not_the_backup(site: Site) -> None:
    site.s3.while_putting = lambda _key: site.bench.cancellation.cancel(CancelledError("cancelled by uid 0"))

    result = site.back_up()

    assert result.status is RunStatus.DEGRADED
    assert result.detail["degraded"] == ["the copies that are not there yet are pending: cancelled by uid 0"]
    assert site.states(result.backup_id)["s3"] is CopyState.PENDING
    assert site.bench.stored() == FILES


def test_a_defect_of_an_upload_does_not_fail_a_good_backup(site: Site) -> None:
    def defect(_key: str) -> None:
        raise ZeroDivisionError

    site.s3.while_putting = defect

    with capture_logs():
        result = site.back_up()

    assert result.status is RunStatus.DEGRADED
    assert "internal error: ZeroDivisionError" in result.detail["degraded"][0]


def test_the_workspace_is_gone_before_the_upload_begins(site: Site) -> None:
    seen: list[bool] = []
    site.s3.while_putting = lambda _key: seen.append(any(site.bench.workspaces.iterdir()))

    site.back_up()

    assert seen == [False]


def test_what_is_not_kept_locally_goes_after_the_last_copy_arrived(site: Site) -> None:
    result = site.back_up(keep_local=False)

    assert result.status is RunStatus.SUCCESS
    assert site.bench.stored() == []
    assert site.states(result.backup_id) == {
        "local": CopyState.DELETED,
        "s3": CopyState.PRESENT,
        "offsite": CopyState.PRESENT,
    }


def test_what_is_not_kept_locally_stays_while_one_copy_is_pending_and_goes_with_the_run_that_brings_it(
    site: Site,
) -> None:
    site.offsite.failure = GONE
    result = site.back_up(keep_local=False)
    stored_meanwhile = site.bench.stored()
    site.offsite.failure = None

    uploaded = site.upload(site.bench.catalog.backup(result.backup_id or ""), keep_local=False)

    assert (result.status, stored_meanwhile) == (RunStatus.DEGRADED, FILES)
    assert (uploaded.status, site.bench.stored()) == (RunStatus.SUCCESS, [])
    assert backup_files(site.offsite) == FILES


def test_waiting_copies_are_brought_oldest_first(site: Site) -> None:
    order: list[str] = []
    site.s3.while_putting = order.append
    backups = [add_waiting_backup(site.bench, days) for days in (1, 3, 2)]

    result = site.upload(*backups)

    assert result.detail == {"uploaded": [backups[n].backup_id for n in (1, 2, 0)], "uploaded_bytes": 30}
    assert [key[-27:-17] for key in order] == ["2026-11-19", "2026-11-20", "2026-11-21"]


def test_only_what_was_ordered_is_brought(site: Site) -> None:
    ordered, later = add_waiting_backup(site.bench, 1), add_waiting_backup(site.bench)
    foreign = add_waiting_backup(site.bench, server="shop")

    site.upload(ordered)

    assert [site.states(one.backup_id)["s3"] for one in (ordered, later, foreign)] == [
        CopyState.PRESENT,
        CopyState.PENDING,
        CopyState.PENDING,
    ]


def test_a_storage_that_is_away_is_asked_once_and_the_rest_waits(site: Site) -> None:
    backups = [add_waiting_backup(site.bench, days) for days in range(3)]
    site.s3.failure = GONE

    with pytest.raises(StorageError, match=r"connection refused; s3: 2 more wait for it") as raised:
        site.upload(*backups)

    assert raised.value.retryable
    assert len(site.s3.asked) == 1


def test_a_copy_that_is_refused_keeps_no_other_from_arriving(site: Site) -> None:
    broken, good = add_waiting_backup(site.bench, 1), add_waiting_backup(site.bench)
    (site.bench.backups / broken.copies[0].key).write_bytes(b"an archiv!")

    result = site.upload(broken, good)

    assert result.status is RunStatus.DEGRADED
    assert site.states(broken.backup_id)["s3"] is CopyState.PENDING
    assert site.states(good.backup_id)["s3"] is CopyState.PRESENT


def test_copies_of_a_storage_that_is_not_configured_any_more_are_left_as_they_are(site: Site) -> None:
    backup = add_waiting_backup(site.bench, pending=("old",))

    result = site.upload(backup)

    assert result.status is RunStatus.SUCCESS
    assert site.states(backup.backup_id)["old"] is CopyState.PENDING


def test_a_cancelled_upload_run_is_cancelled(site: Site) -> None:
    site.bench.cancellation.cancel(CancelledError("cancelled by uid 0"))

    with pytest.raises(CancelledError):
        site.upload(add_waiting_backup(site.bench))


def test_parts_that_are_left_over_are_discarded_where_the_storage_may_be_asked(site: Site) -> None:
    for name in ("s3", "offsite"):
        site.bench.catalog.uploads.remember_upload(
            Upload(
                storage=name,
                key="oempro/daily/gone",
                upload_id="u",
                size_bytes=9,
                part_bytes=5,
                sha256="ab",
                begun_at=START,
            )
        )

    site.upload(storages=("s3",))

    assert (site.s3.asked, site.offsite.asked) == (["oempro/daily/gone"], [])


def test_parts_that_cannot_be_discarded_put_their_storage_off(site: Site) -> None:
    site.bench.catalog.uploads.remember_upload(
        Upload(
            storage="s3",
            key="oempro/daily/gone",
            upload_id="u",
            size_bytes=9,
            part_bytes=5,
            sha256="ab",
            begun_at=START,
        )
    )
    site.s3.failure = GONE

    with pytest.raises(StorageError, match="parts of an ended upload could not be discarded: connection refused"):
        site.upload()

    (waits,) = [event for event in site.bench.events if isinstance(event, CopyWaits)]
    assert (waits.storage, waits.backup_id, waits.storage_failed) == ("s3", "", True)


def test_a_local_copy_that_cannot_be_removed_is_a_problem_of_its_own(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(key: str) -> None:
        raise StorageError(f"{key}: read-only file system")

    monkeypatch.setattr(site.bench.storage, "delete", busy)

    result = site.back_up(keep_local=False)

    assert result.status is RunStatus.DEGRADED
    assert "could not be removed" in result.detail["degraded"][0]
    (waits,) = [event for event in site.bench.events if isinstance(event, CopyWaits)]
    assert (waits.storage, waits.backup_id, waits.storage_failed) == ("local", result.backup_id, False)


STATE = f"oempro/state-{INSTALLATION}.json"


def test_what_is_said_of_backups_is_written_beside_them_by_the_backups_own_run(site: Site) -> None:
    result = site.back_up()

    texts = [site.bench.storage.read_text(STATE), site.s3.read_text(STATE), site.offsite.read_text(STATE)]
    assert set(texts) == {texts[0]}
    assert result.backup_id is not None
    assert result.backup_id in texts[0]


def test_state_is_not_tried_where_the_backup_itself_did_not_arrive_and_comes_with_its_upload(site: Site) -> None:
    site.s3.failure = GONE
    result = site.back_up()
    meanwhile = list(site.s3.files)
    site.s3.failure = None

    site.upload(site.bench.catalog.backup(result.backup_id or ""))

    assert meanwhile == []
    assert site.s3.read_text(STATE) == site.bench.storage.read_text(STATE)


def test_state_that_cannot_be_written_degrades_a_good_backup(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_key: str, _text: str) -> None:
        raise StorageError("access denied")

    monkeypatch.setattr(site.offsite, "replace_text", refuse)

    result = site.back_up()

    assert result.status is RunStatus.DEGRADED
    assert result.detail["degraded"] == [f"offsite: {STATE} could not be written: access denied"]


@pytest.mark.parametrize("error", [SpaceError("no space left"), MetadataError("no document"), CatalogError("locked")])
def test_whatever_is_wrong_with_state_a_good_backup_is_degraded_and_known_by_its_id(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(_key: str, _text: str) -> None:
        raise error

    monkeypatch.setattr(site.bench.storage, "replace_text", refuse)

    result = site.back_up()

    assert (result.status, result.backup_id) == (RunStatus.DEGRADED, "oempro-2026-11-22_02-00-00")
    assert result.detail["degraded"] == [f"local: {STATE} could not be written: {error}"]


@pytest.mark.parametrize("error", [CatalogError("locked"), ZeroDivisionError("by zero")])
def test_state_that_cannot_even_be_looked_at_degrades_a_good_backup(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("octeth_backupd.pipeline.upload.stale_states", refuse)

    with capture_logs():
        result = site.back_up()

    assert (result.status, result.backup_id) == (RunStatus.DEGRADED, "oempro-2026-11-22_02-00-00")
    assert str(error) in result.detail["degraded"][0]


def test_a_cancel_while_state_is_written_is_no_problem_of_the_backup(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(_key: str, _text: str) -> None:
        reason = CancelledError("enough")
        site.bench.cancellation.cancel(reason)
        raise reason

    monkeypatch.setattr(site.bench.storage, "replace_text", cancelled)

    assert site.back_up().status is RunStatus.SUCCESS
