"""Workspaces and their markers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import SpaceError, StorageError
from octeth_backupd.pipeline import workspace as workspace_module
from octeth_backupd.pipeline.workspace import (
    HALF_MARKER_NAME,
    MARKER_NAME,
    Outside,
    create_workspace,
    left_workspaces,
    remove_unmarked,
)

if TYPE_CHECKING:
    from pathlib import Path

OURS, THEIRS = "a" * 32, "b" * 32


def test_a_workspace_is_private_and_marked(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "scratch", installation_id=OURS, run_id="r1", server="oempro")

    assert workspace.path == tmp_path / "scratch" / "r1"
    assert workspace.path.stat().st_mode & 0o777 == 0o700
    assert [left.workspace for left in left_workspaces(tmp_path / "scratch", installation_id=OURS)] == [workspace]


def test_what_a_run_leaves_outside_is_found_again(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path, installation_id=OURS, run_id="r1", server="oempro")
    outside = Outside(staged="/backups/.x.partial", keys=("oempro/daily/x", "oempro/daily/x.json"))

    workspace.announce(outside)

    assert [left.outside for left in left_workspaces(tmp_path, installation_id=OURS)] == [outside]


@pytest.mark.parametrize("foreign", ["other installation", "no marker", "garbage", "another release"])
def test_what_is_not_marked_as_ours_is_not_seen(tmp_path: Path, foreign: str) -> None:
    whose = OURS if foreign == "another release" else THEIRS
    workspace = create_workspace(tmp_path, installation_id=whose, run_id="r1", server="oempro")
    if foreign == "no marker":
        (workspace.path / MARKER_NAME).unlink()
    elif foreign == "garbage":
        (workspace.path / MARKER_NAME).write_text("[1, 2")
    elif foreign == "another release":
        marker = json.loads((workspace.path / MARKER_NAME).read_text())
        (workspace.path / MARKER_NAME).write_text(json.dumps(marker | {"outside": {"elsewhere": []}}))

    assert list(left_workspaces(tmp_path, installation_id=OURS)) == []


def test_the_same_run_cannot_have_two(tmp_path: Path) -> None:
    create_workspace(tmp_path, installation_id=OURS, run_id="r1", server="oempro")

    with pytest.raises(StorageError, match="cannot make the workspace"):
        create_workspace(tmp_path, installation_id=OURS, run_id="r1", server="oempro")


def test_removing_takes_all_that_is_in_it(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path, installation_id=OURS, run_id="r1", server="oempro")
    (workspace.path / "data").mkdir()
    (workspace.path / "data" / "ibdata1").write_bytes(b"x")

    workspace.remove()

    assert list(tmp_path.iterdir()) == []


def test_removing_takes_everything_with_it_and_a_second_time_is_no_error(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "scratch", installation_id=OURS, run_id="r1", server="oempro")
    (workspace.path / "data" / "shop").mkdir(parents=True)
    (workspace.path / "data" / "shop" / "orders.ibd").write_bytes(b"o")
    (workspace.path / "archive.partial").write_bytes(b"a")

    workspace.remove()
    workspace.remove()

    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_marker_goes_last_so_that_a_removal_cut_short_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = create_workspace(tmp_path, installation_id=OURS, run_id="r1", server="oempro")
    (workspace.path / "data").mkdir()

    def killed(path: Path, *, beneath: Path) -> None:
        raise StorageError("killed here")

    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr(workspace_module, "remove_tree", killed)
        workspace.remove()

    assert [left.workspace for left in left_workspaces(tmp_path, installation_id=OURS)] == [workspace]


def test_a_workspace_without_room_for_its_marker_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: str, *, replace: bool) -> None:
        raise SpaceError("no space left")

    monkeypatch.setattr(workspace_module, "write_whole", full)

    with pytest.raises(SpaceError):
        create_workspace(tmp_path, installation_id=OURS, run_id="r1", server="oempro")

    assert list(tmp_path.iterdir()) == []


def test_only_an_unmarked_directory_of_that_run_is_removed(tmp_path: Path) -> None:
    create_workspace(tmp_path, installation_id=THEIRS, run_id="marked", server="oempro")
    (tmp_path / "unmarked").mkdir()
    (tmp_path / "unmarked" / HALF_MARKER_NAME).write_text("{")
    (tmp_path / "link").symlink_to(tmp_path / "unmarked")

    removed = {name: remove_unmarked(tmp_path, name) for name in ("marked", "link", "unmarked", "absent")}

    assert removed == {"marked": False, "link": False, "unmarked": True, "absent": False}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "marked"]
