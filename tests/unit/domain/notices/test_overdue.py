"""What is overdue, from when on, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import RunStatus, SlotState, Tier
from octeth_backupd.domain.holdings import Hold
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.overdue import overdue_problems
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.notices.standing import HoldFacts, OpenRestore
from tests.fakes.catalog_values import START, make_slot
from tests.fakes.standing import good, schedule, series, server, standing

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.current import CurrentProblem
    from octeth_backupd.domain.notices.standing import ServerFacts

SETTINGS = NoticesSettings()
HOUR = timedelta(hours=1)


def found(
    one: ServerFacts, settings: NoticesSettings = SETTINGS, causes: frozenset[str] = frozenset(), **fields: Any
) -> list[CurrentProblem]:
    return overdue_problems(one, standing(one, **fields), settings, causes=causes)


def kinds(*args: Any, **fields: Any) -> list[str]:
    return [problem.key for problem in found(*args, **fields)]


@pytest.mark.parametrize(("hours", "keys"), [(24, []), (26, []), (26.1, ["overdue:oempro:daily/late"])])
def test_a_nightly_backup_is_overdue_after_26_hours(hours: float, keys: list[str]) -> None:
    now = START + timedelta(hours=hours)

    assert kinds(server(schedule(last_good=good())), now=now) == keys


def test_a_backup_at_another_time_counts_until_the_schedules_next_due_time_and_the_grace() -> None:
    facts = server(schedule(last_good=good(hours_ago=11)))  # 15:00

    assert kinds(facts, now=START + 2 * HOUR) == []
    assert kinds(facts, now=START + 2.1 * HOUR) == ["overdue:oempro:daily/late"]


def test_a_week_is_a_week_and_a_month_is_as_long_as_it_is() -> None:
    weekly = server(schedule(Tier.WEEKLY, last_good=good()))
    monthly = server(schedule(Tier.MONTHLY, last_good=good()))  # of 22 November: due on the 1st

    assert kinds(weekly, now=START + timedelta(days=7, hours=2)) == []
    assert kinds(weekly, now=START + timedelta(days=7, hours=3)) == ["overdue:oempro:weekly/late"]
    assert kinds(monthly, now=START + timedelta(days=9, hours=3)) == ["overdue:oempro:monthly/late"]


def test_a_limit_of_ones_own_holds_instead() -> None:
    settings = NoticesSettings.model_validate({"overdue_after_seconds": {"daily": 3 * 86400}})

    assert kinds(server(schedule(last_good=good(hours_ago=71))), settings) == []
    assert kinds(server(schedule(last_good=good(hours_ago=73))), settings) == ["overdue:oempro:daily/late"]


def test_the_first_day_is_no_alarm_and_what_is_never_backed_up_is_one_after_it() -> None:
    installed = START - 12 * HOUR
    facts = server(schedule(known_since=installed))

    assert kinds(facts, watching_since=installed, now=START + 2 * HOUR) == []
    assert [one.title for one in found(facts, watching_since=installed, now=START + 2.1 * HOUR)] == [
        "oempro: no good daily backup yet"
    ]


def test_a_new_rule_is_a_new_beginning_but_makes_nothing_up_that_was_overdue() -> None:
    facts = server(schedule(known_since=START - HOUR, last_good=good(hours_ago=50)))

    assert kinds(facts) == []
    assert kinds(facts, open_keys=frozenset({"overdue:oempro:daily/late"})) == ["overdue:oempro:daily/late"]


def test_a_backup_that_runs_gets_half_of_the_time_until_the_next_and_not_for_ever() -> None:
    facts = server(schedule(last_good=good()), is_backing_up=True)

    assert kinds(facts, now=START + timedelta(hours=37)) == []
    assert kinds(facts, now=START + timedelta(hours=39)) == ["overdue:oempro:daily/late"]


def test_what_is_overdue_is_not_over_because_a_backup_begins() -> None:
    key = "overdue:oempro:monthly/late"
    facts = server(schedule(Tier.MONTHLY, last_good=good(hours_ago=35 * 24)), is_backing_up=True)

    now = START - timedelta(days=14)  # the 8th

    assert kinds(facts, now=now) == []
    assert kinds(facts, now=now, open_keys=frozenset({key})) == [key]


def test_a_backup_dated_in_the_future_hides_nothing() -> None:
    facts = server(schedule(last_good=good(hours_ago=-24 * 365)))

    assert [one.title for one in found(facts)] == ["oempro: no good daily backup yet"]


def test_what_follows_is_covered_by_its_cause_and_by_the_more_frequent_tier() -> None:
    facts = server(schedule(Tier.WEEKLY, last_good=good(hours_ago=500)), schedule(last_good=good(hours_ago=500)))

    daily, weekly = found(facts, causes=frozenset({"failing:backup:oempro/engine"}))

    assert daily.covered_by == {"failing:backup:oempro/engine"}
    assert weekly.covered_by == {"failing:backup:oempro/engine", daily.key}


PAUSED = schedule(last_good=good(hours_ago=50), paused_at=START - 40 * HOUR, paused_by="uid 1000 (anna)")
DUE = make_slot(START - 24 * HOUR, state=SlotState.CANCELLED, detail="the run was cancelled")


@pytest.mark.parametrize(
    ("facts", "fields", "cause", "command"),
    [
        (server(PAUSED), {}, "paused by uid 1000 (anna)", "octeth-backupctl resume --server oempro --schedule daily"),
        (
            server(schedule(last_good=good(hours_ago=50)), series=(series(error="no room"),)),
            {}, "1 run did not leave a good backup, the last one: no room", "octeth-backupctl watch run-1",
        ),
        (
            server(schedule(last_good=good(hours_ago=50), last_slot=DUE)),
            {}, "is cancelled: the run was cancelled", "octeth-backupctl backup --server oempro",
        ),
        (
            server(schedule(last_good=good(hours_ago=50))),
            {"away": (START - 49 * HOUR, START)},
            "the daemon was not running from about", "journalctl -u octeth-backupd",
        ),
        (
            server(
                schedule(last_good=good(hours_ago=50)),
                restores=(OpenRestore(restore_id="r1", state="starting", since=START),),
            ),
            {}, "until restore r1 is over", "octeth-backupctl runs --server oempro",
        ),
        (
            server(schedule(last_good=good(hours_ago=50))),
            {}, "none has been made in time", "octeth-backupctl backup --server oempro",
        ),
        (
            server(schedule(last_good=good(hours_ago=100)), is_backing_up=True),
            {}, "a backup is running or queued", "octeth-backupctl status",
        ),
    ],
)  # fmt: skip
def test_it_says_why_and_what_to_run(facts: ServerFacts, fields: dict[str, Any], cause: str, command: str) -> None:
    (problem,) = found(facts, **fields)

    assert cause.lower() in problem.text.lower()
    assert problem.command == command
    assert problem.hint
    assert "The last good one is oempro-1" in problem.cause
    assert problem.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("hours_ago", "away", "command"),
    [
        (1, None, "octeth-backupctl show oempro-2"),
        (1, (START - 40 * HOUR, START - 2 * HOUR), "octeth-backupctl show oempro-2"),
        (60, None, "octeth-backupctl backup --server oempro"),
        (30, (START - 20 * HOUR, START), "journalctl -u octeth-backupd"),
    ],
)
def test_a_backup_that_is_doubted_is_why_there_is_no_good_one(hours_ago: float, away: Any, command: str) -> None:
    doubt = Hold(
        hold_id=1, server="oempro", reason="it has 40 %", backup_id="oempro-2", protected=(),
        begun_at=START - hours_ago * HOUR,
    )  # fmt: skip
    facts = server(schedule(last_good=good(hours_ago=50)), holds=(HoldFacts(hold=doubt, is_anomaly=True),))

    (problem,) = found(facts, away=away)

    assert problem.command == command
    assert ("is doubted: it has 40 %" in problem.cause) == ("accept" in problem.hint) == ("show" in command)


def test_degraded_runs_are_no_reason_to_be_overdue() -> None:
    facts = server(schedule(last_good=good(hours_ago=50)), series=(series(RunStatus.DEGRADED),))

    assert "none has been made in time" in found(facts)[0].cause


def test_a_removed_schedule_is_told_when_its_next_backup_would_have_been_due_and_forgotten_after_two_weeks() -> None:
    removed = schedule(rule=None, known_since=START - 20 * HOUR, last_good=good(hours_ago=24))

    assert kinds(server(removed), now=START + HOUR) == []
    (problem,) = found(server(removed), now=START + 3 * HOUR)
    assert (problem.key, problem.is_repeated) == ("overdue:oempro:daily/removed", False)
    assert "was taken out of the configuration" in problem.cause
    assert kinds(server(removed), now=START + timedelta(days=15)) == []


def test_a_removed_server_is_told_as_such_and_one_that_never_had_a_backup_is_not() -> None:
    removed = schedule(rule=None, known_since=START - 30 * HOUR, last_good=good(hours_ago=30))

    assert "server oempro was taken out" in found(server(removed, is_configured=False))[0].cause
    assert found(server(schedule(rule=None, last_good=None), is_configured=False)) == []


def test_a_server_without_schedules_and_without_any_backup_is_an_alarm_after_a_day() -> None:
    assert kinds(server(), watching_since=START - 26 * HOUR) == []
    assert kinds(server(), watching_since=START - 27 * HOUR) == ["overdue:oempro:any/late"]


def test_a_server_without_schedules_whose_last_backup_is_old_is_told_once() -> None:
    watching_since = START - 27 * HOUR

    (problem,) = found(server(last_good=good(hours_ago=5000)), watching_since=watching_since)

    assert (problem.key, problem.is_repeated) == ("overdue:oempro:any/unscheduled", False)
    assert "none is scheduled" in problem.title
    assert "The last good one is oempro-1" in problem.cause
    assert kinds(server(last_good=good(hours_ago=26)), watching_since=watching_since) == []
    assert kinds(server(last_good=good(hours_ago=5000)), watching_since=START - 26 * HOUR) == []


def test_who_backs_up_by_hand_says_how_often() -> None:
    settings = NoticesSettings.model_validate({"overdue_after_seconds": {"daily": 8 * 86400}})

    assert kinds(server(last_good=good(hours_ago=7 * 24)), settings) == []
    assert kinds(server(last_good=good(hours_ago=9 * 24)), settings) == ["overdue:oempro:any/unscheduled"]


def test_slots_that_nobody_makes_up_for_are_one_problem_unless_they_are_overdue() -> None:
    slots = tuple(
        make_slot(START - timedelta(hours=hours), state=SlotState.MISSED, detail="too late to catch up")
        for hours in (5, 3)
    )
    settings = NoticesSettings.model_validate({"overdue_after_seconds": {"daily": 86400}})

    (problem,) = found(server(schedule(last_good=good(hours_ago=6), missed=slots)), settings)

    assert (problem.kind, problem.is_repeated) == (NoticeKind.MISSED, False)
    assert problem.title == (
        "oempro: 2 daily backups due at Sat 2026-11-21 21:00 UTC to Sat 2026-11-21 23:00 UTC were missed"
    )
    assert kinds(server(schedule(last_good=good(hours_ago=60), missed=slots)), settings) == [
        "overdue:oempro:daily/late"
    ]
