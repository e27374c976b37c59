"""The plan of files in a directory of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.restore.plan import ArchiveFormat, ArchiveSource, Refusal, RestorePlan
from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore import target_planning
from octeth_backupd.pipeline.restore.target_planning import plan_target
from tests.fakes.manifests import make_manifest

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def plan_of(bench: Bench, target: Path, *, unpacked_bytes: int = 1, with_archive: bool = True) -> RestorePlan:
    archive = ArchiveSource(
        storage="local",
        place="/b/x.tar",
        name="x.tar",
        archive_format=ArchiveFormat.TAR,
        size_bytes=1,
        unpacked_bytes=unpacked_bytes,
        manifest=make_manifest(),
    )
    plan = RestorePlan(
        server="oempro", backup_id="b", taken_at=None, archive=archive if with_archive else None, site=None
    )
    parts = bench.parts()
    return plan_target(plan, target, parts, Programs(parts, installation_id="i", run_id="r"))


def codes(plan: RestorePlan) -> list[str]:
    return [refusal.code for refusal in plan.refusals]


def test_a_directory_that_is_empty_or_not_there_will_do_and_is_not_made(bench: Bench, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    plan = plan_of(bench, tmp_path / "a" / "b")

    assert codes(plan) == codes(plan_of(bench, empty)) == []
    assert plan.staging == (tmp_path / "a" / "b",)
    assert len(plan.spaces) == 1
    assert "No server's data is touched" in plan.old_data
    assert not (tmp_path / "a").exists()


def test_a_directory_with_anything_in_it_is_refused(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / ".hidden").touch()

    assert codes(plan_of(bench, tmp_path / "target")) == ["target_not_empty"]
    assert codes(plan_of(bench, tmp_path / "target" / ".hidden")) == ["target_not_empty"]


def test_a_file_system_that_is_too_small_is_refused(bench: Bench, tmp_path: Path) -> None:
    assert codes(plan_of(bench, tmp_path / "t", unpacked_bytes=1 << 60)) == ["no_space"]


def test_a_read_only_file_system_is_refused(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_planning, "is_read_only", lambda _path: True)

    assert codes(plan_of(bench, tmp_path / "t")) == ["read_only_file_system"]


def test_without_an_archive_the_directory_is_judged_all_the_same(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "x").touch()

    assert codes(plan_of(bench, tmp_path, with_archive=False)) == ["target_not_empty"]


def test_a_directory_whose_room_cannot_be_measured_is_refused(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer(_path: Path) -> None:
        raise StorageError("the disk does not answer", hint="Look at it.")

    monkeypatch.setattr(target_planning, "free_bytes", no_answer)

    [refusal] = plan_of(bench, tmp_path / "target").refusals
    assert (refusal.message, refusal.hint) == ("the disk does not answer", "Look at it.")


def test_a_directory_that_only_the_unit_sees_is_refused(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Refusal(code="private_directory", message="its own", hint="Name another.")
    monkeypatch.setattr(target_planning, "out_of_sight", lambda _path: hidden)

    assert codes(plan_of(bench, tmp_path / "t")) == ["private_directory"]


def test_the_directory_above_must_be_writable_for_the_rename(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t").mkdir()
    monkeypatch.setattr(target_planning, "is_read_only", lambda path: path == tmp_path)

    [refusal] = plan_of(bench, tmp_path / "t").refusals

    assert f"ReadWritePaths={tmp_path} " in refusal.hint
