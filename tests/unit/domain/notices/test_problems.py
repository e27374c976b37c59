"""All problems there are, and how they hang together."""

from __future__ import annotations

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.holdings import Hold
from octeth_backupd.domain.notices.notice import NoticeKind
from octeth_backupd.domain.notices.problems import problems_of
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.notices.standing import HoldFacts, NotifierFacts, OpenRestore
from tests.fakes.catalog_values import START
from tests.fakes.standing import good, schedule, series, server, standing, storage

SETTINGS = NoticesSettings()
LATE = schedule(last_good=good(hours_ago=50))
HOLD = Hold(
    hold_id=7, server="oempro", reason="the archive is half of the last", backup_id="oempro-2",
    protected=("oempro-1",), begun_at=START,
)  # fmt: skip


def test_where_all_is_well_there_is_nothing_to_say() -> None:
    assert problems_of(standing(server(schedule(last_good=good()))), SETTINGS) == ()


def test_a_server_whose_runs_fail_is_overdue_because_of_that() -> None:
    failing, late = problems_of(standing(server(LATE, series=(series(error_code="engine"),))), SETTINGS)

    assert failing.key == "failing:backup:oempro/engine"
    assert late.covered_by == {failing.key}


def test_neither_a_failed_retention_nor_an_interrupted_run_is_why_backups_are_overdue() -> None:
    because = (series(operation=Operation.RETENTION), series(RunStatus.INTERRUPTED))

    *_, late = problems_of(standing(server(LATE, series=because)), SETTINGS)

    assert (late.kind, late.covered_by) == (NoticeKind.OVERDUE, frozenset())


def test_a_restore_that_is_not_over_is_why_they_are() -> None:
    stuck = OpenRestore(restore_id="r1", state="starting", since=START)

    restore, late = problems_of(standing(server(LATE, restores=(stuck,))), SETTINGS)

    assert (restore.key, restore.kind) == ("restore:r1", NoticeKind.RESTORE)
    assert late.covered_by == {"restore:r1"}


def test_runs_of_a_server_that_is_not_configured_any_more_are_nobodys_business() -> None:
    assert problems_of(standing(server(series=(series(),), is_configured=False)), SETTINGS) == ()


def test_a_doubt_says_what_is_held_and_how_to_answer_it() -> None:
    doubted = (HoldFacts(hold=HOLD), HoldFacts(hold=HOLD, is_anomaly=True))

    hold, anomaly = problems_of(standing(server(schedule(last_good=good()), holds=doubted)), SETTINGS)

    assert (hold.kind, anomaly.kind) == (NoticeKind.HOLD, NoticeKind.ANOMALY)
    assert hold.key == "hold:7"
    assert "1 backup that the policy kept" in hold.cause
    assert hold.command == "octeth-backupctl show oempro-2"


def test_a_notifier_that_does_not_get_through_is_not_told_of_itself() -> None:
    silent = NotifierFacts(name="mail", since=START, waiting=2, last_error="timed out")

    (problem,) = problems_of(standing(notifiers=(silent,)), SETTINGS)

    assert (problem.key, problem.notifier) == ("notifier:mail", "mail")
    assert "2 notices wait since Sun 2026-11-22 02:00 UTC: timed out" in problem.cause


def test_storages_come_after_the_servers() -> None:
    found = problems_of(standing(server(LATE), storages=(storage(was_told_by_run=True),)), SETTINGS)

    assert [problem.kind for problem in found] == [NoticeKind.OVERDUE, NoticeKind.UPLOAD]
