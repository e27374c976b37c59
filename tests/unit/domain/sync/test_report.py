"""What a sync found, for people and machines."""

from __future__ import annotations

import json

from octeth_backupd.control.sync_schemas import SyncReportView
from octeth_backupd.domain.sync import report as reports
from octeth_backupd.domain.sync.report import (
    Finding,
    FindingKind,
    InstallationReport,
    StorageReport,
    SyncReport,
    document_of,
    run_detail,
)
from tests.fakes.catalog_values import START


def finding(kind: FindingKind, key: str = "k", *, is_repaired: bool = False) -> Finding:
    return Finding(kind=kind, storage="s3", key=key, detail="why", is_repaired=is_repaired)


def report(*findings: Finding, problem: str = "", problems: tuple[str, ...] = ()) -> SyncReport:
    return SyncReport(
        run_id="run-1",
        at=START,
        storages=(StorageReport(storage="s3", problem=problem, archives=3, findings=findings),),
        installations=(
            InstallationReport(installation_id="i", is_ours=True, is_own=True, servers=("oempro",), backups=3),
        ),
        problems=problems,
    )


def test_only_what_somebody_must_look_at_degrades() -> None:
    harmless = [finding(kind) for kind in FindingKind if not kind.is_alarming]

    assert report(*harmless).degraded() == []
    assert report(finding(FindingKind.MISSING), finding(FindingKind.MISSING)).degraded() == ["s3: 2 missing"]
    assert report(problem="access denied", problems=("x",)).degraded() == ["s3: access denied", "x"]


def test_what_was_repaired_alarms_nobody() -> None:
    assert report(finding(FindingKind.INCOMPLETE, is_repaired=True)).degraded() == []


def test_the_runs_detail_is_small_however_much_was_found() -> None:
    detail = run_detail(report(*(finding(FindingKind.UNKNOWN, f"k{number}") for number in range(5_000))))

    assert detail["storages"]["s3"]["unknown"] == 5_000
    assert len(detail["first_findings"]["unknown"]) == 5
    assert len(json.dumps(detail)) < 1_000


def test_the_document_is_what_the_interface_shows() -> None:
    document = json.loads(json.dumps(document_of(report(finding(FindingKind.MISSING)))))

    view = SyncReportView.model_validate(document)

    assert view.storages[0].counts == {"missing": 1}
    assert view.storages[0].findings[0].kind is FindingKind.MISSING
    assert view.installations[0].servers == ["oempro"]
    assert view.problems == ["s3: 1 missing"]


def test_of_very_many_findings_the_alarming_ones_are_kept() -> None:
    many = [finding(FindingKind.UNKNOWN, f"k{number}") for number in range(reports.MOST_FINDINGS)]

    document = document_of(report(*many, finding(FindingKind.MISSING, "gone")))

    assert document["findings_left_out"] == 1
    assert document["storages"][0]["findings"][0]["key"] == "gone"
    assert document["storages"][0]["counts"]["unknown"] == len(many)
