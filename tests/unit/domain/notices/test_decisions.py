"""Who is told what: one notice for one problem, and one when it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import Operation
from octeth_backupd.domain.notices.decisions import Decision, NotifierRules, decide
from octeth_backupd.domain.notices.endings import Ending
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from tests.fakes.catalog_values import START
from tests.fakes.notices import make_notice, make_problem
from tests.fakes.standing import current

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.current import CurrentProblem

ALL = frozenset(NoticeKind)
MAIL = NotifierRules(name="mail", on=ALL)
PING = NotifierRules(
    name="ping", on=frozenset({NoticeKind.SUCCESS, NoticeKind.FAILURE, NoticeKind.RECOVERY}), is_ping=True
)
FAILING = current("failing:backup:oempro/engine")
LATE = current("overdue:oempro:daily/late", kind=NoticeKind.OVERDUE, covered_by=frozenset({FAILING.key}))


def decided(*problems: CurrentProblem, told: dict[tuple[str, str], datetime] | None = None, **fields: Any) -> Decision:
    stored = [make_problem(key, kind=_kind(key)) for key in {key for key, _ in told or {}}]
    values: dict[str, Any] = {
        "now": START,
        "stored": stored,
        "last_told": told or {},
        "current": problems,
        "endings": (),
        "rules": (MAIL,),
    }
    return decide(**values | fields)


def _kind(key: str) -> NoticeKind:
    return NoticeKind.FAILURE if key.startswith("failing:") else NoticeKind.OVERDUE


def said(decision: Decision) -> list[tuple[str, str, str]]:
    return [(name, notice.kind.value, notice.title) for name, notice in decision.notices]


def failed(problem: str = FAILING.key, **fields: Any) -> Ending:
    notice = make_notice(problem=problem, title="backup failed")
    values: dict[str, Any] = {"operation": Operation.BACKUP, "choices": (notice,), "concerns": frozenset({problem})}
    return Ending(**values | fields)


def succeeded() -> Ending:
    success = make_notice(NoticeKind.SUCCESS, title="backup succeeded", severity=Severity.INFO)
    recovery = replace(success, kind=NoticeKind.RECOVERY, is_end=True, problem=FAILING.key, title="again")
    return Ending(operation=Operation.BACKUP, choices=(recovery, success), ends=frozenset({FAILING.key}))


def test_nothing_is_wrong_and_nothing_is_decided() -> None:
    assert decided().is_empty


def test_a_new_problem_begins_and_is_told_with_what_to_do() -> None:
    decision = decided(LATE)

    assert [problem.key for problem in decision.begun] == [LATE.key]
    assert decision.told == {LATE.key: LATE.title}
    [(_, notice)] = decision.notices
    assert (notice.problem, notice.fact("hint"), notice.fact("command")) == (
        LATE.key,
        "Mend it.",
        "octeth-backupctl doctor",
    )


def test_one_that_was_told_is_not_told_again_until_it_is_time() -> None:
    told = {(LATE.key, "mail"): START - timedelta(hours=23)}

    assert said(decided(LATE, told=told)) == []
    (late,) = decided(LATE, told=told, now=START + timedelta(hours=1)).notices
    assert late[1].title == f"still: {LATE.title}"
    assert "Still so, since" in late[1].text


def test_never_again_means_never_and_some_are_told_once_anyway() -> None:
    told = {(LATE.key, "mail"): START - timedelta(days=90)}

    assert said(decided(LATE, told=told, rules=(replace(MAIL, repeat_seconds=0),))) == []
    assert said(decided(replace(LATE, is_repeated=False), told=told)) == []


@pytest.mark.parametrize(("hours", "is_told"), [(0.5, False), (24 * 365, True)])
def test_what_a_clock_that_was_ahead_told_is_told_again_once(hours: float, is_told: bool) -> None:
    told = {(LATE.key, "mail"): START + timedelta(hours=hours)}

    assert bool(decided(LATE, told=told).notices) is is_told


def test_the_failure_of_a_run_is_told_by_the_run_and_once() -> None:
    decision = decided(FAILING, LATE, endings=(failed(), failed()))

    assert said(decision) == [("mail", "failure", "backup failed")]
    assert {problem.key for problem in decision.begun} == {FAILING.key, LATE.key}
    assert set(decision.told) == {FAILING.key}


def test_a_dead_man_switch_is_told_of_every_run_and_of_nothing_that_lasts() -> None:
    told = {(FAILING.key, "ping"): START}

    decision = decided(
        FAILING, told=told, endings=(failed(), failed(), failed(operation=Operation.VERIFY)), rules=(PING,)
    )

    assert said(decision) == [("ping", "failure", "backup failed")] * 2
    assert said(decided(FAILING, rules=(PING,))) == []


def test_who_wants_no_failures_is_told_that_it_is_overdue() -> None:
    rules = (MAIL, NotifierRules(name="pager", on=frozenset({NoticeKind.OVERDUE})))

    assert said(decided(FAILING, LATE, rules=rules)) == [
        ("mail", "failure", FAILING.title),
        ("pager", "overdue", LATE.title),
    ]


def test_what_was_covered_is_told_when_its_cause_is_over_and_it_is_not() -> None:
    told = {(FAILING.key, "mail"): START}

    assert (("mail", "overdue", LATE.title)) in said(
        decided(LATE, told=told, stored=[make_problem(FAILING.key, kind=NoticeKind.FAILURE), make_problem(LATE.key)])
    )


def test_the_first_success_is_the_one_message_that_it_is_over() -> None:
    told = {(FAILING.key, "mail"): START, (FAILING.key, "ping"): START}
    quiet = NotifierRules(name="quiet", on=frozenset({NoticeKind.FAILURE, NoticeKind.SUCCESS}))

    decision = decided(told=told, endings=(succeeded(),), rules=(MAIL, PING, quiet))

    assert said(decision) == [
        ("mail", "recovery", "again"),
        ("ping", "recovery", "again"),
        ("quiet", "success", "backup succeeded"),
    ]
    assert decision.ended == (FAILING.key,)


def test_who_was_never_told_of_it_hears_of_a_success_not_of_a_recovery() -> None:
    decision = decided(told={}, stored=[make_problem(FAILING.key, kind=NoticeKind.FAILURE)], endings=(succeeded(),))

    assert said(decision) == [("mail", "success", "backup succeeded")]


def test_who_is_told_of_ends_alone_hears_of_every_end() -> None:
    alone = NotifierRules(name="alone", on=frozenset({NoticeKind.RECOVERY}))
    stored = [make_problem(FAILING.key, kind=NoticeKind.FAILURE)]

    assert said(decided(stored=stored, endings=(succeeded(),), rules=(alone,))) == [("alone", "recovery", "again")]


def test_a_known_problem_does_not_hide_that_another_is_over() -> None:
    degraded = make_notice(NoticeKind.DEGRADED, problem="storage:s3/upload", title="degraded")
    recovery = replace(degraded, kind=NoticeKind.RECOVERY, is_end=True, problem=FAILING.key, title="again")
    ending = Ending(
        operation=Operation.BACKUP, choices=(degraded, recovery), concerns=frozenset({"storage:s3/upload"}),
        ends=frozenset({FAILING.key}),
    )  # fmt: skip
    waits = current("storage:s3/upload", kind=NoticeKind.UPLOAD)
    told = {("storage:s3/upload", "mail"): START, (FAILING.key, "mail"): START}

    assert said(decided(waits, told=told, endings=(ending,))) == [("mail", "recovery", "again")]


def test_a_problem_that_follows_another_of_its_subject_names_the_one_that_it_replaces() -> None:
    down = current("failing:backup:oempro/preflight_failed.server")
    told = {(FAILING.key, "mail"): START}

    for decision in (decided(down, told=told), decided(down, told=told, endings=(failed(down.key),))):
        [(_, notice)] = decision.notices
        assert (notice.problem, notice.fact("replaces")) == (down.key, FAILING.key)
        assert decision.ended == (FAILING.key,)

    [(_, alone)] = decided(down).notices
    assert "replaces" not in dict(alone.facts)


def test_an_end_without_a_run_is_told_to_those_who_knew() -> None:
    told = {(LATE.key, "mail"): START - timedelta(hours=3)}
    rules = (MAIL, NotifierRules(name="new", on=ALL))

    [(name, notice)] = decided(told=told, rules=rules).notices

    assert (name, notice.kind, notice.is_end) == ("mail", NoticeKind.OVERDUE, True)
    assert notice.title == "over: oempro: no good daily backup"


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("missed:oempro:daily", {}),
        ("overdue:oempro:daily/removed", {}),
        ("overdue:oempro:daily/late", {"gone_servers": frozenset({"oempro"})}),
        ("overdue:oempro:daily/late", {"current": (current("overdue:oempro:daily/removed"),)}),
    ],
)
def test_where_nothing_is_right_again_nothing_is_said_of_an_end(key: str, fields: dict[str, Any]) -> None:
    decision = decided(told={(key, "mail"): START}, **fields)

    assert decision.ended == (key,)
    assert not any(notice.is_end for _, notice in decision.notices)


def test_who_is_told_of_some_servers_hears_of_those_and_of_what_is_about_none() -> None:
    of_shop = NotifierRules(name="shop", on=ALL, servers=frozenset({"shop"}))
    told = {(LATE.key, "shop"): START - timedelta(hours=1)}
    waits = current("storage:s3/upload", kind=NoticeKind.UPLOAD, server="")
    shop = current("overdue:shop:daily/late", kind=NoticeKind.OVERDUE, server="shop")
    run = failed(choices=(make_notice(server="oempro", title="oempro: backup failed"),))

    decision = decided(LATE, waits, shop, endings=(run,), rules=(of_shop,))

    assert said(decision) == [("shop", "upload", waits.title), ("shop", "overdue", shop.title)]
    assert decided(told=told, rules=(of_shop,)).notices == ()


def test_a_notifier_is_not_told_of_itself() -> None:
    silent = current("notifier:mail", kind=NoticeKind.NOTIFIER, notifier="mail")
    rules = (MAIL, NotifierRules(name="chat", on=ALL))

    assert said(decided(silent, rules=rules)) == [("chat", "notifier", silent.title)]


def test_without_notifiers_problems_are_kept_all_the_same() -> None:
    decision = decided(LATE, rules=())

    assert [problem.key for problem in decision.begun] == [LATE.key]
    assert decision.notices == ()


def ended_with(kind: NoticeKind, problem: str, *ends: str) -> Ending:
    """Return a backup that is told as something else that is wrong, and ends what was wrong before."""
    notice = make_notice(kind, problem=problem, title="something else", text="Something else.")
    recovery = replace(notice, kind=NoticeKind.RECOVERY, is_end=True, problem=min(ends), title="again")
    return Ending(
        operation=Operation.BACKUP, choices=(notice, recovery), concerns=frozenset({problem}), ends=frozenset(ends)
    )


@pytest.mark.parametrize("problem", ["storage:s3/upload", "hold:1"])
@pytest.mark.parametrize("over", [FAILING.key, LATE.key])
def test_a_notice_about_something_else_says_what_is_over_with_its_run(problem: str, over: str) -> None:
    now = current(problem, kind=NoticeKind.HOLD)

    [(_, notice)] = decided(
        now, told={(over, "mail"): START}, endings=(ended_with(NoticeKind.DEGRADED, problem, over),)
    ).notices

    assert (notice.problem, notice.fact("ends"), notice.is_end) == (problem, over, False)
    assert notice.text == "Something else.\nThis is over: oempro: no good daily backup."


def test_who_does_not_know_of_a_problem_is_not_told_that_it_is_over() -> None:
    now = current("hold:1", kind=NoticeKind.HOLD)
    rules = (MAIL, replace(MAIL, name="new"), PING)
    ending = ended_with(NoticeKind.FAILURE, "hold:1", FAILING.key)

    told = dict(decided(now, told={(FAILING.key, "mail"): START}, endings=(ending,), rules=rules).notices)

    assert {name: notice.fact("ends") for name, notice in told.items()} == {
        "mail": FAILING.key,
        "new": "",
        "ping": "",
    }


def test_what_is_replaced_is_not_said_to_be_over_as_well() -> None:
    degraded = current("failing:backup:oempro/degraded", kind=NoticeKind.DEGRADED)
    told = {(FAILING.key, "mail"): START, (LATE.key, "mail"): START}
    ending = ended_with(NoticeKind.DEGRADED, degraded.key, FAILING.key, LATE.key)

    [(_, notice)] = decided(degraded, told=told, endings=(ending,)).notices

    assert (notice.fact("replaces"), notice.fact("ends")) == (FAILING.key, LATE.key)


def test_two_runs_that_end_the_same_problem_tell_its_end_once() -> None:
    decision = decided(told={(FAILING.key, "mail"): START}, endings=(succeeded(), succeeded()))

    assert said(decision) == [("mail", "recovery", "again"), ("mail", "success", "backup succeeded")]


def test_an_end_that_no_notice_of_its_run_could_say_is_told_by_itself() -> None:
    degraded = make_notice(NoticeKind.DEGRADED, problem="storage:s3/upload", title="degraded")
    ending = Ending(operation=Operation.RETENTION, choices=(degraded,), ends=frozenset({FAILING.key}))
    told = {("storage:s3/upload", "mail"): START, (FAILING.key, "mail"): START}

    decision = decided(current("storage:s3/upload", kind=NoticeKind.UPLOAD), told=told, endings=(ending,))

    assert said(decision) == [("mail", "recovery", "over: oempro: no good daily backup")]
