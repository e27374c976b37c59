"""When a delivery is tried again, and when no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from octeth_backupd.domain.notices.delivery import (
    Delivery,
    DeliveryState,
    NotifierStanding,
    end_untried,
    next_try,
)
from octeth_backupd.domain.notices.notice import NoticeKind
from tests.fakes.catalog_values import START
from tests.fakes.notices import make_notice

DELIVERY = Delivery(
    delivery_id=1,
    notifier="mail",
    notice=make_notice(),
    state=DeliveryState.WAITING,
    tries=0,
    next_try_at=START,
    last_error="",
    created_at=START,
    ended_at=None,
)


@pytest.mark.parametrize(("tries", "seconds"), [(1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (10_000, 3600)])
def test_pauses_double_up_to_an_hour(tries: int, seconds: int) -> None:
    assert next_try(START, tries=tries, is_retryable=True) == START + timedelta(seconds=seconds)


def test_what_only_somebody_can_mend_is_tried_every_quarter_of_an_hour() -> None:
    assert next_try(START, tries=1, is_retryable=False) == START + timedelta(minutes=15)


@pytest.mark.parametrize(("asked", "seconds"), [(120, 120), (0, 10), (-5, 10), (10**12, 6 * 3600)])
def test_what_the_receiver_asks_for_is_done_within_reason(asked: float, seconds: int) -> None:
    at = next_try(START, tries=5, is_retryable=True, retry_after_seconds=asked)

    assert at == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("kind", "age", "end"),
    [
        (NoticeKind.START, timedelta(minutes=10), None),
        (NoticeKind.START, timedelta(minutes=11), DeliveryState.SUPERSEDED),
        (NoticeKind.SUCCESS, timedelta(minutes=11), None),
        (NoticeKind.FAILURE, timedelta(days=7), None),
        (NoticeKind.FAILURE, timedelta(days=7, seconds=1), DeliveryState.GIVEN_UP),
        (NoticeKind.FAILURE, timedelta(days=-1), None),
    ],
)
def test_what_is_too_late_is_not_sent(kind: NoticeKind, age: timedelta, end: DeliveryState | None) -> None:
    assert end_untried(replace(DELIVERY, notice=make_notice(kind), tries=1), START + age) is end


def test_what_a_later_end_has_overtaken_is_not_sent() -> None:
    assert end_untried(DELIVERY, START, is_moot=True) is DeliveryState.SUPERSEDED


def test_nothing_is_given_up_that_was_never_tried() -> None:
    assert end_untried(replace(DELIVERY, tries=0), START + timedelta(days=365 * 50)) is None


def test_a_notifier_fails_while_something_waits_that_did_not_arrive() -> None:
    assert NotifierStanding(notifier="mail", waiting=1, last_error="refused").is_failing
    assert not NotifierStanding(notifier="mail", waiting=1).is_failing
    assert not NotifierStanding(notifier="mail").is_failing
