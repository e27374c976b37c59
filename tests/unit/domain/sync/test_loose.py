"""Files that no backup accounts for."""

from __future__ import annotations

from datetime import timedelta

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.sync.loose import left_partials, left_uploads, loose_files
from octeth_backupd.domain.sync.places import FoundFile, sorted_out
from octeth_backupd.domain.sync.report import FindingKind, Repair
from octeth_backupd.domain.upload import Upload
from tests.fakes.catalog_values import START, make_copy

KEY = "oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.zst"
NOW = START
OLD, YOUNG = NOW - timedelta(days=2), NOW - timedelta(hours=20)
KNOWN = make_copy("x", "s3", key=KEY)


def file(key: str, at: object = OLD) -> FoundFile:
    return FoundFile(key=key, size_bytes=1, modified_at=at)  # type: ignore[arg-type]


def upload(key: str = KEY, *, sha256: str = "ab" * 32, at: object = OLD) -> Upload:
    return Upload(
        storage="s3",
        key=key,
        upload_id="u",
        size_bytes=1,
        part_bytes=1,
        sha256=sha256,
        begun_at=at,  # type: ignore[arg-type]
    )


def test_an_archive_without_a_manifest_is_told_after_a_day_and_never_repaired() -> None:
    listing = sorted_out([file(KEY), file(f"{KEY}.sha256"), file(KEY.replace("22", "21"), YOUNG)])

    findings = list(loose_files(listing, {}, storage="s3", now=NOW))

    assert [finding.key for finding in findings] == [KEY, f"{KEY}.sha256"]
    assert {finding.kind for finding in findings} == {FindingKind.ORPHANED}
    assert {finding.repair for finding in findings} == {None}


def test_what_the_catalog_knows_is_accounted_for_whatever_its_name() -> None:
    adopted = "daily/octeth-backup-2026-01-01_02-00-00.tar.gz"
    listing = sorted_out([file(KEY), file(adopted), file(f"{adopted}.sha256")])

    findings = loose_files(listing, {KEY: KNOWN, adopted: make_copy("y", "s3", key=adopted)}, storage="s3", now=NOW)

    assert list(findings) == []


def test_an_upload_of_ours_that_nobody_waits_for_may_be_aborted() -> None:
    awaited = {KEY: make_copy("x", "s3", CopyState.UPLOADING, key=KEY)}

    (left,) = left_uploads([upload()], {}, now=NOW)

    assert (left.kind, left.repair) == (FindingKind.ORPHANED, Repair.ABORT_UPLOAD)
    assert list(left_uploads([upload()], awaited, now=NOW)) == []


def test_an_upload_of_others_is_told_after_a_day_and_never_aborted() -> None:
    findings = list(left_uploads([upload(sha256=""), upload("b", sha256="", at=YOUNG)], {}, now=NOW))

    assert [(finding.key, finding.repair) for finding in findings] == [(KEY, None)]


def test_a_partial_file_may_be_removed_where_the_catalog_knows_whose_it_is() -> None:
    files = [file(f"{KEY}.json"), file("oempro/daily/other"), file("young", YOUNG)]

    findings = list(left_partials(files, {KEY: KNOWN}, storage="local", now=NOW))

    assert [(finding.key, finding.repair) for finding in findings] == [
        (f"{KEY}.json", Repair.ABORT_UPLOAD),
        ("oempro/daily/other", None),
    ]
