"""What a killed daemon left, put right."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.recovery import Recovery, SidecarRecovery, recover_sidecars
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState, StepRecord, Tier, Trigger
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.errors import CatalogError, DockerError, StorageError
from octeth_backupd.pipeline.backup import OPTION_DIRECTORY, back_up
from octeth_backupd.pipeline.diagnosis import DIAGNOSIS_MARK
from octeth_backupd.pipeline.workspace import HALF_MARKER_NAME, Outside, create_workspace
from octeth_backupd.process.mark import INSTALLATION_LABEL, RUN_LABEL, RunMark
from octeth_backupd.scheduling.ledger import SlotLedger
from tests.fakes.catalog_values import make_backup
from tests.fakes.installation import INSTALLATION
from tests.fakes.manifests import make_manifest
from tests.fakes.runs import AT, a_run
from tests.fakes.storage import MemoryStorage
from tests.fakes.uploads import add_waiting_backup
from tests.unit.scheduling.builders import definition

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.pipeline.workspace import Workspace
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.storage.base import Storage
    from tests.fakes.bench import Bench

RUN_ID = "20261122-020000-aaaaaa"
KEY = "oempro/weekly/octeth-backup-2026-11-22_02-00-00.tar.zst"
KEYS = (KEY, f"{KEY}.sha256", f"{KEY}.json")


class Left:
    """A run that was going on when the daemon was killed."""

    def __init__(self, bench: Bench, *, trigger: Trigger = Trigger.MANUAL) -> None:
        self.bench = bench
        self.memory = MemoryStorage()
        self.run = a_run(RUN_ID, status=RunStatus.RUNNING, trigger=trigger, tiers=frozenset({Tier.WEEKLY}))
        bench.catalog.add_run(self.run)
        bench.catalog.add_step(
            StepRecord(run_id=RUN_ID, position=1, name="backup", status=RunStatus.RUNNING, started_at=AT)
        )

    def workspace(self, *, installation_id: str = INSTALLATION, staged: Path | None = None) -> Workspace:
        """Make the workspace of a run that had announced what it was about to store."""
        workspace = create_workspace(
            self.bench.workspaces, installation_id=installation_id, run_id=RUN_ID, server="oempro"
        )
        (workspace.path / "top").mkdir()
        (workspace.path / "top" / "ibdata1").write_bytes(b"i" * 100)
        workspace.announce(Outside(staged=str(staged or ""), keys=KEYS))
        return workspace

    def manifest(self, **changes: Any) -> Manifest:
        return make_manifest(**({"installation_id": INSTALLATION, "run_id": RUN_ID} | changes))

    def put(self, *suffixes: str, manifest: Manifest | None = None, storage: Storage | None = None) -> None:
        """Store what the run had stored."""
        for suffix in suffixes:
            text = (manifest or self.manifest()).to_json_text() if suffix == ".json" else "content"
            (storage or self.memory).put_text(f"{KEY}{suffix}", text)

    def recover(
        self,
        *storages: Storage,
        installation_id: str = INSTALLATION,
        remote: tuple[str, ...] = (),
        has_after_backup: bool = False,
    ) -> Run:
        """Recover, and return the run as it is then."""
        Recovery(
            catalog=self.bench.catalog,
            clock=self.bench.clock,
            installation_id=installation_id,
            storages=storages or (self.memory,),
            workspace_directories=(self.bench.directory / "never-made", self.bench.workspaces),
            runtime_directory=self.bench.directory / "runtime",
            remote=remote,
            has_after_backup=has_after_backup,
        ).recover()
        return self.bench.catalog.run(RUN_ID)


@pytest.fixture
def left(bench: Bench) -> Left:
    """A manual run that was going on."""
    return Left(bench)


def test_a_run_and_its_step_are_closed_as_interrupted(left: Left) -> None:
    run = left.recover()

    assert (run.status, run.error_code, run.finished_at) == (
        RunStatus.INTERRUPTED,
        "interrupted",
        left.bench.clock.now(),
    )
    assert "repeat a manual one" in run.hint
    (step,) = left.bench.catalog.steps(RUN_ID)
    assert (step.status, step.finished_at) == (RunStatus.INTERRUPTED, left.bench.clock.now())


def test_a_workspace_of_ours_goes_with_what_was_half_stored_and_staged(left: Left, tmp_path: Path) -> None:
    staged = tmp_path / ".x.partial"
    staged.write_bytes(b"half")
    workspace = left.workspace(staged=staged)
    left.put("", ".sha256")

    run = left.recover()

    assert run.status is RunStatus.INTERRUPTED
    assert not workspace.path.exists()
    assert not staged.exists()
    assert left.memory.files == {}


def test_a_workspace_of_another_installation_is_not_touched(left: Left) -> None:
    workspace = left.workspace(installation_id="f" * 32)
    left.put("")

    left.recover()

    assert (workspace.path / "top" / "ibdata1").exists()
    assert list(left.memory.files) == [KEY]


@pytest.mark.parametrize("half_marker", [True, False])
def test_a_workspace_that_its_run_had_no_time_to_mark_is_removed(left: Left, half_marker: bool) -> None:
    workspace = left.bench.workspaces / RUN_ID
    workspace.mkdir(parents=True)
    if half_marker:
        (workspace / HALF_MARKER_NAME).write_text('{"format')

    left.recover()

    assert not workspace.exists()


def test_an_unmarked_directory_with_something_in_it_is_not_touched(left: Left) -> None:
    workspace = left.bench.workspaces / RUN_ID
    workspace.mkdir(parents=True)
    (workspace / "whose").write_text("nobody knows")

    left.recover()

    assert (workspace / "whose").exists()


def test_a_backup_whose_manifest_is_there_is_adopted_and_its_run_was_a_success(left: Left) -> None:
    workspace = left.workspace()
    left.put("", ".sha256", ".json")

    run = left.recover()

    assert (run.status, run.backup_id) == (RunStatus.SUCCESS, "oempro-2026-11-22_02-00-00")
    backup = left.bench.catalog.backup("oempro-2026-11-22_02-00-00")
    assert [(copy.storage, copy.key) for copy in backup.copies] == [("memory", KEY)]
    assert sorted(left.memory.files) == sorted(KEYS)
    assert not workspace.path.exists()


def test_a_recovered_run_says_that_its_backup_is_doubted(left: Left) -> None:
    left.workspace()
    left.put("", ".sha256", ".json", manifest=left.manifest(suspect="half as large"))

    assert left.recover().suspect == "half as large"


def test_a_backup_is_adopted_where_it_is_whole_and_removed_where_it_is_not(left: Left) -> None:
    left.workspace()
    whole, half = MemoryStorage("whole"), MemoryStorage("half")
    also_whole = MemoryStorage("also")
    for storage in (whole, also_whole):
        left.put("", ".sha256", ".json", storage=storage)
    left.put("", storage=half)

    left.recover(half, whole, also_whole)

    backup = left.bench.catalog.backup("oempro-2026-11-22_02-00-00")
    assert [copy.storage for copy in backup.copies] == ["also", "whole"]
    assert half.files == {}


@pytest.mark.parametrize("changes", [{"installation_id": "f" * 32}, {"run_id": "another-run"}])
def test_another_ones_backup_under_the_same_name_is_neither_adopted_nor_removed(
    left: Left, changes: dict[str, str]
) -> None:
    left.workspace()
    left.put("", ".sha256", ".json", manifest=left.manifest(**changes))

    run = left.recover()

    assert run.status is RunStatus.INTERRUPTED
    assert sorted(left.memory.files) == sorted(KEYS)
    assert left.bench.catalog.backups() == []


def test_a_backup_that_was_recorded_and_tidied_up_before_the_end_was_a_success(left: Left) -> None:
    left.bench.catalog.add_backup(make_backup(run_id=RUN_ID))

    run = left.recover()

    assert (run.status, run.backup_id) == (RunStatus.SUCCESS, make_backup().backup_id)


@pytest.mark.parametrize(
    ("status", "detail", "problem"),
    [
        (RunStatus.RUNNING, {}, "hook after_backup did not end: the daemon ended during it"),
        (
            RunStatus.FAILED,
            {"error": "hook after_backup: /bin/x ended with exit code 1"},
            "/bin/x ended with exit code",
        ),
    ],
)
def test_an_after_hook_that_was_cut_off_or_failed_degrades_its_recorded_backup(
    left: Left, status: RunStatus, detail: dict[str, str], problem: str
) -> None:
    left.bench.catalog.add_backup(make_backup(run_id=RUN_ID))
    left.bench.catalog.add_step(
        StepRecord(run_id=RUN_ID, position=2, name="hook after_backup", status=status, started_at=AT, detail=detail)
    )

    run = left.recover(has_after_backup=True)

    assert run.status is RunStatus.DEGRADED
    assert problem in run.error
    assert run.detail["degraded"] == [run.error]


def test_an_after_hook_that_the_daemons_end_kept_from_running_degrades_its_recorded_backup(left: Left) -> None:
    left.bench.catalog.add_backup(make_backup(run_id=RUN_ID))

    run = left.recover(has_after_backup=True)

    assert (run.status, run.error) == (
        RunStatus.DEGRADED,
        "hook after_backup did not run: the daemon ended before it",
    )


def test_an_after_hook_that_ended_leaves_its_recorded_backup_a_success(left: Left) -> None:
    left.bench.catalog.add_backup(make_backup(run_id=RUN_ID))
    left.bench.catalog.add_step(
        StepRecord(run_id=RUN_ID, position=2, name="hook after_backup", status=RunStatus.SUCCESS, started_at=AT)
    )

    assert left.recover(has_after_backup=True).status is RunStatus.SUCCESS


def test_recovering_what_is_in_the_catalog_already_adds_nothing(left: Left) -> None:
    left.workspace()
    left.put("", ".sha256", ".json")
    left.bench.catalog.add_backup(make_backup(run_id=RUN_ID))

    run = left.recover()

    assert run.status is RunStatus.SUCCESS
    assert len(left.bench.catalog.backups()) == 1


def test_a_backup_that_could_only_not_be_recorded_is_in_the_catalog_after_the_next_start(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(backup: object) -> None:
        raise CatalogError("no space to write the catalog")

    with monkeypatch.context() as patch, pytest.raises(CatalogError):
        patch.setattr(bench.catalog, "add_backup", full)
        back_up(bench.context(a_run("r1", status=RunStatus.RUNNING)), bench.parts())

    Left(bench).recover(bench.storage)

    assert [backup.run_id for backup in bench.catalog.backups()] == ["r1"]
    assert bench.catalog.run("r1").status is RunStatus.SUCCESS
    assert list(bench.workspaces.iterdir()) == []


def test_what_a_failed_run_could_not_take_back_is_removed_at_the_next_start(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_args: object) -> None:
        raise StorageError("the file system is mounted read-only")

    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr(bench.storage, "put_text", read_only)
        patch.setattr(bench.storage, "delete", read_only)
        back_up(bench.context(a_run("r1", status=RunStatus.RUNNING)), bench.parts())
    left_behind = bench.stored()

    Left(bench).recover(bench.storage)

    assert any(name.endswith(".tar.zst") for name in left_behind)
    assert bench.stored() == []
    assert bench.catalog.run("r1").status is RunStatus.INTERRUPTED


def _with_slot(bench: Bench) -> tuple[Left, SlotLedger]:
    ledger = SlotLedger(catalog=bench.catalog, clock=bench.clock, definitions=())
    ledger.reconcile([definition(Tier.DAILY)])
    bench.clock.go(86_400)
    left = Left(bench, trigger=Trigger.SCHEDULE)
    assert len(ledger.claim("oempro", RUN_ID)) == 1
    return left, ledger


def test_the_slots_of_an_interrupted_run_are_due_again(bench: Bench) -> None:
    left, ledger = _with_slot(bench)

    left.recover()

    assert [slot.state for slot in ledger.due("oempro")] == [SlotState.DUE]


def test_the_slots_of_an_adopted_run_are_served(bench: Bench) -> None:
    left, ledger = _with_slot(bench)
    left.workspace()
    left.put("", ".sha256", ".json")

    left.recover()

    assert ledger.due("oempro") == []
    assert [(slot.state, slot.run_id) for slot in bench.catalog.slots()] == [(SlotState.SERVED, RUN_ID)]


def test_a_queued_run_is_closed_too_and_a_finished_one_stays(left: Left) -> None:
    left.bench.catalog.add_run(a_run("waited", status=RunStatus.QUEUED))
    left.bench.catalog.add_run(replace(a_run("done", status=RunStatus.SUCCESS), error="kept"))

    left.recover()

    assert left.bench.catalog.run("waited").status is RunStatus.INTERRUPTED
    assert left.bench.catalog.run("done").status is RunStatus.SUCCESS
    assert left.bench.catalog.unfinished_runs() == []


def test_option_files_with_passwords_are_removed(left: Left) -> None:
    directory = left.bench.directory / "runtime" / OPTION_DIRECTORY
    directory.mkdir(parents=True)
    (directory / f"{RUN_ID}.cnf").write_text("password")

    left.recover()

    assert list(directory.iterdir()) == []


def test_a_storage_that_is_away_leaves_the_workspace_for_the_next_start_and_the_daemon_serves(left: Left) -> None:
    workspace = left.workspace()
    left.put("", ".sha256", ".json")

    class Away(MemoryStorage):
        def read_text(self, key: str) -> str:
            raise StorageError("nothing is mounted on /backups", hint="Mount it.", retryable=True)

    with capture_logs() as lines:
        first = left.recover(Away())
    left.recover(left.memory)

    assert first.status is RunStatus.INTERRUPTED
    assert [(line["event"], line["hint"]) for line in lines if line["log_level"] == "error"] == [
        ("recovery.workspace_left", "Mount it.")
    ]
    assert len(left.bench.catalog.backups()) == 1
    assert not workspace.path.exists()


def test_a_workspace_directory_that_cannot_be_looked_at_does_not_keep_the_daemon_from_serving(left: Left) -> None:
    dead = left.bench.directory / ("x" * 300)  # as ESTALE of a dead mount: neither there nor missing
    recovery = Recovery(
        catalog=left.bench.catalog,
        clock=left.bench.clock,
        installation_id=INSTALLATION,
        storages=(left.memory,),
        workspace_directories=(dead,),
        runtime_directory=left.bench.directory / "runtime",
    )

    with capture_logs() as lines:
        recovery.recover()

    assert left.bench.catalog.run(RUN_ID).status is RunStatus.INTERRUPTED
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "recovery.directory_unreadable",
        "recovery.workspace_left",
    ]


def test_processes_of_this_installation_are_ended_and_no_others(left: Left) -> None:
    def sleeper(installation_id: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["sleep", "60"], env={"PATH": os.environ["PATH"], **RunMark(installation_id, RUN_ID).environment()}
        )

    installation_id = os.urandom(16).hex()
    with sleeper(installation_id) as ours, sleeper("f" * 32) as theirs:
        left.recover(installation_id=installation_id)

        assert ours.wait(10) < 0
        assert theirs.poll() is None
        theirs.kill()


class FakeDocker:
    """Lists sidecars and notes which were removed; ``while_listing`` is what happens meanwhile."""

    def __init__(self, *run_ids: str, error: DockerError | None = None) -> None:
        self.containers = [
            {"Id": run_id, "Names": [f"/sidecar-{run_id}"], "Labels": {RUN_LABEL: run_id}} for run_id in run_ids
        ]
        self.error = error
        self.removed: list[str] = []
        self.live: set[str] = set()

    def list_labelled(self, labels: dict[str, str]) -> list[dict[str, Any]]:
        if self.error is not None:
            raise self.error
        assert labels == {INSTALLATION_LABEL: INSTALLATION}
        self.live.add("began-meanwhile")
        return self.containers

    def remove(self, container_id: str, *, force: bool = True) -> None:
        self.removed.append(container_id)


def test_sidecars_of_dead_runs_are_removed_not_those_of_a_run_that_began_meanwhile() -> None:
    docker = FakeDocker("dead", "alive", "began-meanwhile")
    docker.live.add("alive")

    assert recover_sidecars(cast("Docker", docker), INSTALLATION, live_runs=docker.live)

    assert docker.removed == ["dead"]


def test_a_docker_that_is_not_up_yet_is_asked_again_later() -> None:
    docker = FakeDocker("dead", error=DockerError("no such socket", hint="Start Docker."))

    with capture_logs() as lines:
        recovered = recover_sidecars(cast("Docker", docker), INSTALLATION)

    assert recovered is False
    assert [line["event"] for line in lines] == ["recovery.docker_unreachable"]


def test_a_sidecar_that_a_run_could_not_remove_is_removed_after_its_end() -> None:
    docker = FakeDocker()
    sidecars = SidecarRecovery(INSTALLATION, runs=docker.live)
    sidecars.attempt(cast("Docker", docker))
    docker.containers = FakeDocker("failed", "alive", DIAGNOSIS_MARK).containers
    docker.live.add("alive")

    sidecars.attempt(cast("Docker", docker))
    before = list(docker.removed)
    sidecars.want()
    sidecars.attempt(cast("Docker", docker))

    assert (before, docker.removed) == ([], ["failed"])


def test_sidecars_are_looked_for_again_when_docker_could_not_be_asked() -> None:
    docker = FakeDocker("dead", error=DockerError("no such socket"))
    sidecars = SidecarRecovery(INSTALLATION, runs=docker.live)
    with capture_logs():
        sidecars.attempt(cast("Docker", docker))
    docker.error = None

    sidecars.attempt(cast("Docker", docker))

    assert docker.removed == ["dead"]


def test_a_backup_that_is_adopted_waits_for_the_remote_storages_and_its_run_is_degraded(left: Left) -> None:
    left.workspace()
    left.put("", ".sha256", ".json")

    run = left.recover(remote=("s3",))

    backup = left.bench.catalog.backup(run.backup_id or "")
    assert {copy.storage: copy.state for copy in backup.copies} == {
        "memory": CopyState.PRESENT,
        "s3": CopyState.PENDING,
    }
    assert (run.status, run.error) == (RunStatus.DEGRADED, "s3: pending, the daemon ended before it was uploaded")
    assert run.detail["degraded"] == [run.error]
    assert [proof.level for proof in left.bench.catalog.holdings.proofs()] == [ProofLevel.PREPARED]


def test_a_copy_that_was_being_uploaded_waits_again(left: Left) -> None:
    backup = add_waiting_backup(left.bench, run_id=RUN_ID)
    left.bench.catalog.uploads.begin_copy(backup.backup_id, "s3", key=backup.copies[1].key, at=AT)

    run = left.recover()

    copy = left.bench.catalog.backup(backup.backup_id).copies[1]
    assert (copy.state, copy.detail) == (CopyState.PENDING, "the daemon ended while it was uploaded")
    assert (run.status, run.backup_id) == (RunStatus.DEGRADED, backup.backup_id)


def test_an_interrupted_upload_run_goes_on_by_itself(bench: Bench) -> None:
    left = Left(bench)
    bench.catalog.update_run(RUN_ID, operation=Operation.UPLOAD)

    run = left.recover()

    assert (run.status, run.hint) == (RunStatus.INTERRUPTED, "It goes on by itself.")
