"""One known copy and what lies in its place."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.domain.backup import Backup, Copy, CopyState, Origin
from octeth_backupd.domain.sync.comparison import compare_copy, impostor, is_wrong_size, wrong_size
from octeth_backupd.domain.sync.places import FoundArchive, FoundFile
from octeth_backupd.domain.sync.report import FindingKind, Repair
from tests.fakes.catalog_values import START, make_backup

WHOLE = 2_000


def known(state: CopyState, *, detail: str = "", **fields: Any) -> tuple[Copy, Backup]:
    backup = make_backup(copies={"s3": state}, **fields)
    copy = Copy(**{name: getattr(backup.copies[0], name) for name in Copy.__dataclass_fields__} | {"detail": detail})
    return copy, backup


def there(copy: Copy, size_bytes: int | None = WHOLE, *, checksum: bool = True, manifest: bool = True) -> FoundArchive:
    def file(suffix: str, size: int) -> FoundFile:
        return FoundFile(key=f"{copy.key}{suffix}", size_bytes=size, modified_at=START)

    return FoundArchive(
        key=copy.key,
        archive=None if size_bytes is None else file("", size_bytes),
        checksum=file(".sha256", 1) if checksum else None,
        manifest=file(".json", 1) if manifest else None,
    )


def nothing(copy: Copy) -> FoundArchive:
    return there(copy, None, checksum=False, manifest=False)


@pytest.mark.parametrize("state", [CopyState.PRESENT, CopyState.RETAINED])
def test_a_copy_that_is_as_it_was_says_nothing(state: CopyState) -> None:
    copy, backup = known(state)

    verdict = compare_copy(copy, backup, there(copy), is_ours=True)

    assert (verdict.change, verdict.findings, verdict.must_identify) == (None, (), False)


@pytest.mark.parametrize("state", [CopyState.PRESENT, CopyState.RETAINED, CopyState.CORRUPT])
def test_a_copy_that_is_gone_is_missing(state: CopyState) -> None:
    copy, backup = known(state)

    verdict = compare_copy(copy, backup, nothing(copy), is_ours=True)

    assert verdict.change is not None
    assert verdict.change.state is CopyState.MISSING
    assert [finding.kind for finding in verdict.findings] == [FindingKind.MISSING]


def test_a_copy_that_stays_gone_is_told_again_and_not_changed_again() -> None:
    copy, backup = known(CopyState.MISSING)

    verdict = compare_copy(copy, backup, there(copy, None), is_ours=True)

    assert verdict.change is None
    assert verdict.findings[0].detail.endswith("only .sha256, .json")


def test_another_size_is_corrupt_with_both_sizes() -> None:
    copy, backup = known(CopyState.PRESENT)

    verdict = compare_copy(copy, backup, there(copy, 3), is_ours=True)

    assert verdict.change is not None
    assert (verdict.change.state, verdict.change.detail) == (CopyState.CORRUPT, "its size is 3 bytes, not 2000")


def test_a_right_size_does_not_refute_a_verification() -> None:
    copy, backup = known(CopyState.CORRUPT, detail="its SHA-256 is aa, not bb")

    verdict = compare_copy(copy, backup, there(copy), is_ours=True)

    assert (verdict.change, verdict.must_identify) == (None, False)
    assert "its SHA-256 is aa" in verdict.findings[0].detail


@pytest.mark.parametrize(("state", "detail"), [(CopyState.MISSING, "gone"), (CopyState.CORRUPT, wrong_size(3, WHOLE))])
def test_what_came_back_is_present_when_its_manifest_says_so(state: CopyState, detail: str) -> None:
    copy, backup = known(state, detail=detail)

    verdict = compare_copy(copy, backup, there(copy), is_ours=True)

    assert (verdict.change, verdict.must_identify) == (None, True)
    assert verdict.if_same is not None
    assert verdict.if_same.state is CopyState.PRESENT


def test_what_came_back_without_its_manifest_is_present_and_incomplete() -> None:
    copy, backup = known(CopyState.MISSING)

    verdict = compare_copy(copy, backup, there(copy, manifest=False), is_ours=True)

    assert verdict.change is not None
    assert verdict.change.state is CopyState.PRESENT
    assert [finding.repair for finding in verdict.findings] == [Repair.WRITE_MANIFEST]


@pytest.mark.parametrize("state", [CopyState.PENDING, CopyState.UPLOADING])
@pytest.mark.parametrize("found", ["nothing", "cut", "no manifest"])
def test_a_copy_on_its_way_is_left_alone(state: CopyState, found: str) -> None:
    copy, backup = known(state)
    places = {"nothing": nothing(copy), "cut": there(copy, 3), "no manifest": there(copy, manifest=False)}

    verdict = compare_copy(copy, backup, places[found], is_ours=True)

    assert (verdict.change, verdict.findings, verdict.must_identify) == (None, (), False)


def test_a_copy_on_its_way_that_is_there_whole_is_identified() -> None:
    copy, backup = known(CopyState.UPLOADING)

    assert compare_copy(copy, backup, there(copy), is_ours=True).must_identify


def test_missing_companions_are_written_by_a_repair_beside_ours_only() -> None:
    copy, backup = known(CopyState.PRESENT)
    bare = there(copy, checksum=False, manifest=False)

    ours = compare_copy(copy, backup, bare, is_ours=True)
    theirs = compare_copy(copy, backup, bare, is_ours=False)

    assert [finding.repair for finding in ours.findings] == [Repair.WRITE_CHECKSUM, Repair.WRITE_MANIFEST]
    assert theirs.findings == ()


def test_the_bash_tools_archives_need_no_companions() -> None:
    copy, backup = known(CopyState.PRESENT, origin=Origin.LEGACY)

    assert compare_copy(copy, backup, there(copy, manifest=False, checksum=False), is_ours=True).findings == ()


def test_a_foreign_copy_that_is_gone_is_deleted_and_no_finding() -> None:
    copy, backup = known(CopyState.PRESENT)

    verdict = compare_copy(copy, backup, nothing(copy), is_ours=False)

    assert verdict.findings == ()
    assert verdict.change is not None
    assert verdict.change.state is CopyState.DELETED


def test_a_foreign_copy_that_was_gone_and_is_there_is_identified() -> None:
    copy, backup = known(CopyState.DELETED)

    assert compare_copy(copy, backup, there(copy), is_ours=False).must_identify
    assert compare_copy(copy, backup, there(copy, None), is_ours=False).findings == ()


@pytest.mark.parametrize(("checksum", "manifest"), [(True, True), (True, False), (False, True), (False, False)])
def test_an_archive_that_was_put_back_is_no_leftover_whatever_lies_beside_it(*, checksum: bool, manifest: bool) -> None:
    copy, backup = known(CopyState.DELETED)

    back = compare_copy(copy, backup, there(copy, checksum=checksum, manifest=manifest), is_ours=True)

    assert [(found.kind, found.key, found.repair) for found in back.findings] == [
        (FindingKind.RETURNED, copy.key, None)
    ]


def test_what_a_deletion_left_without_the_archive_may_be_removed() -> None:
    copy, backup = known(CopyState.DELETED)

    left = compare_copy(copy, backup, there(copy, None), is_ours=True)

    assert [finding.repair for finding in left.findings] == [Repair.REMOVE, Repair.REMOVE]
    assert compare_copy(copy, backup, nothing(copy), is_ours=True).findings == ()


def test_only_sizes_count_as_wrong_sizes() -> None:
    assert is_wrong_size(wrong_size(1, 2))
    assert not is_wrong_size("its SHA-256 is aa")


def test_an_impostor_is_corrupt() -> None:
    copy, backup = known(CopyState.MISSING)

    assert impostor(copy, backup).kind is FindingKind.CORRUPT
