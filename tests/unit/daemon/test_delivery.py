"""The outbox that delivers: order, back-off, hanging endpoints, restarts, new settings, the end."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.daemon.delivery import MOST_HANGING_SENDERS, NoticeDelivery
from octeth_backupd.domain.notices.delivery import DeliveryState
from octeth_backupd.domain.notices.notice import Notice, NoticeKind
from octeth_backupd.errors import CatalogError, NotifyError
from tests.fakes.notices import make_notice
from tests.fakes.notifier import FakeNotifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.bench import Bench

AWAY = NotifyError("no connection", retryable=True)
REFUSED = NotifyError("answers 404", hint="Look.")


class Outbox:
    """A delivery that looks when it is told to, and whose senders are waited for."""

    def __init__(self, bench: Bench, *names: str) -> None:
        self.bench = bench
        self.outbox = bench.catalog.notices
        self.notifiers = {name: FakeNotifier(name=name) for name in names or ("mail",)}
        self.delivery = NoticeDelivery(outbox=self.outbox, clock=bench.clock, notifiers=self.notifiers)

    def put(self, notice_id: str, *names: str, kind: NoticeKind = NoticeKind.FAILURE) -> None:
        notice = make_notice(kind, notice_id=notice_id)
        self.delivery.put([(name, notice) for name in names or self.notifiers])

    def look(self) -> None:
        self.delivery.look()
        join_senders()

    def sent(self, name: str = "mail") -> list[str]:
        return [notice.notice_id for notice in self.notifiers[name].sent]

    def states(self) -> list[DeliveryState]:
        return [one.state for one in reversed(self.outbox.deliveries())]


def join_senders() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("notifier-") and not getattr(thread, "hangs", False):
            thread.join(10)


@pytest.fixture
def outbox(bench: Bench) -> Outbox:
    return Outbox(bench)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a hanging endpoint waits for; opened at the end, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread.name.startswith("notifier-"):
            thread.join(10)


def hang(gate: threading.Event) -> tuple[Any, threading.Event]:
    """Return what a fake does before it sends: tell that it has begun, and wait."""
    begun = threading.Event()

    def before(_notice: Notice) -> None:
        thread: Any = threading.current_thread()
        thread.hangs = True
        begun.set()
        gate.wait(30)
        thread.hangs = False

    return before, begun


def test_what_is_put_arrives_in_order(outbox: Outbox) -> None:
    for notice_id in ("1", "2", "3"):
        outbox.put(notice_id)

    outbox.look()

    assert outbox.sent() == ["1", "2", "3"]
    assert outbox.states() == [DeliveryState.SENT] * 3


def test_putting_does_not_send_in_the_callers_thread(outbox: Outbox) -> None:
    outbox.put("1")

    assert outbox.sent() == []
    assert outbox.states() == [DeliveryState.WAITING]


def test_an_endpoint_that_is_away_is_tried_again_later_and_keeps_the_order(outbox: Outbox) -> None:
    outbox.put("1")
    outbox.put("2")
    outbox.notifiers["mail"].error = AWAY
    outbox.look()
    first, second = outbox.outbox.waiting("mail")

    assert (first.tries, first.last_error, second.tries) == (1, "no connection", 0)

    outbox.notifiers["mail"].error = None
    outbox.look()
    assert outbox.sent() == []
    outbox.bench.clock.go(10)
    outbox.look()
    assert outbox.sent() == ["1", "2"]


def test_what_the_endpoint_asks_for_is_waited_for(outbox: Outbox) -> None:
    outbox.put("1")
    outbox.notifiers["mail"].error = NotifyError("answers 429", retryable=True, retry_after_seconds=77.0)
    outbox.look()
    outbox.notifiers["mail"].error = None

    outbox.bench.clock.go(76)
    outbox.look()
    assert outbox.sent() == []
    outbox.bench.clock.go(1)
    outbox.look()
    assert outbox.sent() == ["1"]


def test_a_notice_that_is_refused_does_not_hold_up_the_next(outbox: Outbox) -> None:
    outbox.put("1")
    outbox.put("2")

    def refuse_first(notice: Notice) -> None:
        outbox.notifiers["mail"].error = REFUSED if notice.notice_id == "1" else None

    outbox.notifiers["mail"].before = refuse_first
    outbox.look()

    assert outbox.sent() == ["2"]
    [waiting] = outbox.outbox.waiting("mail")
    assert waiting.last_error == "answers 404. Look."
    assert waiting.next_try_at == outbox.bench.clock.now() + timedelta(minutes=15)


def test_an_endpoint_that_refuses_everything_is_left_alone_for_a_while(outbox: Outbox) -> None:
    asked: list[str] = []
    outbox.notifiers["mail"].error = REFUSED
    outbox.notifiers["mail"].before = lambda notice: asked.append(notice.notice_id)
    for number in range(10):
        outbox.put(str(number))

    outbox.look()
    outbox.look()

    assert asked == ["0", "1", "2"]


def test_one_that_hangs_does_not_stop_the_others_and_is_counted_as_failed(bench: Bench, gate: threading.Event) -> None:
    outbox = Outbox(bench, "slow", "mail")
    outbox.notifiers["slow"].before, begun = hang(gate)
    outbox.put("1")
    outbox.delivery.look()
    assert begun.wait(10)
    join_senders()

    assert outbox.sent("mail") == ["1"]

    bench.clock.go(46)
    outbox.delivery.look()

    [waiting] = outbox.outbox.waiting("slow")
    assert waiting.last_error == "nowhere hangs: nothing after 46 s"


def test_a_send_that_comes_back_late_counts_after_all(bench: Bench, gate: threading.Event) -> None:
    outbox = Outbox(bench, "slow")
    outbox.notifiers["slow"].before, begun = hang(gate)
    outbox.put("1")
    outbox.delivery.look()
    assert begun.wait(10)
    bench.clock.go(46)
    outbox.delivery.look()

    gate.set()
    for thread in threading.enumerate():
        if thread.name == "notifier-slow":
            thread.join(10)

    assert outbox.states() == [DeliveryState.SENT]


def test_hanging_sends_do_not_pile_up(bench: Bench, gate: threading.Event) -> None:
    outbox = Outbox(bench, "slow")
    outbox.notifiers["slow"].before, begun = hang(gate)
    outbox.put("1")
    for _ in range(MOST_HANGING_SENDERS + 2):
        outbox.delivery.look()
        begun.wait(1)
        begun.clear()
        bench.clock.go(4000)
        outbox.delivery.look()

    hanging = [thread for thread in threading.enumerate() if thread.name == "notifier-slow"]
    assert len(hanging) == MOST_HANGING_SENDERS


def test_a_start_that_is_late_says_nothing_any_more(outbox: Outbox) -> None:
    outbox.put("start", kind=NoticeKind.START)
    outbox.put("end", kind=NoticeKind.SUCCESS)
    outbox.bench.clock.go(11 * 60)

    outbox.look()

    assert outbox.sent() == ["end"]
    assert outbox.states() == [DeliveryState.SUPERSEDED, DeliveryState.SENT]


def test_a_failure_that_was_refused_is_not_sent_after_its_recovery(outbox: Outbox) -> None:
    def refuse_the_failure(notice: Notice) -> None:
        outbox.notifiers["mail"].error = REFUSED if notice.notice_id == "failed" else None

    outbox.notifiers["mail"].before = refuse_the_failure
    failed = make_notice(notice_id="failed", problem="backup:oempro")
    outbox.delivery.put([("mail", failed), ("mail", replace(failed, notice_id="recovered", is_end=True))])
    outbox.look()
    outbox.notifiers["mail"].before = None
    outbox.notifiers["mail"].error = None
    outbox.bench.clock.go(900)

    outbox.look()

    assert outbox.sent() == ["recovered"]
    assert outbox.states() == [DeliveryState.SUPERSEDED, DeliveryState.SENT]


def test_a_notice_for_which_the_notifier_has_no_word_does_not_count_as_sent(outbox: Outbox) -> None:
    outbox.notifiers["mail"].speechless = (NoticeKind.START,)
    outbox.put("start", kind=NoticeKind.START)

    outbox.look()

    assert (outbox.sent(), outbox.states()) == ([], [DeliveryState.SUPERSEDED])
    assert outbox.outbox.standings()["mail"].last_sent_at is None


def test_what_did_not_arrive_in_seven_days_is_given_up(outbox: Outbox) -> None:
    outbox.put("1")
    outbox.notifiers["mail"].error = AWAY
    outbox.look()
    outbox.bench.clock.go(7 * 86400 + 1)

    outbox.look()

    assert outbox.states() == [DeliveryState.GIVEN_UP]
    assert outbox.outbox.standings()["mail"].given_up == 1


def test_another_daemon_goes_on_where_this_one_stopped(outbox: Outbox) -> None:
    outbox.put("1")
    outbox.notifiers["mail"].error = AWAY
    outbox.look()

    again = Outbox(outbox.bench)
    again.look()

    assert again.sent() == ["1"]


def test_new_settings_are_tried_at_once(outbox: Outbox) -> None:
    outbox.put("1")
    outbox.notifiers["mail"].error = REFUSED
    outbox.look()

    better = FakeNotifier(name="mail")
    outbox.delivery.change_notifiers({"mail": better}, redact=str)
    outbox.look()

    assert [notice.notice_id for notice in better.sent] == ["1"]


def test_what_waits_for_a_notifier_that_is_gone_is_given_up(bench: Bench) -> None:
    outbox = Outbox(bench, "mail", "chat")
    outbox.put("1")

    outbox.delivery.change_notifiers({"mail": outbox.notifiers["mail"]}, redact=str)
    outbox.look()

    assert sorted(outbox.states()) == [DeliveryState.GIVEN_UP, DeliveryState.SENT]


def test_secrets_of_the_settings_in_force_are_in_no_notice(outbox: Outbox) -> None:
    outbox.delivery.change_notifiers(outbox.notifiers, redact=lambda text: text.replace("canary", "***"))

    outbox.delivery.put([("mail", make_notice(text="canary", log_tail=("canary",)))])
    outbox.look()

    [notice] = outbox.notifiers["mail"].sent
    assert (notice.text, notice.log_tail) == ("***", ("***",))


def test_a_catalog_that_fails_hurts_nobody_who_has_something_to_tell(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_what: Any) -> None:
        raise CatalogError("no space")

    monkeypatch.setattr(outbox.outbox, "tell", fail)

    outbox.put("1")

    assert outbox.states() == []


def test_what_arrived_is_not_sent_again_while_the_catalog_does_not_take_it(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_what: Any, **_more: Any) -> None:
        raise CatalogError("no space")

    outbox.put("1")
    with monkeypatch.context() as patch:
        patch.setattr(outbox.outbox, "end_delivery", fail)
        outbox.look()
        outbox.bench.clock.go(10)
        outbox.look()
    assert outbox.states() == [DeliveryState.WAITING]

    outbox.bench.clock.go(10)
    outbox.look()

    assert outbox.sent() == ["1"]
    assert outbox.states() == [DeliveryState.SENT]


def test_a_catalog_that_takes_nothing_is_asked_again_after_a_while_only(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def fail(delivery_id: int, *_what: Any, **_more: Any) -> None:
        asked.append(delivery_id)
        raise CatalogError("no space")

    outbox.put("1")
    monkeypatch.setattr(outbox.outbox, "end_delivery", fail)
    for _ in range(5):
        outbox.look()
    soon = len(asked)
    outbox.bench.clock.go(10)
    outbox.look()

    assert (soon, len(asked)) == (1, 2)
    assert outbox.sent() == ["1"]


@pytest.mark.parametrize(("error", "seconds"), [(REFUSED, 900), (AWAY, 10)])
def test_what_failed_is_left_alone_for_a_while_though_the_catalog_does_not_take_it(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, error: NotifyError, seconds: int
) -> None:
    asked: list[str] = []

    def fail(*_what: Any, **_more: Any) -> None:
        raise CatalogError("no space")

    outbox.put("1")
    outbox.notifiers["mail"].error = error
    outbox.notifiers["mail"].before = lambda notice: asked.append(notice.notice_id)
    monkeypatch.setattr(outbox.outbox, "note_failure", fail)
    outbox.look()
    outbox.bench.clock.go(seconds - 1)
    outbox.look()
    soon = len(asked)
    outbox.bench.clock.go(1)
    outbox.look()

    assert (soon, len(asked)) == (1, 2)


def test_a_line_that_rests_after_the_clock_was_set_back_rests_ten_seconds(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def fail(delivery_id: int, *_what: Any, **_more: Any) -> None:
        asked.append(delivery_id)
        raise CatalogError("no space")

    outbox.put("1")
    outbox.notifiers["mail"].error = AWAY
    outbox.look()
    outbox.notifiers["mail"].error = None
    outbox.bench.clock.jump(-30 * 86400)
    monkeypatch.setattr(outbox.outbox, "end_delivery", fail)
    outbox.look()
    outbox.look()
    soon = len(asked)
    outbox.bench.clock.go(10)
    outbox.look()

    assert (soon, len(asked)) == (1, 2)


def test_a_sender_that_breaks_is_not_begun_over_and_over(outbox: Outbox) -> None:
    asked: list[str] = []

    def break_down(notice: Notice) -> None:
        asked.append(notice.notice_id)
        raise AssertionError("broken")

    outbox.put("1")
    outbox.notifiers["mail"].before = break_down
    for _ in range(5):
        outbox.look()

    assert asked == ["1"]


def test_a_notice_that_a_wrong_clock_dated_long_ago_is_tried(outbox: Outbox) -> None:
    now = outbox.bench.clock.now()
    outbox.bench.clock.jump(-40 * 365 * 86400)
    outbox.put("1")
    outbox.bench.clock.jump((now - outbox.bench.clock.now()).total_seconds())

    outbox.look()

    assert outbox.sent() == ["1"]


def test_a_clock_that_is_set_back_does_not_silence_a_notifier(outbox: Outbox) -> None:
    outbox.put("1")
    outbox.notifiers["mail"].error = AWAY
    outbox.look()
    outbox.notifiers["mail"].error = None

    outbox.bench.clock.jump(-30 * 86400)
    outbox.look()

    assert outbox.sent() == ["1"]


def test_the_thread_delivers_soon_after_it_is_woken_and_ends(outbox: Outbox) -> None:
    arrived = threading.Event()
    outbox.notifiers["mail"].before = lambda _notice: arrived.set()
    outbox.delivery.start()
    assert outbox.delivery.is_alive()

    outbox.put("1")

    assert arrived.wait(30)
    outbox.delivery.stop(timeout_seconds=5)
    assert not outbox.delivery.is_alive()


def test_a_stop_gives_the_last_notice_time_to_arrive(outbox: Outbox) -> None:
    outbox.delivery.start()
    outbox.put("1")

    outbox.delivery.stop(timeout_seconds=10)

    assert outbox.sent() == ["1"]


def test_a_stop_does_not_wait_for_an_endpoint_that_hangs(outbox: Outbox, gate: threading.Event) -> None:
    outbox.notifiers["mail"].before, begun = hang(gate)
    outbox.delivery.start()
    outbox.put("1")
    assert begun.wait(10)

    outbox.delivery.stop(timeout_seconds=0.2)

    assert not outbox.delivery.is_alive()
    assert outbox.states() == [DeliveryState.WAITING]


def test_the_thread_outlives_a_catalog_that_fails(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    failed, arrived = threading.Event(), threading.Event()

    def fail(*_what: Any, **_more: Any) -> None:
        failed.set()
        raise CatalogError("damaged")

    outbox.notifiers["mail"].before = lambda _notice: arrived.set()
    with monkeypatch.context() as patch:
        patch.setattr(outbox.outbox, "due", fail)
        outbox.delivery.start()
        outbox.delivery.wake()
        assert failed.wait(10)
    outbox.put("1")

    assert arrived.wait(10)
    outbox.delivery.stop(timeout_seconds=5)
