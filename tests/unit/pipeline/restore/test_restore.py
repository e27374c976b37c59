"""The order of a restore up to the stop of the server; the live part has tests of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.restore.journal import Expected
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.old_login import NO_LOGIN
from octeth_backupd.domain.restore.order import RestoreOrder, VerifyOrder
from octeth_backupd.domain.restore.plan import ArchiveFormat, ArchiveSource, Refusal, RestorePlan
from octeth_backupd.domain.restore.site import DataState, Owner, Site
from octeth_backupd.domain.restore.swap import Swap, SwapMethod, room_name
from octeth_backupd.domain.server import Placement, Vendor, Version
from octeth_backupd.errors import CancelledError, HookError, RestoreError, RestoreRefusedError, VerificationError
from octeth_backupd.pipeline.restore import refusals as refusals_module
from octeth_backupd.pipeline.restore import restore as restore_module
from octeth_backupd.pipeline.restore.restore import outcome_words, restore, result_of
from tests.fakes.catalog_values import make_backup
from tests.fakes.hook_programs import hooks, write_program
from tests.fakes.power import FakePower
from tests.fakes.restores import make_journal
from tests.unit.domain.restore.test_journal import JOURNAL

if TYPE_CHECKING:
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.live import LiveRestore
    from tests.fakes.bench import Bench

BACKUP = make_backup()
CALLS = ("place", "dress", "carry_over")


class Staged:
    """A restore whose parts write down that they were called."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.power = FakePower()
        self.called: list[str] = []
        self.error_in: dict[str, Exception] = {}
        self.login = "configured"
        self.refusals: tuple[Refusal, ...] = ()
        self.live = bench.directory / "data"
        self.live.mkdir()
        self.finished: list[Journal] = []
        bench.catalog.add_backup(BACKUP)
        monkeypatch.setattr(refusals_module, "plan_restore", self._plan)
        monkeypatch.setattr(restore_module, "power_for", lambda *_, **__: self.power)
        monkeypatch.setattr(restore_module, "rehearse", self._rehearse)
        monkeypatch.setattr(restore_module, "result_of", self._result_of)
        for name in ("stage", *CALLS):
            monkeypatch.setattr(restore_module, name, self._noting(name))

    def _noting(self, name: str) -> Any:
        def called(*_: object, **__: object) -> SimpleNamespace:
            self.called.append(name)
            if name in self.error_in:
                raise self.error_in[name]
            return SimpleNamespace(checksum_confirmed=True, sha256="", was_prepared=True)

        return called

    def _rehearse(self, _context: RunContext, _parts: Parts, subject: Any, **_: object) -> Any:
        self.called.append("rehearse")
        assert subject.scratch.is_dir()
        return SimpleNamespace(notes=(), expected=Expected(tables={"oempro": 3}, login=self.login))

    def _result_of(self, live: Any, *, backup_id: str) -> str:
        self.finished.append(live.journal)
        return backup_id

    def _plan(self, order: RestoreOrder, server: str, *_: object, run_id: str, **__: object) -> RestorePlan:
        site = Site(
            server=server,
            placement=Placement.CONTAINER,
            vendor=Vendor.MARIADB,
            version=Version(major=10, minor=11, patch=1),
            variables={"innodb_max_dirty_pages_pct": "90"},
            server_paths={"data": PurePosixPath("/var/lib/mysql")},
            host_paths={"data": self.live},
            log_bin=False,
            owner=Owner(user_id=999, group_id=999),
            is_running=True,
            is_answering=True,
            data_state=DataState.PRESENT,
        )
        archive = ArchiveSource(
            storage="local",
            place="/srv/x.tar.zst",
            name="x.tar.zst",
            archive_format=ArchiveFormat.TAR,
            size_bytes=1,
            unpacked_bytes=1,
        )
        swap = Swap(role="data", live=self.live, room=self.live.parent / room_name(run_id), method=SwapMethod.EXCHANGE)
        return RestorePlan(
            server=server,
            backup_id=BACKUP.backup_id,
            taken_at=None,
            archive=archive,
            site=site,
            swaps=(swap,),
            refusals=self.refusals,
        )

    def run(self, **order: Any) -> Any:
        return restore(replace(self.bench.context(), order=RestoreOrder(**order)), self.bench.parts())

    def journal(self) -> Journal:
        [journal] = self.bench.parts().journals.all()
        return journal


@pytest.fixture
def staged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Staged:
    """A plan without refusals."""
    return Staged(bench, monkeypatch)


def test_all_that_is_slow_is_done_before_the_server_is_asked_to_stop(staged: Staged) -> None:
    assert staged.run() == BACKUP.backup_id

    assert staged.called == ["stage", *CALLS, "rehearse"]
    assert staged.power.calls == []
    [journal] = staged.finished
    assert (journal.state, journal.was_running, journal.was_answering) == (State.FENCING, True, True)
    assert (journal.policy, journal.dirty_pages_percent) == (staged.power.policy, "90")
    assert journal.expected == Expected(tables={"oempro": 3}, login="configured")
    assert staged.journal() == journal


