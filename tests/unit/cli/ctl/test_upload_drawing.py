"""How uploads stand, for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from octeth_backupd.domain.upload_status import RunningUpload, StorageUploads
from tests.fakes.services import GIB, NOW, FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def shown(*uploads: StorageUploads) -> str:
    services = FakeServices()
    services.uploads = list(uploads)
    return run_command(FakeConnection(services), "status")[1].shown


def test_a_storage_that_has_everything_says_so() -> None:
    assert "s3 (storage)\n  uploads  nothing waits\n" in shown(StorageUploads(storage="s3", configured=True))


def test_what_waits_is_told_with_its_reason_and_what_is_on_its_way_with_its_progress() -> None:
    text = shown(
        StorageUploads(
            storage="s3",
            configured=True,
            pending_copies=3,
            pending_bytes=6 * GIB,
            pending_since=NOW - timedelta(days=1),
            last_error="connection refused",
            last_error_at=NOW,
            next_try_at=datetime.now(UTC) + timedelta(minutes=8),
            uploading=(
                RunningUpload(
                    backup_id="oempro-1", run_id="r", done_bytes=GIB, total_bytes=2 * GIB, rate_bytes_per_second=20e6
                ),
            ),
        )
    )

    assert "  not there yet  3 copies, 6.0 GiB, since 2026-11-" in text
    assert "  uploading      oempro-1, 1.0 GiB of 2.0 GiB, 19.1 MiB/s\n" in text
    assert "  ! last error   connection refused, 2026-11-" in text
    assert "  next try       2" in text


def test_a_try_whose_time_has_come_is_due_and_does_not_slide_into_the_past() -> None:
    text = shown(
        StorageUploads(
            storage="s3", configured=True, pending_copies=1, pending_bytes=5, pending_since=NOW, next_try_at=NOW
        )
    )

    assert "  next try       due now\n" in text


def test_copies_that_wait_for_a_storage_that_was_taken_out_are_told_loudly() -> None:
    text = shown(StorageUploads(storage="old", configured=False, pending_copies=1, pending_bytes=5, pending_since=NOW))

    assert "old (storage, not configured any more)\n  not there yet  1 copy, 5 B, since " in text
    assert "✗ nothing is uploaded there until it is configured again" in text
