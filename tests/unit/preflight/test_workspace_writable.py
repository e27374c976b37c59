"""The workspace is tried by writing into it, and left as it was."""

from __future__ import annotations

from pathlib import Path

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.preflight.workspace_writable import PROBE_NAME
from tests.unit.preflight.builder import run, subject


def test_absent_workspace_is_made_for_the_daemon_alone(tmp_path: Path) -> None:
    workspace = tmp_path / "backups" / ".workspace"

    result = run("workspace_writable", subject(workspace))

    assert result.status is CheckStatus.PASSED
    assert workspace.stat().st_mode & 0o777 == 0o700
    assert list(workspace.iterdir()) == []


def test_workspace_that_cannot_be_made_fails_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = run("workspace_writable", subject(tmp_path / "file" / "workspace"))

    assert result.status is CheckStatus.FAILED
    assert str(tmp_path / "file" / "workspace") in result.summary
    assert result.fix


def test_workspace_that_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert run("workspace_writable", subject(tmp_path / "file")).status is CheckStatus.FAILED


def test_special_file_system_that_refuses_files_fails() -> None:
    assert run("workspace_writable", subject(Path("/proc"))).status is CheckStatus.FAILED


def test_what_a_killed_daemon_left_of_a_try_is_gone_with_the_next_one(tmp_path: Path) -> None:
    (tmp_path / PROBE_NAME).write_text("left behind")

    result = run("workspace_writable", subject(tmp_path))

    assert result.status is CheckStatus.PASSED
    assert list(tmp_path.iterdir()) == []
