"""Backups and restores with their hooks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.events import Warned
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.errors import BackupdError, CatalogError, HookError, RestoreError, ServerUnreachableError
from octeth_backupd.pipeline.hooks import hooked
from octeth_backupd.pipeline.hooks.hooked import back_up_with_hooks, restore_with_hooks
from octeth_backupd.pipeline.result import RunResult
from tests.fakes.hook_programs import hooks, write_program
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from tests.fakes.bench import Bench


class Notes:
    """Hooks that write down what they were told."""

    def __init__(self, bench: Bench) -> None:
        self.file = bench.directory / "notes"
        self.program = write_program(
            bench.directory,
            "note",
            f'echo "$OCTETH_BACKUPD_HOOK|$OCTETH_BACKUPD_OUTCOME|$OCTETH_BACKUPD_BACKUP_ID|$OCTETH_BACKUPD_ARCHIVE'
            f'|$OCTETH_BACKUPD_ERROR_CODE" >>{self.file}; [ "$1" != fail ]',
        )

    def everywhere(self, **failing: bool) -> dict[str, list[list[str]]]:
        names = ("before_backup", "after_backup", "on_failure", "before_restore", "after_restore")
        return {name: [[self.program, "fail" if failing.get(name) else "pass"]] for name in names}

    def lines(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []


@pytest.fixture
def notes(bench: Bench) -> Notes:
    return Notes(bench)


def _restoring(bench: Bench, **order: Any) -> RunContext:
    return replace(bench.context(a_run(operation=Operation.RESTORE)), order=RestoreOrder(**order))


def _restored(monkeypatch: pytest.MonkeyPatch, error: BackupdError | None = None) -> None:
    def restore(_context: RunContext, _parts: Parts) -> RunResult:
        if error is not None:
            raise error
        return RunResult(backup_id="oempro-1", detail={"notes": ["fetched from s3"]})

    monkeypatch.setattr(hooked, "restore", restore)


def test_a_backup_runs_between_its_hooks_and_the_second_knows_its_archive(bench: Bench, notes: Notes) -> None:
    result = back_up_with_hooks(bench.context(), bench.parts(hooks=hooks(**notes.everywhere())))

    assert result.status is RunStatus.SUCCESS
    before, after = notes.lines()
    assert before == "before_backup||||"
    assert after.startswith(f"after_backup|success|{result.backup_id}|{bench.backups}/oempro/daily/octeth-backup-")
    assert Path(after.split("|")[3]).is_file()


def test_a_before_hook_that_fails_leaves_nothing_and_is_told_as_a_failure(bench: Bench, notes: Notes) -> None:
    parts = bench.parts(hooks=hooks(**notes.everywhere(before_backup=True)))

    with pytest.raises(HookError):
        back_up_with_hooks(bench.context(), parts)

    assert notes.lines() == ["before_backup||||", "on_failure|failed|||hook_failed"]
    assert not bench.backups.exists()


def test_an_after_hook_that_fails_makes_a_good_backup_degraded(bench: Bench, notes: Notes) -> None:
    parts = bench.parts(hooks=hooks(**notes.everywhere(after_backup=True)))

    result = back_up_with_hooks(bench.context(), parts)

    assert result.status is RunStatus.DEGRADED
    assert result.backup_id is not None
    assert result.detail["degraded"] == [f"hook after_backup: {notes.program} ended with exit code 1"]


def test_a_catalog_that_does_not_answer_fails_no_good_backup_and_keeps_no_hook_from_running(
    bench: Bench, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_backup_id: str) -> Backup:
        raise CatalogError("database is locked")

    monkeypatch.setattr(hooked, "back_up", lambda _context, _parts: RunResult(backup_id="oempro-1"))
    monkeypatch.setattr(bench.catalog, "backup", locked)

    result = back_up_with_hooks(bench.context(), bench.parts(hooks=hooks(**notes.everywhere())))

    assert result.status is RunStatus.SUCCESS
    assert notes.lines() == ["before_backup||||", "after_backup|success|oempro-1||"]


def test_a_failed_backup_is_told_with_its_error_and_keeps_it(bench: Bench, notes: Notes) -> None:
    bench.server.survey_error = ServerUnreachableError("no connection")
    parts = bench.parts(hooks=hooks(**notes.everywhere(on_failure=True)))

    with pytest.raises(BackupdError) as caught:
        back_up_with_hooks(bench.context(), parts)

    assert notes.lines()[1:] == [f"on_failure|failed|||{caught.value.code}"]
    assert caught.value.code != HookError.code
    assert any("hook on_failure" in event.message for event in bench.events if isinstance(event, Warned))


def test_a_defect_is_told_too(bench: Bench, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_context: RunContext, _parts: Parts) -> RunResult:
        raise KeyError("x")

    monkeypatch.setattr(hooked, "back_up", broken)

    with pytest.raises(KeyError):
        back_up_with_hooks(bench.context(), bench.parts(hooks=hooks(**notes.everywhere())))

    assert notes.lines()[1:] == ["on_failure|failed|||internal_error"]


def test_a_restore_that_went_well_is_told_and_a_hook_that_fails_is_a_note(
    bench: Bench, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    _restored(monkeypatch)
    parts = bench.parts(hooks=hooks(**notes.everywhere(after_restore=True)))

    result = restore_with_hooks(_restoring(bench), parts)

    problem = f"hook after_restore: {notes.program} ended with exit code 1"
    assert notes.lines() == ["after_restore|success|oempro-1||"]
    assert (result.status, result.detail["notes"]) == (RunStatus.SUCCESS, ["fetched from s3", problem])
    assert [event.message for event in bench.events if isinstance(event, Warned)] == [problem]


def test_a_restore_that_failed_is_told(bench: Bench, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    _restored(monkeypatch, RestoreError("rolled back"))

    with pytest.raises(RestoreError):
        restore_with_hooks(_restoring(bench), bench.parts(hooks=hooks(**notes.everywhere())))

    assert notes.lines() == ["on_failure|failed|||restore_failed"]


def test_a_restore_into_a_directory_has_no_hooks(bench: Bench, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    _restored(monkeypatch)

    restore_with_hooks(
        _restoring(bench, target_directory=bench.directory / "to"), bench.parts(hooks=hooks(**notes.everywhere()))
    )

    assert notes.lines() == []
