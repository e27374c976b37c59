"""How everything stands, gathered from a real catalog."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.daemon.standing_facts import NOTIFIER_GRACE
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState, StepRecord, Tier
from octeth_backupd.domain.notices.notice import NoticeKind
from octeth_backupd.domain.notices.problem import Problem
from octeth_backupd.domain.notices.problems import restore_key
from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.old_login import OLD_LOGIN
from octeth_backupd.errors import EngineError
from octeth_backupd.pipeline.result import RunResult
from tests.fakes.catalog_values import make_backup, make_run
from tests.fakes.installation import INSTALLATION
from tests.fakes.notice_bench import NoticeBench, standing_facts
from tests.fakes.notices import make_notice
from tests.unit.scheduling.builders import all_three, definition

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.standing import ServerFacts, Standing
    from octeth_backupd.pipeline.context import RunContext
    from tests.fakes.bench import Bench

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def daemon(bench: Bench) -> NoticeBench:
    """A daemon with all three schedules, at 02:00 on a Sunday; started."""
    daemon = NoticeBench(bench, definitions=all_three())
    daemon.start()
    return daemon


def gathered(daemon: NoticeBench) -> Standing:
    return standing_facts(daemon).gather(daemon.notifiers)


def oempro(daemon: NoticeBench) -> ServerFacts:
    return next(one for one in gathered(daemon).servers if one.name == "oempro")


def add_backup(daemon: NoticeBench, hours_ago: float, *tiers: Tier) -> str:
    backup = make_backup(
        taken_at=daemon.clock.now() - hours_ago * HOUR, tiers=frozenset(tiers), installation_id=INSTALLATION
    )
    daemon.catalog.add_backup(backup)
    return backup.backup_id


def test_a_higher_tier_counts_for_a_lower_one_and_a_manual_backup_for_the_most_frequent(daemon: NoticeBench) -> None:
    monthly = add_backup(daemon, 30, Tier.MONTHLY)
    daily = add_backup(daemon, 20, Tier.DAILY)
    manual = add_backup(daemon, 10, Tier.MANUAL)

    last = {one.name: one.last_good and one.last_good.backup_id for one in oempro(daemon).schedules}

    assert last == {"daily": manual, "weekly": monthly, "monthly": monthly}
    assert daily not in last.values()


def test_a_removed_schedule_and_a_removed_server_are_known_by_the_catalog(daemon: NoticeBench) -> None:
    daemon.clock.go(2 * DAY.total_seconds())
    daemon.look()
    daemon.definitions = [one for one in daemon.definitions if one.tier is Tier.MONTHLY]
    daemon.reconcile()
    daily = next(one for one in oempro(daemon).schedules if one.name == "daily")
    daemon.definitions, daemon.servers = [definition(server="shop")], ["shop"]
    daemon.reconcile()

    assert (daily.rule, daily.interval_seconds, daily.known_since) == (None, 86400.0, daemon.clock.now())
    assert {one.name: one.is_configured for one in gathered(daemon).servers} == {"shop": True, "oempro": False}


def test_runs_are_counted_since_the_last_that_was_as_it_should_be(daemon: NoticeBench) -> None:
    for number, status in enumerate(
        [RunStatus.FAILED, RunStatus.SUCCESS, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.INTERRUPTED]
    ):
        at = daemon.clock.now() + number * HOUR
        daemon.catalog.add_run(make_run(f"run-{number}", at, status=status, finished_at=at))
    daemon.catalog.add_run(
        make_run("r", daemon.clock.now(), operation=Operation.RETENTION, status=RunStatus.INTERRUPTED)
    )

    (series,) = oempro(daemon).series

    assert (series.count, series.last.run_id, series.since) == (1, "run-4", daemon.clock.now() + 4 * HOUR)
    assert series.without_backup == 2
    assert series.failure is not None
    assert series.failure.run_id == "run-2"


def test_tries_of_other_operations_do_not_push_a_series_out_of_sight(daemon: NoticeBench) -> None:
    daemon.catalog.add_run(make_run("failed", daemon.clock.now(), status=RunStatus.FAILED))
    for number in range(310):
        daemon.catalog.add_run(
            make_run(f"r-{number}", daemon.clock.now(), operation=Operation.RESOLVE, status=RunStatus.FAILED)
        )

    (series,) = oempro(daemon).series

    assert series.last.run_id == "failed"


@pytest.mark.parametrize(
    ("causes", "count"),
    [
        (("s3: nothing listens", "s3: nothing listens", "hook after_backup: it ended with 1"), 1),
        (("hook after_backup: it ended with 1", "s3: nothing listens", "hook after_backup: it ended with 1"), 1),
        (("retention: denied", "hook after_backup: it ended with 1", "hook after_backup: it ended with 2"), 2),
    ],
)
def test_only_runs_that_were_degraded_for_the_same_cause_are_counted(
    daemon: NoticeBench, causes: tuple[str, ...], count: int
) -> None:
    for number, cause in enumerate(causes):
        run = make_run(f"run-{number}", daemon.clock.now(), status=RunStatus.DEGRADED, detail={"degraded": [cause]})
        daemon.catalog.add_run(run)

    (series,) = oempro(daemon).series

    assert series.count == count


def test_runs_that_failed_for_another_cause_are_not_counted_but_left_no_backup_either(daemon: NoticeBench) -> None:
    for number, code in enumerate(["engine", "hook_failed", "hook_failed"]):
        daemon.catalog.add_run(
            make_run(f"run-{number}", daemon.clock.now(), status=RunStatus.FAILED, error_code=code, error="no")
        )

    (series,) = oempro(daemon).series

    assert (series.count, series.without_backup, series.failure) == (2, 3, None)


def test_a_degraded_run_begins_a_series_of_its_own(daemon: NoticeBench) -> None:
    for number, status in enumerate([RunStatus.FAILED, RunStatus.DEGRADED]):
        daemon.catalog.add_run(make_run(f"run-{number}", daemon.clock.now(), status=status))

    (series,) = oempro(daemon).series

    assert (series.count, series.last.status) == (1, RunStatus.DEGRADED)


def test_a_failed_step_is_known(daemon: NoticeBench) -> None:
    daemon.failures["oempro"] = ("prepare", EngineError("no"))
    daemon.order()

    assert oempro(daemon).series[0].last_step == "prepare"


def test_waiting_and_lost_copies_are_known_by_storage(daemon: NoticeBench) -> None:
    daemon.upload_error = "nothing listens"
    daemon.order()
    daemon.catalog.add_backup(
        make_backup(taken_at=daemon.clock.now() - DAY, copies={"old": CopyState.MISSING}, installation_id=INSTALLATION)
    )

    storages = {one.name: one for one in gathered(daemon).storages}

    assert (storages["s3"].waiting_copies, storages["s3"].was_told_by_run) == (1, True)
    assert storages["s3"].last_error == "nothing listens"
    assert not storages["old"].is_configured
    assert [len(lost.backups) for lost in storages["old"].lost.values()] == [1]
    assert storages["local"].waiting_copies == 0


def test_open_restores_and_pauses_are_seen(daemon: NoticeBench) -> None:
    now = daemon.clock.now()
    journal = Journal(restore_id="r1", installation_id=INSTALLATION, server="oempro", created_at=now)
    daemon.parts().journals.write(journal.moved_to(State.STARTING, now))
    daemon.ledger.pause("oempro", "daily", "uid 0 (root)")

    facts = oempro(daemon)

    assert [(one.restore_id, one.state, one.since) for one in facts.restores] == [("r1", "starting", now)]
    daily = next(one for one in facts.schedules if one.name == "daily")
    assert (daily.paused_by, daily.paused_at) == ("uid 0 (root)", now)


def test_a_restore_that_was_told_is_not_over_while_it_is_resolved_and_one_that_begins_is_told_by_its_run(
    daemon: NoticeBench,
) -> None:
    now = daemon.clock.now()
    for restore_id in ("new", "told"):
        journal = Journal(restore_id=restore_id, installation_id=INSTALLATION, server="oempro", created_at=now)
        daemon.parts().journals.write(journal.moved_to(State.STARTING, now))
    told = Problem(
        key=restore_key("told"), server="oempro", kind=NoticeKind.RESTORE, title="a restore is not over", began_at=now
    )
    daemon.catalog.notices.tell(at=now, begun=[told])
    seen: list[str] = []

    def resolve(_context: RunContext) -> RunResult:
        seen.extend(one.restore_id for one in oempro(daemon).restores)
        return RunResult()

    daemon.execute[Operation.RESOLVE] = resolve
    daemon.order(Operation.RESOLVE)

    assert seen == ["told"]
    assert {one.restore_id for one in oempro(daemon).restores} == {"new", "told"}


def test_missed_slots_are_those_after_the_last_good_backup(bench: Bench) -> None:
    daemon = NoticeBench(bench, definitions=[definition(catch_up_seconds=0)])
    daemon.start()
    daemon.stop()
    daemon.clock.go((2 * DAY + 3 * HOUR).total_seconds())
    daemon.start()

    before = oempro(daemon).schedules[0]
    add_backup(daemon, 1, Tier.DAILY)

    assert [slot.state for slot in before.missed] == [SlotState.MISSED] * 2
    assert oempro(daemon).schedules[0].missed == ()


def test_a_notifier_that_does_not_get_through_for_an_hour_is_known(daemon: NoticeBench) -> None:
    daemon.catalog.notices.tell(at=daemon.clock.now(), notices=[("mail", make_notice()), ("gone", make_notice())])
    for name in daemon.notifiers:
        daemon.notifiers[name].is_away = True
    daemon.deliver()
    soon = gathered(daemon).notifiers
    daemon.clock.go(NOTIFIER_GRACE.total_seconds() + 1)

    assert soon == ()
    assert [one.name for one in gathered(daemon).notifiers] == ["mail"]


def test_the_time_in_which_the_daemon_was_not_running_is_known_after_its_start(daemon: NoticeBench) -> None:
    stopped = daemon.clock.now()
    same = standing_facts(daemon)
    before = same.gather(()).away
    daemon.clock.go(10 * HOUR.total_seconds())

    assert before is None
    assert same.gather(()).away is None
    daemon.clock.go(10 * HOUR.total_seconds())
    assert standing_facts(daemon).gather(()).away == (stopped + 10 * HOUR, daemon.clock.now())


def test_the_first_look_of_all_is_remembered_and_never_lies_in_the_future(daemon: NoticeBench) -> None:
    first = gathered(daemon).watching_since
    daemon.clock.go(DAY.total_seconds())
    later = gathered(daemon).watching_since
    daemon.clock.jump(-(30 * DAY).total_seconds())

    assert first == later
    assert gathered(daemon).watching_since == daemon.clock.now()


def _restored(daemon: NoticeBench, run_id: str, **fields: Any) -> None:
    values: dict[str, Any] = {
        "operation": Operation.RESTORE,
        "finished_at": daemon.clock.now(),
        "detail": {"safety_copy": []},
    } | fields
    daemon.catalog.add_run(make_run(run_id=run_id, **values))


def _backed_up(daemon: NoticeBench, run_id: str, *, preflight: RunStatus) -> None:
    daemon.catalog.add_run(make_run(run_id=run_id, status=RunStatus.FAILED))
    at = daemon.clock.now()
    daemon.catalog.add_step(StepRecord(run_id=run_id, position=0, name="preflight", status=preflight, started_at=at))


OLD = {"status": RunStatus.DEGRADED, "detail": {"safety_copy": [], "degraded": [OLD_LOGIN]}}


def test_a_server_is_locked_out_of_from_a_restore_until_a_backup_gets_past_its_checks(daemon: NoticeBench) -> None:
    _backed_up(daemon, "before", preflight=RunStatus.SUCCESS)
    daemon.clock.go(60)
    _restored(daemon, "restore", **OLD)
    daemon.clock.go(60)
    _backed_up(daemon, "refused", preflight=RunStatus.FAILED)
    assert [run.run_id for run in [oempro(daemon).locked_out_by] if run] == ["restore"]

    _backed_up(daemon, "let-in", preflight=RunStatus.SUCCESS)

    assert oempro(daemon).locked_out_by is None


def test_a_later_restore_with_the_configured_password_lets_in_and_one_that_failed_does_not(daemon: NoticeBench) -> None:
    _restored(daemon, "restore", **OLD)
    _restored(daemon, "failed", status=RunStatus.FAILED)
    _restored(daemon, "taken-back", operation=Operation.RESOLVE, status=RunStatus.SUCCESS, detail={"state": "aborted"})
    assert oempro(daemon).locked_out_by is not None

    _restored(daemon, "undo", operation=Operation.UNDO, status=RunStatus.SUCCESS)

    assert oempro(daemon).locked_out_by is None
