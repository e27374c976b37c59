"""How uploads stand, for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from octeth_backupd.cli.ctl.upload_drawing import show_uploads
from tests.fakes.terminal import MemoryScreen

GIB = 1024**3
NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def uploads(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "storage": "s3",
        "configured": True,
        "pending_copies": 3,
        "pending_bytes": 6 * GIB,
        "pending_since": (NOW - timedelta(days=3)).isoformat(),
        "last_error": "connection refused",
        "last_error_at": (NOW - timedelta(minutes=2)).isoformat(),
        "next_try_at": (NOW + timedelta(minutes=8)).isoformat(),
        "uploading": [],
    }
    return values | changes


def shown(one: dict[str, Any], *, in_problems: frozenset[str] = frozenset()) -> str:
    screen = MemoryScreen()
    show_uploads([one], screen, now=NOW, in_problems=in_problems)
    return screen.shown


def test_where_nothing_waits_nothing_is_shown() -> None:
    assert shown(uploads(pending_copies=0)) == ""


def test_what_waits_is_told_with_its_reason_and_what_is_on_its_way_with_its_progress() -> None:
    running = {"backup_id": "oempro-1", "done_bytes": GIB, "total_bytes": 2 * GIB, "rate_bytes_per_second": 20e6}

    text = shown(uploads(uploading=[running]))

    assert "  s3           3 copies not there yet, 6.0 GiB, for 3 days; next try in 8 min\n" in text
    assert "now: oempro-1\n" in text
    assert "1.0 GiB of 2.0 GiB (50 %), 19.1 MiB/s" in text
    assert "the last try, 2 min ago: connection refused" in text


def test_what_a_problem_says_is_not_said_again() -> None:
    text = shown(uploads(configured=False), in_problems=frozenset({"s3"}))

    assert text == "\nuploads\n  s3           see above; next try in 8 min\n"


def test_a_try_whose_time_has_come_is_now_and_does_not_slide_into_the_past() -> None:
    assert "next try now\n" in shown(uploads(next_try_at=(NOW - timedelta(minutes=1)).isoformat()))


def test_copies_that_wait_for_a_storage_that_was_taken_out_are_told_loudly() -> None:
    text = " ".join(shown(uploads(configured=False, next_try_at=None)).split())

    assert "not configured any more: nothing is uploaded there until it is again" in text
