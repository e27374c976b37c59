"""What the journal shows a person."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.telemetry.sentences import sentence


@pytest.mark.parametrize(
    ("event", "facts", "expected"),
    [
        (
            "run.finished",
            {
                "operation": "backup",
                "server": "oempro",
                "status": "success",
                "duration_seconds": 151.2,
                "backup_id": "oempro-2026-11-22_02-00-00",
                "error": None,
            },
            "backup of oempro: success after 151.2 s (oempro-2026-11-22_02-00-00)",
        ),
        (
            "run.finished",
            {
                "operation": "backup",
                "server": "oempro",
                "status": "failed",
                "error": "login refused",
                "hint": "Correct the password.",
            },
            "backup of oempro: failed: login refused. Correct the password",
        ),
        ("run.queued", {"operation": "sync", "server": "", "requested_by": "uid 0"}, "sync queued, for uid 0"),
        ("run.warning", {"server": "oempro", "message": "disk is slow"}, "oempro: disk is slow"),
        ("step.started", {"server": "", "step": "compare local"}, "compare local started"),
        ("step.started", {"server": "oempro", "step": "archive"}, "oempro: archive started"),
        ("run.warning", {"operation": "sync", "server": "", "message": "slow"}, "sync: slow"),
        (
            "step.finished",
            {"server": "oempro", "step": "archive", "status": "failed", "duration_seconds": 2, "error": "tar: full"},
            "oempro: archive: failed after 2 s: tar: full",
        ),
        ("program.output", {"program": "xtrabackup", "line": "completed OK!"}, "xtrabackup: completed OK!"),
        (
            "control.change",
            {
                "user": "root",
                "uid": 0,
                "pid": 412,
                "method": "POST",
                "path": "/v1/backups",
                "asked": {"server": "oempro"},
                "outcome": "accepted",
                "status": 202,
                "run_id": "run-2",
            },
            "root (uid 0, pid 412): POST /v1/backups server=oempro: accepted (202), run run-2",
        ),
        (
            "control.denied",
            {"user": "looker", "uid": 1000, "pid": 7, "method": "POST", "path": "/v1/backups"},
            "looker (uid 1000, pid 7): POST /v1/backups: not allowed",
        ),
        ("something.new", {"level": "info", "count": 3, "empty": ""}, "something.new: count=3"),
        ("a library's text", {"logger": "urllib3"}, "a library's text"),
    ],
)
def test_event_is_told_as_a_sentence(event: str, facts: dict[str, Any], expected: str) -> None:
    assert sentence(event, facts) == expected


def test_exception_follows_the_sentence() -> None:
    assert sentence("run.internal_error", {"exception": "Traceback\nValueError"}) == (
        "run.internal_error\nTraceback\nValueError"
    )
