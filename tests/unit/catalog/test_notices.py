"""Problems and the outbox: one transaction, in order, across a restart, bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.notices import KEPT_AFTER_END
from octeth_backupd.catalog.opening import open_database
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.notices.delivery import DeliveryState
from octeth_backupd.errors import CatalogError
from tests.fakes.catalog_values import START, StandingClock
from tests.fakes.notices import make_notice, make_problem

if TYPE_CHECKING:
    from pathlib import Path

LATER = START + timedelta(hours=1)
PROBLEM = make_problem()
NOTICE = make_notice(problem=PROBLEM.key)


def test_a_problem_is_open_until_it_is_ended_and_stays_in_history(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, begun=[PROBLEM])
    assert catalog.notices.open_problems() == [PROBLEM]

    catalog.notices.tell(at=LATER, ended=[PROBLEM.key])

    assert catalog.notices.open_problems() == []
    assert catalog.notices.problems() == [replace(PROBLEM, ended_at=LATER)]


def test_a_problem_that_is_open_begins_once_and_may_begin_again_after_its_end(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, begun=[PROBLEM, replace(PROBLEM, title="again")])
    assert catalog.notices.open_problems() == [PROBLEM]

    catalog.notices.tell(at=LATER, ended=[PROBLEM.key])
    catalog.notices.tell(at=LATER, begun=[replace(PROBLEM, began_at=LATER)])

    assert [one.began_at for one in catalog.notices.problems()] == [LATER, START]


def test_what_is_told_is_noted_with_its_title(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, begun=[PROBLEM], told={PROBLEM.key: "28 h now"})

    [problem] = catalog.notices.open_problems()
    assert (problem.title, problem.last_told_at) == ("28 h now", START)


def test_problems_and_notices_change_together_or_not_at_all(catalog: Catalog) -> None:
    with pytest.raises(AttributeError):
        catalog.notices.tell(
            at=START,
            begun=[PROBLEM],
            notices=[("mail", NOTICE), ("mail", "no notice")],  # type: ignore[list-item]
        )

    assert catalog.notices.open_problems() == []
    assert catalog.notices.waiting("mail") == []


def test_each_notifier_has_its_own_time_of_a_problem(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, begun=[PROBLEM], notices=[("mail", NOTICE), ("chat", NOTICE)])
    catalog.notices.tell(at=LATER, notices=[("chat", NOTICE), ("mail", make_notice())])

    assert catalog.notices.last_told() == {(PROBLEM.key, "mail"): START, (PROBLEM.key, "chat"): LATER}


def test_a_notice_that_was_given_up_told_nobody(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, begun=[PROBLEM], notices=[("mail", NOTICE), ("chat", NOTICE)])
    catalog.notices.tell(at=LATER, notices=[("chat", NOTICE)])
    [mail] = catalog.notices.waiting("mail")
    newest = catalog.notices.waiting("chat")[-1]

    catalog.notices.end_delivery(mail.delivery_id, DeliveryState.GIVEN_UP, at=LATER)
    catalog.notices.end_delivery(newest.delivery_id, DeliveryState.GIVEN_UP, at=LATER)

    assert catalog.notices.last_told() == {(PROBLEM.key, "chat"): START}


def test_what_was_told_of_an_earlier_problem_of_the_key_does_not_count(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, begun=[PROBLEM], notices=[("mail", NOTICE)])
    catalog.notices.tell(at=LATER, ended=[PROBLEM.key])
    catalog.notices.tell(at=LATER, begun=[replace(PROBLEM, began_at=LATER)])

    assert catalog.notices.last_told() == {}


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.SUPERSEDED])
def test_a_notice_is_overtaken_once_a_later_end_of_its_problem_is_over(catalog: Catalog, state: DeliveryState) -> None:
    end = replace(NOTICE, is_end=True)
    for notifier, notice in (("mail", NOTICE), ("mail", NOTICE), ("mail", end), ("chat", end), ("mail", NOTICE)):
        catalog.notices.tell(at=START, notices=[(notifier, notice)])
    first, again, over, next_one = catalog.notices.waiting("mail")
    [elsewhere] = catalog.notices.waiting("chat")

    for arrived in (again, elsewhere):
        catalog.notices.end_delivery(arrived.delivery_id, DeliveryState.SENT, at=LATER)
    before = catalog.notices.is_overtaken(first)
    catalog.notices.end_delivery(over.delivery_id, state, at=LATER)

    assert not before
    assert catalog.notices.is_overtaken(first)
    assert not catalog.notices.is_overtaken(next_one)


def test_a_notice_is_overtaken_by_one_about_another_problem_that_says_it_is_over(catalog: Catalog) -> None:
    degraded = make_notice(problem="storage:s3/upload")
    for ends in ("other, some", f"other, {NOTICE.problem}"):
        catalog.notices.tell(at=START, notices=[("mail", NOTICE)])
        catalog.notices.tell(at=START, notices=[("mail", replace(degraded, facts=(("ends", ends),)))])
    first, unlike, _, over = catalog.notices.waiting("mail")

    catalog.notices.end_delivery(unlike.delivery_id, DeliveryState.SENT, at=LATER)
    before = catalog.notices.is_overtaken(first)
    catalog.notices.end_delivery(over.delivery_id, DeliveryState.SENT, at=LATER)

    assert not before
    assert catalog.notices.is_overtaken(first)


def test_notices_without_a_problem_are_never_overtaken(catalog: Catalog) -> None:
    plain = make_notice(problem="", is_end=True)
    catalog.notices.tell(at=START, notices=[("mail", plain), ("mail", plain)])
    first, second = catalog.notices.waiting("mail")

    catalog.notices.end_delivery(second.delivery_id, DeliveryState.SENT, at=LATER)

    assert not catalog.notices.is_overtaken(first)


def test_deliveries_wait_in_order_until_they_are_over(catalog: Catalog) -> None:
    for number in range(3):
        catalog.notices.tell(at=START, notices=[("mail", make_notice(notice_id=str(number)))])
    first, second, _ = catalog.notices.waiting("mail")

    catalog.notices.end_delivery(first.delivery_id, DeliveryState.SENT, at=LATER)
    catalog.notices.note_failure(second.delivery_id, error="away", at=LATER, next_try_at=LATER)

    waiting = catalog.notices.waiting("mail")
    assert [one.notice.notice_id for one in waiting] == ["1", "2"]
    assert (waiting[0].tries, waiting[0].last_error, waiting[0].next_try_at) == (1, "away", LATER)
    assert catalog.notices.deliveries()[-1] == replace(first, state=DeliveryState.SENT, ended_at=LATER)
    assert catalog.notices.deliveries(notifier="other") == []


def test_what_is_over_stays_as_it_is(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE)])
    [delivery] = catalog.notices.waiting("mail")
    catalog.notices.end_delivery(delivery.delivery_id, DeliveryState.SENT, at=START)

    catalog.notices.note_failure(delivery.delivery_id, error="late", at=LATER, next_try_at=LATER)
    catalog.notices.end_delivery(delivery.delivery_id, DeliveryState.GIVEN_UP, at=LATER)

    assert catalog.notices.deliveries() == [replace(delivery, state=DeliveryState.SENT, ended_at=START)]


def test_standing_says_what_waits_and_why(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE), ("mail", NOTICE), ("chat", NOTICE)])
    first, second = catalog.notices.waiting("mail")
    catalog.notices.end_delivery(first.delivery_id, DeliveryState.SENT, at=START)
    catalog.notices.note_failure(second.delivery_id, error="away", at=LATER, next_try_at=LATER)

    standings = catalog.notices.standings()

    mail = standings["mail"]
    assert (mail.waiting, mail.last_error, mail.last_sent_at, mail.last_failed_at) == (1, "away", START, LATER)
    assert (mail.waiting_since, mail.next_try_at, mail.is_failing) == (START, LATER, True)
    assert not standings["chat"].is_failing


def test_the_next_try_is_that_of_what_failed_and_not_of_what_waits_behind_it(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE), ("mail", NOTICE)])
    first, _behind = catalog.notices.waiting("mail")

    before = catalog.notices.standings()["mail"].next_try_at
    catalog.notices.note_failure(first.delivery_id, error="away", at=START, next_try_at=LATER)

    assert (before, catalog.notices.standings()["mail"].next_try_at) == (START, LATER)


def test_an_error_is_over_once_everything_has_arrived(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE)])
    [delivery] = catalog.notices.waiting("mail")
    catalog.notices.note_failure(delivery.delivery_id, error="away", at=START, next_try_at=LATER)

    catalog.notices.end_delivery(delivery.delivery_id, DeliveryState.SENT, at=LATER)

    standing = catalog.notices.standings()["mail"]
    assert (standing.last_error, standing.last_failed_at, standing.last_sent_at) == ("", START, LATER)


def test_new_settings_let_everything_be_tried_at_once(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE)])
    [delivery] = catalog.notices.waiting("mail")
    catalog.notices.note_failure(delivery.delivery_id, error="away", at=START, next_try_at=START + timedelta(days=1))

    catalog.notices.hurry(at=LATER)

    assert catalog.notices.waiting("mail")[0].next_try_at == LATER


def test_what_waits_for_a_notifier_that_is_gone_is_given_up(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE), ("chat", NOTICE)])

    assert catalog.notices.give_up_others(["mail"], at=LATER) == 1

    assert [one.notifier for one in catalog.notices.deliveries() if one.state is DeliveryState.GIVEN_UP] == ["chat"]
    assert catalog.notices.standings()["chat"].given_up == 1


def test_what_has_been_over_for_long_goes_and_what_waits_stays(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE), ("mail", NOTICE)])
    catalog.notices.end_delivery(catalog.notices.waiting("mail")[0].delivery_id, DeliveryState.SENT, at=START)

    assert catalog.notices.forget_old(at=START + KEPT_AFTER_END) == 0
    assert catalog.notices.forget_old(at=START + KEPT_AFTER_END + timedelta(seconds=1)) == 1

    assert [one.state for one in catalog.notices.deliveries()] == [DeliveryState.WAITING]


@pytest.mark.parametrize("table", ["problems", "deliveries"])
def test_problems_and_what_waits_cannot_be_removed(catalog: Catalog, catalog_path: Path, table: str) -> None:
    catalog.notices.tell(at=START, begun=[PROBLEM], notices=[("mail", NOTICE)])
    database = open_database(catalog_path, clock=StandingClock())

    with pytest.raises(CatalogError, match="remove"), database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")
    database.close()


def test_outbox_survives_a_restart(catalog: Catalog, catalog_path: Path) -> None:
    catalog.notices.tell(at=START, begun=[PROBLEM], notices=[("mail", NOTICE)])
    catalog.close()

    again = Catalog.open(catalog_path, clock=StandingClock())

    assert [one.notice for one in again.notices.waiting("mail")] == [NOTICE]
    again.close()


def test_what_waits_is_found_without_reading_what_is_over(catalog: Catalog, catalog_path: Path) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE)])
    database = open_database(catalog_path, clock=StandingClock())

    with database.read() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM deliveries WHERE notifier = 'mail' AND state = 'waiting'"
            " ORDER BY delivery_id"
        ).all()
    database.close()

    assert "deliveries_waiting" in str(plan)


def test_what_another_release_wrote_is_given_up_and_does_not_block_the_rest(
    catalog: Catalog, catalog_path: Path
) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE), ("mail", NOTICE)])
    database = open_database(catalog_path, clock=StandingClock())
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET notice = '{}' WHERE delivery_id = 1")
    database.close()

    assert catalog.notices.give_up_unreadable(at=LATER) == 1

    assert [one.delivery_id for one in catalog.notices.due("mail", at=LATER)] == [2]


def test_what_another_release_said_of_a_problem_does_not_hold_up_the_outbox(
    catalog: Catalog, catalog_path: Path
) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE), ("mail", NOTICE)])
    first, later = catalog.notices.waiting("mail")
    catalog.notices.end_delivery(later.delivery_id, DeliveryState.SENT, at=LATER)
    database = open_database(catalog_path, clock=StandingClock())
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET notice = '{}' WHERE delivery_id = 2")
    database.close()

    assert not catalog.notices.is_overtaken(first)


def test_only_what_is_due_is_given_and_what_an_odd_clock_put_off_too(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, notices=[("mail", NOTICE)] * 3)
    first, second, third = catalog.notices.waiting("mail")
    catalog.notices.note_failure(second.delivery_id, error="away", at=START, next_try_at=START + timedelta(hours=1))
    catalog.notices.note_failure(third.delivery_id, error="away", at=START, next_try_at=START + timedelta(days=9))

    due = catalog.notices.due("mail", at=START)

    assert [one.delivery_id for one in due] == [first.delivery_id, third.delivery_id]


def test_what_is_to_be_remembered_is_written_with_the_notices_or_not_at_all(catalog: Catalog) -> None:
    catalog.notices.tell(at=START, remember={"told": "1"})
    refused: dict[str, str] = {"told": "2", "nothing": None}  # type: ignore[dict-item]
    with pytest.raises(CatalogError):
        catalog.notices.tell(at=START, notices=[("mail", make_notice())], remember=refused)

    assert catalog.meta("told") == "1"
    assert catalog.notices.waiting("mail") == []


def test_what_was_told_last_is_told_by_the_outbox_and_not_by_a_clock_that_was_ahead(catalog: Catalog) -> None:
    ahead = START + timedelta(days=365)
    notice = make_notice(problem="overdue:oempro:daily")
    catalog.notices.tell(at=START, notices=[("mail", notice)])  # of an earlier problem of that key
    catalog.notices.tell(at=ahead, begun=[make_problem(began_at=ahead)])
    before = catalog.notices.last_told()
    catalog.notices.tell(at=ahead, notices=[("mail", notice)])
    catalog.notices.tell(at=START + timedelta(days=1), notices=[("mail", notice)])

    assert before == {}
    assert catalog.notices.last_told() == {("overdue:oempro:daily", "mail"): START + timedelta(days=1)}
