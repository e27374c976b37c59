"""A sync's report, as the daemon keeps it."""

from __future__ import annotations

import json
from typing import Any

from octeth_backupd.domain.sync.report import (
    Finding,
    FindingKind,
    InstallationReport,
    Repair,
    StorageReport,
    SyncReport,
    document_of,
)
from tests.fakes.catalog_values import START


def make_report(**changes: Any) -> dict[str, Any]:
    """Return a report of a bucket in which most kinds of things were found."""
    found = [
        Finding(kind=FindingKind.MISSING, storage="s3", key="oempro/daily/gone", detail="not there any more"),
        Finding(
            kind=FindingKind.ORPHANED,
            storage="s3",
            key="oempro/daily/left",
            detail="left by a deletion",
            repair=Repair.REMOVE,
        ),
        Finding(
            kind=FindingKind.INCOMPLETE, storage="s3", key="k.json", detail="x", outcome="written", is_repaired=True
        ),
        *[
            Finding(kind=FindingKind.UNKNOWN, storage="s3", key=f"note-{n}", detail="no file of ours")
            for n in range(12)
        ],
    ]
    values: dict[str, Any] = {
        "run_id": "run-2",
        "at": START,
        "storages": (
            StorageReport(storage="local", problem="nothing is mounted", hint="Mount it."),
            StorageReport(storage="s3", archives=3, archive_bytes=3 << 30, added=2, changed=1, findings=tuple(found)),
        ),
        "installations": (
            InstallationReport(
                installation_id="0" * 32, is_ours=True, is_own=True, servers=("oempro",), backups=2, newest="oempro-a"
            ),
            InstallationReport(
                installation_id="1" * 32, is_ours=False, is_own=False, servers=("oempro", "shop"), backups=1
            ),
        ),
        "states_taken": 4,
    }
    report: dict[str, Any] = json.loads(json.dumps(document_of(SyncReport(**values | changes))))
    return report