def test_the_hook_before_runs_when_the_plan_holds_and_one_that_fails_leaves_everything(staged: Staged) -> None:
    program = write_program(staged.bench.directory, "no", 'echo "$OCTETH_BACKUPD_ARCHIVE"; exit 1')
    parts = staged.bench.parts(hooks=hooks(before_restore=[[program]]))
    context = replace(staged.bench.context(), order=RestoreOrder())

    with pytest.raises(HookError, match=r"exit code 1: /srv/x\.tar\.zst") as caught:
        restore(context, parts)

    assert caught.value.hint.startswith("Nothing was touched.")
    assert staged.called == []
    assert parts.journals.all() == ()


def test_a_plan_that_is_refused_runs_no_hook(staged: Staged) -> None:
    program = write_program(staged.bench.directory, "note", f"touch {staged.bench.directory}/was-run")
    staged.refusals = (Refusal(code="space", message="too small"),)

    with pytest.raises(RestoreRefusedError):
        restore(
            replace(staged.bench.context(), order=RestoreOrder()),
            staged.bench.parts(hooks=hooks(before_restore=[[program]])),
        )

    assert not (staged.bench.directory / "was-run").exists()


def test_without_a_rehearsal_nothing_is_expected(staged: Staged) -> None:
    staged.run(rehearse=False)

    assert "rehearse" not in staged.called
    assert staged.finished[0].expected == Expected()


def test_a_refused_plan_leaves_no_journal(staged: Staged) -> None:
    staged.refusals = (Refusal(code="foreign_data", message="it is foreign", flag="--force-foreign"),)

    with pytest.raises(RestoreRefusedError, match="foreign"):
        staged.run()

    assert staged.bench.parts().journals.all() == ()
    assert staged.called == []


@pytest.mark.parametrize("error", [VerificationError("cut"), CancelledError("by the operator")])
def test_what_ends_the_staging_is_told_and_nothing_is_left(staged: Staged, error: Exception) -> None:
    staged.error_in["stage"] = error

    with pytest.raises(type(error), match=str(error)):
        staged.run()

    assert staged.journal().state is State.ABORTED
    assert [path.name for path in staged.live.parent.glob(".octeth*")] == []
    assert staged.power.calls == []


def test_accounts_that_no_password_opens_end_it_before_the_stop(staged: Staged) -> None:
    staged.login = ""

    with pytest.raises(RestoreError, match="no password opens") as caught:
        staged.run()

    assert "--old-password-file" in caught.value.hint
    assert staged.journal().state is State.ABORTED
    assert staged.power.calls == []


def test_the_old_password_is_told_to_be_in_force_again(staged: Staged) -> None:
    staged.login = "old"

    staged.run()

    assert any("old password" in getattr(event, "message", "") for event in staged.bench.events)


@pytest.mark.parametrize(
    ("login", "status"),
    [("configured", RunStatus.SUCCESS), ("", RunStatus.SUCCESS), ("old", RunStatus.DEGRADED)],
)
def test_a_restore_after_which_the_daemon_cannot_log_in_is_degraded(login: Any, status: RunStatus) -> None:
    journal = make_journal(state=State.COMMITTED, expected=Expected(login=login))

    result = result_of(cast("LiveRestore", SimpleNamespace(finish=lambda: journal, notes=())), backup_id="")

    assert result.status is status
    assert ("correct password_file" in str(result.detail.get("degraded"))) is (login == "old")


def test_a_restore_after_which_nobody_could_log_in_is_degraded() -> None:
    journal = make_journal(state=State.COMMITTED, expected=Expected(login=""))

    result = result_of(cast("LiveRestore", SimpleNamespace(finish=lambda: journal, notes=(NO_LOGIN,))), backup_id="")

    assert (result.status, result.detail["degraded"]) == (RunStatus.DEGRADED, [NO_LOGIN])


def test_an_order_of_another_kind_is_a_defect(staged: Staged) -> None:
    with pytest.raises(RestoreError, match="nothing was ordered"):
        restore(replace(staged.bench.context(), order=VerifyOrder()), staged.bench.parts())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": State.ABORTED, "reason": "it did not stop"}, "it did not stop; nothing of the server's data"),
        (
            {"state": State.ROLLED_BACK, "has_swapped": True, "reason": "r"},
            "r; the server runs on the data from before",
        ),
        ({"state": State.ROLLED_BACK, "has_swapped": True, "was_answering": False}, "did not answer before either"),
        ({"state": State.ROLLED_BACK, "has_swapped": True}, "the restored data is kept in"),
    ],
)
def test_a_restore_that_did_not_succeed_says_what_the_data_is(changes: dict[str, Any], expected: str) -> None:
    assert expected in outcome_words(replace(JOURNAL, **changes))
