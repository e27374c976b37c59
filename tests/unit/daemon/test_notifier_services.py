"""How notifiers stand, and trying them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.delivery import NoticeDelivery
from octeth_backupd.daemon.notifier_services import DaemonNotifierServices
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.notices.delivery import DeliveryState
from octeth_backupd.domain.notices.notice import Notice, NoticeKind
from octeth_backupd.errors import NotFoundError, NotifyError
from octeth_backupd.notifiers.settings import NotifierSettings
from tests.fakes.notices import make_notice
from tests.fakes.notifier import FakeNotifier

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

SETTINGS = {
    "mail": NotifierSettings.model_validate(
        {"kind": "email", "host": "h", "sender": "a@b.c", "recipients": ["d@e.f"], "on": ["failure"]}
    ),
    "ping": NotifierSettings.model_validate({"kind": "healthchecks", "url": "https://h.example.com/0123456789ab"}),
}


class Services:
    def __init__(self, bench: Bench, *names: str) -> None:
        self.notifiers = {name: FakeNotifier(name=name, limit_seconds=0.2) for name in names or SETTINGS}
        self.outbox = bench.catalog.notices
        delivery = NoticeDelivery(outbox=self.outbox, clock=bench.clock, notifiers=self.notifiers)
        self.services = DaemonNotifierServices(
            outbox=self.outbox,
            delivery=delivery,
            clock=bench.clock,
            settings=lambda: SETTINGS,
            problems=tuple,
        )


def test_each_notifier_of_the_configuration_is_shown_with_what_it_tells_of(bench: Bench) -> None:
    mail, ping = Services(bench).services.notifiers()

    assert (mail.name, mail.state, mail.on, mail.endpoint) == ("mail", "unused", ("failure",), "nowhere")
    assert ping.on == ("start", "success", "degraded", "failure")


def test_one_that_fails_is_shown_warned_of_and_no_passed_check(bench: Bench) -> None:
    one = Services(bench)
    now = bench.clock.now()
    one.outbox.tell(at=now, notices=[("mail", make_notice())])
    [delivery] = one.outbox.waiting("mail")
    one.outbox.note_failure(delivery.delivery_id, error="refused", at=now, next_try_at=now + timedelta(minutes=1))

    mail = one.services.notifiers()[0]

    assert (mail.state, mail.waiting, mail.last_error) == ("failing", 1, "refused")
    [(problem, warning)] = one.services.warnings().items()
    assert problem == "notifier:mail"
    assert warning == "notifier mail does not get through, 1 notice waits since 2026-11-22T02:00:00Z: refused"
    failing, unused = one.services.checks()
    assert (failing.status, failing.command) == (CheckStatus.WARNING, "octeth-backupctl notify test mail")
    assert (unused.status, "nothing was sent yet" in unused.summary) == (CheckStatus.PASSED, True)


def test_one_that_gets_through_is_fine(bench: Bench) -> None:
    one = Services(bench)
    one.outbox.tell(at=bench.clock.now(), notices=[("mail", make_notice())])
    one.outbox.end_delivery(one.outbox.waiting("mail")[0].delivery_id, DeliveryState.SENT, at=bench.clock.now())

    assert one.services.notifiers()[0].state == "ok"
    assert one.services.warnings() == {}
    assert "last 2026-11-22T02:00:00Z" in one.services.checks()[0].summary


def test_that_nobody_is_told_is_a_warning_of_doctor(bench: Bench) -> None:
    one = Services(bench)
    one.services = DaemonNotifierServices(
        outbox=one.outbox,
        delivery=NoticeDelivery(outbox=one.outbox, clock=bench.clock, notifiers={}),
        clock=bench.clock,
        settings=dict,
        problems=tuple,
    )

    [check] = one.services.checks()

    assert (check.status, "nobody is told" in check.summary) == (CheckStatus.WARNING, True)


def test_a_test_goes_by_every_notifier_past_the_outbox(bench: Bench) -> None:
    one = Services(bench)

    results = one.services.test_notifiers(name=None, requested_by="uid 0 (root)")

    assert [(result.name, result.error) for result in results] == [("mail", ""), ("ping", "")]
    [notice] = one.notifiers["mail"].sent
    assert (notice.kind, notice.fact("requested_by")) == (NoticeKind.TEST, "uid 0 (root)")
    assert one.outbox.deliveries() == []


def test_a_test_by_one_notifier_leaves_the_others_alone(bench: Bench) -> None:
    one = Services(bench)
    one.notifiers["mail"].error = NotifyError("refused", hint="Look.")

    [result] = one.services.test_notifiers(name="mail", requested_by="x")

    assert (result.error, result.hint) == ("refused", "Look.")
    assert one.notifiers["ping"].sent == []


def test_an_endpoint_that_hangs_ends_a_test_at_its_limit(bench: Bench) -> None:
    one, gate = Services(bench, "mail"), threading.Event()

    def hang(_notice: Notice) -> None:
        gate.wait(30)

    one.notifiers["mail"].before = hang
    [result] = one.services.test_notifiers(name=None, requested_by="x")
    gate.set()

    assert "hangs" in result.error


def test_a_notifier_that_is_not_there_cannot_be_tried(bench: Bench) -> None:
    with pytest.raises(NotFoundError, match="no notifier 'other'"):
        Services(bench).services.test_notifiers(name="other", requested_by="x")


def test_without_any_notifier_there_is_nothing_to_try(bench: Bench) -> None:
    delivery = NoticeDelivery(outbox=bench.catalog.notices, clock=bench.clock, notifiers={})
    services = DaemonNotifierServices(
        outbox=bench.catalog.notices, delivery=delivery, clock=bench.clock, settings=dict, problems=tuple
    )

    with pytest.raises(NotFoundError, match="no notifier is configured"):
        services.test_notifiers(name=None, requested_by="x")
