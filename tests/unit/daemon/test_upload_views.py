"""How uploads stand, for each storage backend."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.daemon.run_recorder import RunRecorder
from octeth_backupd.daemon.upload_views import upload_views
from octeth_backupd.domain.backup import CopyState, Operation, Tier, Trigger
from octeth_backupd.domain.events import StepProgress
from octeth_backupd.domain.upload_status import RunningUpload, StorageUploads
from tests.fakes.catalog_values import START
from tests.fakes.uploads import add_waiting_backup
from tests.unit.daemon.test_upload_watch import Watched

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


class Viewed:
    """A watch whose views are asked for."""

    def __init__(self, bench: Bench) -> None:
        self.watched = Watched(bench)
        self.recorder = RunRecorder(bench.catalog)
        bench.bus.subscribe(self.recorder.follow)

    def views(self) -> dict[str, StorageUploads]:
        watched = self.watched
        views = upload_views(watched.parts, watched.watch, self.recorder, watched.coordinator.active())
        return {view.storage: view for view in views}

    def progress(self, run_id: str, step: str) -> None:
        bench = self.watched.bench
        bench.bus.publish(
            StepProgress(
                run_id=run_id,
                server="oempro",
                at=bench.clock.now(),
                step=step,
                done_bytes=4,
                total_bytes=10,
                rate_bytes_per_second=2.0,
            )
        )


@pytest.fixture
def viewed(bench: Bench) -> Viewed:
    """Two remote storage backends."""
    return Viewed(bench)


def test_each_remote_storage_is_there_though_nothing_waits(viewed: Viewed) -> None:
    assert viewed.views() == {
        "s3": StorageUploads(storage="s3", configured=True),
        "offsite": StorageUploads(storage="offsite", configured=True),
    }


def test_what_waits_is_counted_with_its_age_the_last_error_and_the_next_try(viewed: Viewed) -> None:
    bench = viewed.watched.bench
    first, second = add_waiting_backup(bench, 2), add_waiting_backup(bench, 1)
    for minutes, backup, error in ((1, second, "timed out"), (2, first, "connection refused")):
        at = START + timedelta(minutes=minutes)
        bench.catalog.uploads.end_copy(backup.backup_id, "s3", CopyState.PENDING, at=at, detail=error)
    viewed.watched.waits(first, storage_failed=True)

    assert viewed.views()["s3"] == StorageUploads(
        storage="s3",
        configured=True,
        pending_copies=2,
        pending_bytes=20,
        pending_since=START - timedelta(days=2),
        last_error="connection refused",
        last_error_at=START + timedelta(minutes=2),
        next_try_at=START + timedelta(minutes=1),
    )


def test_a_storage_that_is_not_configured_any_more_is_shown_as_long_as_something_waits_for_it(viewed: Viewed) -> None:
    add_waiting_backup(viewed.watched.bench, pending=("old",))

    view = viewed.views()["old"]

    assert (view.configured, view.pending_copies, view.next_try_at) == (False, 1, None)


@pytest.mark.parametrize(("step", "done_bytes"), [("upload s3", 4), ("upload offsite", 0)])
def test_what_an_upload_run_is_at_is_shown_with_its_progress(viewed: Viewed, step: str, done_bytes: int) -> None:
    bench = viewed.watched.bench
    backup = add_waiting_backup(bench)
    active = viewed.watched.look()
    assert active is not None
    bench.catalog.uploads.begin_copy(backup.backup_id, "s3", key=backup.copies[0].key, at=START)
    viewed.progress(active.run.run_id, step)

    view = viewed.views()["s3"]

    assert view.next_try_at is None
    assert view.uploading == (
        RunningUpload(
            backup_id=backup.backup_id,
            run_id=active.run.run_id,
            done_bytes=done_bytes,
            total_bytes=10,
            rate_bytes_per_second=done_bytes / 2,
        ),
    )


def test_what_a_backup_run_uploads_is_its_own(viewed: Viewed) -> None:
    bench, coordinator = viewed.watched.bench, viewed.watched.coordinator
    request: dict[str, Any] = {"server": "oempro", "trigger": Trigger.MANUAL, "requested_by": "me", "wait": False}
    run = coordinator.submit(Operation.BACKUP, tiers=frozenset({Tier.MANUAL}), **request)
    backup = add_waiting_backup(bench, pending=("s3", "offsite"), run_id=run.run_id)
    bench.catalog.uploads.begin_copy(backup.backup_id, "s3", key=backup.copies[0].key, at=START)

    views = viewed.views()

    assert [running.run_id for running in views["s3"].uploading] == [run.run_id]
    assert (views["offsite"].pending_copies, views["offsite"].next_try_at) == (1, None)
