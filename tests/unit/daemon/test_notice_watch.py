"""What happens is told once: not twice, not never, whatever fails in between."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon import notice_watch
from octeth_backupd.daemon.notice_watch import REMEMBERED, TOLD_RUNS
from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.events import RunFinished
from octeth_backupd.domain.notices.notice import NoticeKind
from octeth_backupd.domain.notices.standing import BrokenFile
from octeth_backupd.domain.restore.old_login import OLD_LOGIN
from octeth_backupd.errors import CatalogError, EngineError, PreflightError
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.step_runner import StepRunner
from tests.fakes.catalog_values import make_run
from tests.fakes.notice_bench import NoticeBench
from tests.unit.scheduling.builders import definition

if TYPE_CHECKING:
    from octeth_backupd.pipeline.context import RunContext
    from tests.fakes.bench import Bench

WRONG = ("backup", EngineError("the log has no end", hint="Look at it."))


@pytest.fixture
def daemon(bench: Bench) -> NoticeBench:
    """A daemon that was started."""
    daemon = NoticeBench(bench)
    daemon.start()
    return daemon


def test_what_ended_before_anything_was_ever_told_is_history(bench: Bench) -> None:
    bench.catalog.add_run(make_run(status=RunStatus.CANCELLED, finished_at=bench.clock.now()))
    daemon = NoticeBench(bench)

    daemon.start()

    assert daemon.said() == []


def test_a_crash_between_deciding_and_writing_tells_neither_twice_nor_never(
    daemon: NoticeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.failures["oempro"] = WRONG

    def full(**_what: object) -> None:
        raise CatalogError("no space", hint="Make room.")

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(daemon.catalog.notices, "tell", full)
        daemon.order()
    lost = daemon.said()
    daemon.watch = daemon.another_watch()
    daemon.look()
    daemon.look()

    assert lost == []
    assert "notices.look_failed" in [log["event"] for log in logs]
    assert daemon.said() == ["failure: oempro: backup failed: the log has no end"]


def test_a_begin_that_could_not_be_told_is_told_later_and_before_the_end(
    daemon: NoticeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> list[object]:
        raise CatalogError("locked")

    with monkeypatch.context() as patched:
        patched.setattr(daemon.catalog.notices, "open_problems", locked)
        daemon.order()
    daemon.look()

    assert daemon.said("ping") == ["start: oempro: backup started", "success: oempro: backup succeeded"]


def test_a_run_that_ends_while_the_facts_are_read_is_told_by_its_own_notice(
    daemon: NoticeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather = daemon.watch._facts.gather
    now = daemon.clock.now()
    late = [make_run(status=RunStatus.FAILED, error="no", error_code="engine", started_at=now, finished_at=now)]

    def gather_late(names: object) -> object:
        if late:
            daemon.catalog.add_run(late.pop())
        return gather(names)  # type: ignore[arg-type]

    monkeypatch.setattr(daemon.watch._facts, "gather", gather_late)
    daemon.watch.look()
    daemon.deliver()

    (notice,) = daemon.told()
    assert notice.run_id == "run-1"


def test_the_list_of_told_runs_does_not_grow_without_end(daemon: NoticeBench) -> None:
    daemon.catalog.set_meta(TOLD_RUNS, json.dumps([str(number) for number in range(REMEMBERED)]))
    daemon.order()

    told = json.loads(daemon.catalog.meta(TOLD_RUNS) or "")
    assert (len(told), told[0]) == (REMEMBERED, "1")


def test_ten_servers_that_fail_for_one_reason_are_ten_messages(bench: Bench) -> None:
    servers = [f"s{number}" for number in range(10)]
    daemon = NoticeBench(bench, servers=servers)
    daemon.start()
    daemon.failures = dict.fromkeys(servers, WRONG)

    daemon.clock.go(86400)
    daemon.look()
    daemon.clock.go(3600)
    daemon.look()

    assert len(daemon.told()) == 10


def test_the_thread_looks_when_a_run_ends_and_for_the_last_time_when_it_is_stopped(daemon: NoticeBench) -> None:
    run = make_run(status=RunStatus.FAILED, error="no", finished_at=daemon.clock.now())
    daemon.watch.start()
    was_alive = daemon.watch.is_alive()
    daemon.catalog.add_run(run)
    daemon.watch.follow(RunFinished(run_id=run.run_id, server="oempro", at=daemon.clock.now(), run=run))

    daemon.watch.stop()
    daemon.deliver()

    assert (was_alive, daemon.watch.is_alive()) == (True, False)
    assert daemon.said() == ["failure: oempro: backup failed: no"]


def test_a_defect_is_logged_and_the_next_look_is_taken(daemon: NoticeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()
    looks: list[None] = []

    def broken() -> None:
        looks.append(None)
        looked.set()
        raise ZeroDivisionError

    monkeypatch.setattr(daemon.watch, "look", broken)
    with capture_logs() as logs:
        daemon.watch.start()
        looked.wait(10)
        daemon.watch.wake()
        daemon.watch.stop()

    assert len(looks) >= 2
    assert {log["event"] for log in logs} == {"notices.look_failed"}


def test_a_look_that_hangs_is_no_life(daemon: NoticeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, end = threading.Event(), threading.Event()

    def hang(*_what: object) -> None:
        begun.set()
        end.wait(20)
        raise CatalogError("no answer")

    monkeypatch.setattr(daemon.catalog.notices, "open_problems", hang)
    daemon.watch.start()
    assert begun.wait(10)
    in_time = daemon.watch.is_alive()
    with monkeypatch.context() as patched:
        patched.setattr(notice_watch, "LONGEST_LOOK_SECONDS", 0.0)
        hanging = daemon.watch.is_alive()
    end.set()
    daemon.watch.stop()

    assert (in_time, hanging) == (True, False)


def _over(daemon: NoticeBench) -> list[tuple[str, str]]:
    """Return the kind of each notice that says that something is over, and what is."""
    return [(notice.kind.value, notice.fact("ends")) for notice in daemon.told() if notice.fact("ends")]


@pytest.mark.parametrize("afterwards", ["degraded", "suspect", "good"])
def test_the_end_of_failures_is_told_once_however_the_run_that_ends_them_ends(
    daemon: NoticeBench, afterwards: str
) -> None:
    daemon.failures["oempro"] = WRONG
    daemon.order()
    daemon.failures.clear()
    daemon.upload_error = "nothing listens" if afterwards == "degraded" else ""
    daemon.suspicion = "half of the last one" if afterwards == "suspect" else ""
    daemon.order()
    daemon.upload_error = daemon.suspicion = ""
    daemon.clock.go(60)
    daemon.look()
    daemon.order()

    [(_, ends)] = _over(daemon)
    assert ends == "failing:backup:oempro/engine"


def test_a_degraded_backup_that_is_no_longer_overdue_says_so(bench: Bench) -> None:
    daemon = NoticeBench(bench)
    daemon.start()
    daemon.stop()
    daemon.clock.go(3 * 86400)
    daemon.holder = "a restore holds the server"
    daemon.start()
    daemon.holder, daemon.upload_error = "", "nothing listens"
    daemon.order()

    assert _over(daemon) == [("degraded", "overdue:oempro:daily/late")]


@pytest.mark.parametrize("is_new_server", [False, True])
def test_a_rule_that_the_ledger_has_not_taken_up_yet_begins_when_it_is_seen(
    daemon: NoticeBench, is_new_server: bool
) -> None:
    daemon.clock.go(20 * 3600)
    daemon.order()
    daemon.clock.go(4 * 3600)
    server = "shop" if is_new_server else "oempro"
    daemon.servers = ["oempro", server]
    daemon.definitions = [definition(server=server, expression="0 */1 * * *")]
    daemon.watch.look()
    daemon.clock.go(3600)
    daemon.watch.look()
    daemon.deliver()
    at_once = daemon.said()
    daemon.clock.go(3 * 3600)
    daemon.watch.look()
    daemon.deliver()

    assert at_once == []
    assert [notice.problem for notice in daemon.told()] == [f"overdue:{server}:daily/late"]


def _restored_with_old_login(context: RunContext) -> RunResult:
    detail = {"restore_id": context.run.run_id, "safety_copy": [], "degraded": [OLD_LOGIN]}
    return RunResult(status=RunStatus.DEGRADED, detail=detail)


def _not_let_in(context: RunContext) -> RunResult:
    with StepRunner(context).step("preflight"):
        raise PreflightError("login: the server refused user 'backup'")


def _let_in(context: RunContext) -> RunResult:
    with StepRunner(context).step("preflight"):
        return RunResult()


def test_a_restore_that_leaves_the_old_password_is_told_once_and_over_with_a_backup(
    daemon: NoticeBench,
) -> None:
    daemon.execute = {Operation.RESTORE: _restored_with_old_login, Operation.BACKUP: _not_let_in}

    daemon.order(Operation.RESTORE)
    for _ in range(3):
        daemon.look()
    begin, end = daemon.told()
    daemon.clock.go(60)
    daemon.order()
    failure = daemon.said()
    wrong = [problem.key for problem in daemon.watch.problems]
    daemon.execute[Operation.BACKUP] = _let_in
    daemon.order()

    assert (begin.problem, end.problem, end.kind) == ("", "login:oempro", NoticeKind.RESTORE)
    assert OLD_LOGIN in end.title
    assert failure == ["failure: oempro: backup failed: login: the server refused user 'backup'"]
    assert wrong == ["login:oempro", "failing:backup:oempro/preflight_failed.login"]
    assert daemon.said() == ["recovery: oempro: backups succeed again"]
    assert daemon.watch.problems == ()


def test_mistakes_of_the_configuration_file_are_told_and_their_end(daemon: NoticeBench) -> None:
    daemon.broken_file = BrokenFile(path="/etc/x", since=daemon.clock.now(), mistake="no such key")

    daemon.look()
    told = daemon.said()
    daemon.broken_file = None
    daemon.look()

    assert told == ["failure: the configuration file has mistakes: the next start would fail"]
    assert daemon.said() == ["recovery: over: the configuration file has mistakes: the next start would fail"]
