"""A whole backup run: what it leaves when it succeeds, and that it leaves nothing when it does not."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, RunStatus, Tier
from octeth_backupd.domain.events import StepStarted, Warned
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.errors import (
    BackupdError,
    CancelledError,
    CatalogError,
    NotFoundError,
    PreflightError,
    ServerUnreachableError,
    StorageError,
    VerificationError,
)
from octeth_backupd.pipeline import workspace as workspace_module
from octeth_backupd.pipeline.backup import OPTION_DIRECTORY, back_up
from octeth_backupd.pipeline.workspace import left_workspaces
from tests.fakes.bench import Bench
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.engine import PAGE_BYTES, page_zero
from tests.fakes.installation import INSTALLATION
from tests.fakes.runs import a_run
from tests.fakes.server import PASSWORD
from tests.fakes.storage import MemoryStorage, backup_files
from tests.unit.domain.restore.test_journal import JOURNAL

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.events import Event
    from octeth_backupd.engines.base import BackupRequest

NAME = "octeth-backup-2026-11-22_02-00-00.tar.zst"
BACKUP_ID = "oempro-2026-11-22_02-00-00"


def expect_failure(bench: Bench, error: type[BackupdError], match: str | None = None) -> None:
    with pytest.raises(error, match=match):
        back_up(bench.context(), bench.parts())


def _cancel(bench: Bench) -> None:
    bench.cancellation.cancel()


def assert_nothing_is_left(bench: Bench) -> None:
    assert bench.stored() == []
    assert bench.catalog.backups() == []


def test_a_good_backup_is_three_files_and_a_catalog_entry(bench: Bench) -> None:
    result = back_up(bench.context(), bench.parts())

    assert (result.status, result.backup_id) == (RunStatus.SUCCESS, BACKUP_ID)
    assert bench.stored() == [f"oempro/daily/{NAME}", f"oempro/daily/{NAME}.json", f"oempro/daily/{NAME}.sha256"]
    backup = bench.catalog.backup(BACKUP_ID)
    digest = hashlib.sha256((bench.backups / f"oempro/daily/{NAME}").read_bytes()).hexdigest()
    assert backup.sha256 == digest == result.detail["sha256"]
    assert [(copy.storage, copy.state) for copy in backup.copies] == [("local", CopyState.PRESENT)]
    assert backup.copies[0].verified_at == bench.clock.now()


def test_the_checksum_file_is_as_sha256sum_reads_it_and_the_manifest_is_the_catalogs(bench: Bench) -> None:
    back_up(bench.context(), bench.parts())

    backup = bench.catalog.backup(BACKUP_ID)
    assert (bench.backups / f"oempro/daily/{NAME}.sha256").read_text() == f"{backup.sha256}  {NAME}\n"
    assert json.loads((bench.backups / f"oempro/daily/{NAME}.json").read_text()) == backup.manifest


def test_steps_come_in_their_order(bench: Bench) -> None:
    back_up(bench.context(), bench.parts())

    assert [event.step for event in bench.events if isinstance(event, StepStarted)] == [
        "preflight",
        "backup",
        "prepare",
        "archive",
        "verify",
        "store",
        "record",
        "expire",
    ]


def test_the_password_is_in_the_option_file_only_and_that_is_gone(bench: Bench) -> None:
    back_up(bench.context(), bench.parts())

    assert PASSWORD in bench.engine.option_text
    assert list((bench.directory / "runtime" / OPTION_DIRECTORY).iterdir()) == []
    written = [path for path in bench.directory.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert written == []


def test_the_time_limit_holds_for_backup_and_prepare(bench: Bench) -> None:
    bench.backup_settings["timeout_seconds"] = 77

    back_up(bench.context(), bench.parts())

    assert bench.engine.timeouts_seconds == [77, 77]


@pytest.mark.parametrize("verify", ["full", "hash", "none"])
def test_a_backup_counts_as_verified_only_when_it_was_read_back(bench: Bench, verify: str) -> None:
    bench.backup_settings["verify"] = verify

    back_up(bench.context(), bench.parts())

    copy = bench.catalog.backup(BACKUP_ID).copies[0]
    assert (copy.verified_at is not None) == (verify != "none")


@pytest.mark.parametrize(("verify", "notices"), [("full", True), ("hash", True), ("none", False)])
def test_an_archive_that_the_disk_gives_back_otherwise_fails_where_it_is_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, verify: str, notices: bool
) -> None:
    def damage(source: object) -> None:
        path = next(bench.backups.rglob("*.partial"))
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)

    monkeypatch.setattr("octeth_backupd.pipeline.backup.forget_cached_pages", damage)
    bench.backup_settings["verify"] = verify

    if notices:
        expect_failure(bench, VerificationError)
        assert_nothing_is_left(bench)
    else:
        assert back_up(bench.context(), bench.parts()).status is RunStatus.SUCCESS


def test_the_prepared_files_are_gone_before_the_archive_is_read_back(bench: Bench) -> None:
    seen: dict[str, bool] = {}

    def follow(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step in {"archive", "verify"}:
            seen[event.step] = (bench.workspaces / event.run_id / NAME.removesuffix(".tar.zst")).exists()

    with bench.bus.subscribed(follow):
        back_up(bench.context(), bench.parts())

    assert seen == {"archive": True, "verify": False}


def test_a_file_that_comes_into_the_archive_unseen_fails_the_listing(bench: Bench) -> None:
    def follow(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == "archive":
            (bench.workspaces / event.run_id / NAME.removesuffix(".tar.zst") / "late.ibd").write_bytes(page_zero(9))

    with bench.bus.subscribed(follow):
        expect_failure(bench, VerificationError, "late.ibd")

    assert_nothing_is_left(bench)


@pytest.mark.parametrize("spoil", ["exit code", "no last word", "not prepared", "table missing"])
def test_a_post_condition_that_does_not_hold_leaves_nothing(bench: Bench, spoil: str) -> None:
    match spoil:
        case "exit code":
            bench.engine.exit_code = 1
        case "no last word":
            bench.engine.last_line = "still copying"
        case "not prepared":
            bench.engine.prepared_type = "full-backuped"
        case _:
            del bench.engine.files["shop/orders.ibd"]

    expect_failure(bench, VerificationError)

    assert_nothing_is_left(bench)


def test_an_engine_that_left_no_directory_is_a_failed_verification_not_a_defect(bench: Bench) -> None:
    bench.engine.while_backing_up = lambda request: shutil.rmtree(request.target_directory)

    expect_failure(bench, VerificationError)

    assert_nothing_is_left(bench)


def test_a_server_that_cannot_be_asked_again_fails_the_run(bench: Bench) -> None:
    def crash(request: BackupRequest) -> None:
        bench.server.connect_error = ServerUnreachableError("connection refused")

    bench.engine.while_backing_up = crash

    expect_failure(bench, VerificationError)

    assert any(isinstance(event, Warned) and "connection refused" in event.message for event in bench.events)
    assert_nothing_is_left(bench)


def test_all_that_stands_against_a_backup_is_said_before_anything_is_done(bench: Bench) -> None:
    bench.engine.version_error = BackupdError("xtrabackup is not installed")
    bench.server.change_facts(grants=("GRANT USAGE ON *.* TO `backup`@`%`",))

    expect_failure(bench, PreflightError, r"grants: .*engine_fit: xtrabackup is not installed")

    assert bench.engine.requests == []
    assert_nothing_is_left(bench)


def test_a_workspace_that_cannot_be_made_is_told_by_preflight(bench: Bench) -> None:
    bench.backups.mkdir()
    bench.workspaces.write_text("a file in its place")

    expect_failure(bench, PreflightError, "workspace_writable")


def test_a_cancelled_backup_leaves_nothing(bench: Bench) -> None:
    bench.engine.while_backing_up = lambda request: _cancel(bench)

    expect_failure(bench, CancelledError)

    assert_nothing_is_left(bench)


@pytest.mark.parametrize("suffix", ["", ".sha256", ".json"])
def test_a_name_that_is_taken_is_refused_before_the_engine_works_and_stays(bench: Bench, suffix: str) -> None:
    bench.storage.put_text(f"oempro/daily/{NAME}{suffix}", "somebody else's")

    expect_failure(bench, StorageError, "already")

    assert bench.stored() == [f"oempro/daily/{NAME}{suffix}"]
    assert bench.storage.read_text(f"oempro/daily/{NAME}{suffix}") == "somebody else's"
    assert bench.engine.requests == []


def test_a_second_backup_within_a_second_gets_the_next_seconds_name(bench: Bench) -> None:
    bench.catalog.add_backup(make_backup())

    result = back_up(bench.context(), bench.parts())

    assert result.backup_id == "oempro-2026-11-22_02-00-01"


def test_a_cancel_after_the_manifest_was_written_comes_too_late(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    put_text = bench.storage.put_text

    def cancelled_meanwhile(key: str, text: str) -> None:
        put_text(key, text)
        if key.endswith(".json"):
            bench.cancellation.cancel()

    monkeypatch.setattr(bench.storage, "put_text", cancelled_meanwhile)

    result = back_up(bench.context(), bench.parts())

    assert result.status is RunStatus.SUCCESS
    assert bench.catalog.backup(BACKUP_ID).backup_id == BACKUP_ID


def test_a_backup_that_could_not_be_recorded_stays_announced_for_the_next_start(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(backup: object) -> None:
        raise CatalogError("no space to write the catalog")

    monkeypatch.setattr(bench.catalog, "add_backup", full)

    expect_failure(bench, CatalogError)

    assert bench.storage.stat(f"oempro/daily/{NAME}.json").size_bytes > 0
    (left,) = left_workspaces(bench.workspaces, installation_id=INSTALLATION)
    assert left.outside is not None
    assert left.outside.keys[-1] == f"oempro/daily/{NAME}.json"
    assert [path.name for path in left.workspace.path.iterdir()] == [workspace_module.MARKER_NAME]


def test_a_workspace_that_cannot_be_removed_degrades_a_good_backup(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(path: Path, *, beneath: Path) -> None:
        raise StorageError(f"{path}: device or resource busy")

    monkeypatch.setattr(workspace_module, "remove_tree", busy)

    result = back_up(bench.context(), bench.parts())

    assert (result.status, result.backup_id) == (RunStatus.DEGRADED, BACKUP_ID)
    assert "device or resource busy" in result.detail["degraded"][0]


def test_a_workspace_that_cannot_be_removed_does_not_hide_why_the_run_failed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(path: Path, *, beneath: Path) -> None:
        raise StorageError(f"{path}: device or resource busy")

    monkeypatch.setattr(workspace_module, "remove_tree", busy)
    bench.engine.exit_code = 1

    expect_failure(bench, VerificationError, "exit code 1")


def test_a_doubtful_size_makes_the_backup_suspect_and_keeps_it(bench: Bench) -> None:
    yesterday = START - timedelta(days=1)
    before = make_backup(installation_id=INSTALLATION, taken_at=yesterday, data_bytes=200 * PAGE_BYTES * 1024)
    bench.catalog.add_backup(before)

    result = back_up(bench.context(), bench.parts())

    suspect = bench.catalog.backup(result.backup_id or "").suspect
    assert "last good backup" in suspect
    assert result.detail["suspect"] == suspect
    assert any(isinstance(event, Warned) and event.message.startswith("size_as_before") for event in bench.events)


def test_without_storing_on_this_disk_the_archive_waits_in_the_workspace(bench: Bench) -> None:
    memory = MemoryStorage()

    result = back_up(bench.context(), bench.parts(storages=(memory,)))

    assert backup_files(memory) == [f"oempro/daily/{NAME}{suffix}" for suffix in ("", ".json", ".sha256")]
    assert [copy.storage for copy in bench.catalog.backup(result.backup_id or "").copies] == ["memory"]
    assert bench.stored() == []


def test_a_tier_other_than_daily_is_a_directory_of_its_own(bench: Bench) -> None:
    back_up(bench.context(a_run(tiers=frozenset({Tier.DAILY, Tier.MONTHLY}))), bench.parts())

    assert bench.storage.stat(f"oempro/monthly/{NAME}").size_bytes > 0
    with pytest.raises(NotFoundError):
        bench.storage.stat(f"oempro/daily/{NAME}")


def test_no_backup_is_taken_of_data_that_a_restore_may_still_take_back(bench: Bench) -> None:
    bench.parts().journals.write(replace(JOURNAL, state=State.STOPPING))

    with pytest.raises(PreflightError, match="not over, it waits in state stopping"):
        back_up(bench.context(), bench.parts())

    assert bench.catalog.backups() == []
