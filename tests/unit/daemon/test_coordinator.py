"""Who may run now."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator, chosen_server
from octeth_backupd.domain.backup import Operation, RunStatus, Trigger
from octeth_backupd.domain.events import RunQueued
from octeth_backupd.errors import (
    BusyError,
    CancelledError,
    CatalogError,
    InvalidRequestError,
    NotFoundError,
    SpaceError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.events import Event
    from tests.fakes.bench import Bench

LIMIT_SECONDS = 20


class Works:
    """A coordinator whose runs work until they are told to end, or are cancelled."""

    def __init__(self, bench: Bench, *, limit: int = 1) -> None:
        self.bench = bench
        self.started: list[str] = []
        self.reasons: dict[str, BaseException | None] = {}
        self.stopped: dict[str, bool] = {}
        self._changed = threading.Condition()
        self._ends: dict[str, threading.Event] = defaultdict(threading.Event)
        self.claims = True
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=self._work,
            parts=lambda: bench.parts(servers=dict.fromkeys(("a", "b", "c"), bench.server)),
            max_parallel_runs=limit,
        )

    def submit(self, server: str = "a", *, wait: bool = True, trigger: Trigger = Trigger.MANUAL) -> Run:
        return self.coordinator.submit(
            Operation.BACKUP, server=server, trigger=trigger, requested_by="uid 0 (root)", wait=wait
        )

    def end(self, *run_ids: str) -> None:
        """Let runs end by themselves."""
        for run_id in run_ids:
            self._ends[run_id].set()

    def has(self, condition: Callable[[], bool]) -> bool:
        """Wait until something about the runs holds."""
        with self._changed:
            return self._changed.wait_for(condition, LIMIT_SECONDS)

    def has_started(self, *run_ids: str) -> bool:
        return self.has(lambda: set(run_ids) <= set(self.started))

    def is_idle(self) -> bool:
        return self.has(lambda: not self.coordinator.active())

    def _work(self, active: ActiveRun) -> None:
        run_id = active.run.run_id
        active.has_claimed = self.claims
        with self._changed:
            self.started.append(run_id)
            self._changed.notify_all()
        with active.cancellation.on_cancel(self._ends[run_id].set):
            assert self._ends[run_id].wait(LIMIT_SECONDS)
        self.reasons[run_id] = active.cancellation.reason
        self.stopped[run_id] = active.ended_by_stop
        self.coordinator.finished(active)
        with self._changed:
            self._changed.notify_all()


@pytest.fixture
def works(bench: Bench) -> Iterator[Works]:
    """A coordinator that lets one run at a time."""
    works = Works(bench)
    yield works
    assert works.coordinator.stop(timeout_seconds=LIMIT_SECONDS)


@pytest.fixture
def two_at_a_time(bench: Bench) -> Iterator[Works]:
    """A coordinator that lets two runs at a time."""
    works = Works(bench, limit=2)
    yield works
    assert works.coordinator.stop(timeout_seconds=LIMIT_SECONDS)


def test_a_run_starts_at_once_when_nobody_is_before_it(works: Works) -> None:
    run = works.submit(wait=False)

    assert works.has_started(run.run_id)
    assert works.bench.catalog.run(run.run_id).status is RunStatus.QUEUED
    assert run.run_id in works.coordinator


def test_runs_of_one_server_go_one_after_the_other_in_the_order_they_came(two_at_a_time: Works) -> None:
    runs = [two_at_a_time.submit("a").run_id for _ in range(4)]

    for position, run_id in enumerate(runs, start=1):
        assert two_at_a_time.has_started(run_id)
        assert two_at_a_time.started == runs[:position]
        two_at_a_time.end(run_id)

    assert two_at_a_time.is_idle()


def test_the_limit_holds_over_all_servers(two_at_a_time: Works) -> None:
    first, second, third = (two_at_a_time.submit(server).run_id for server in ("a", "b", "c"))
    assert two_at_a_time.has_started(first, second)
    assert third not in two_at_a_time.started

    two_at_a_time.end(second)

    assert two_at_a_time.has_started(third)


def test_a_queued_run_of_a_busy_server_does_not_hold_up_another_server(two_at_a_time: Works) -> None:
    first, waiting = two_at_a_time.submit("a").run_id, two_at_a_time.submit("a").run_id

    other = two_at_a_time.submit("b", wait=False).run_id

    assert two_at_a_time.has_started(first, other)
    assert waiting not in two_at_a_time.started


def test_a_higher_limit_lets_the_waiting_start(works: Works) -> None:
    first, second = works.submit("a").run_id, works.submit("b").run_id
    assert works.has_started(first)

    works.coordinator.set_max_parallel_runs(2)

    assert works.has_started(second)


def test_a_refusal_names_the_holder_and_what_to_do(works: Works) -> None:
    holder = works.submit("a")
    assert works.has_started(holder.run_id)

    with pytest.raises(
        BusyError, match=rf"run {holder.run_id} \(backup of a, for uid 0 \(root\)\) is running"
    ) as refused:
        works.submit("a", wait=False)

    assert refused.value.retryable
    assert f"octeth-backupctl cancel {holder.run_id}" in refused.value.hint
    assert len(works.bench.catalog.runs()) == 1


def test_the_limit_refuses_too_and_names_who_has_the_turn(works: Works) -> None:
    holder = works.submit("a")

    with pytest.raises(BusyError, match=holder.run_id):
        works.submit("b", wait=False)


def test_a_cancelled_running_run_ends_with_who_cancelled_it(works: Works) -> None:
    run = works.submit()
    assert works.has_started(run.run_id)

    works.coordinator.cancel(run.run_id, requested_by="uid 1000 (anna)")

    assert works.is_idle()
    assert str(works.reasons[run.run_id]) == "cancelled by uid 1000 (anna)"
    assert works.stopped[run.run_id] is False


def test_a_cancelled_queued_run_has_its_turn_at_once_to_end(works: Works) -> None:
    holder, waiting = works.submit(), works.submit()
    assert works.has_started(holder.run_id)

    works.coordinator.cancel(waiting.run_id, requested_by="anna")

    assert works.has(lambda: waiting.run_id in works.reasons and waiting.run_id not in works.coordinator)
    assert holder.run_id in works.coordinator


def test_what_is_over_cannot_be_cancelled(works: Works) -> None:
    run = works.submit()
    works.end(run.run_id)
    assert works.is_idle()

    with pytest.raises(NotFoundError, match=f"run {run.run_id} is over"):
        works.coordinator.cancel(run.run_id, requested_by="anna")
    with pytest.raises(NotFoundError):
        works.coordinator.cancel("never-was", requested_by="anna")


def test_stop_cancels_what_runs_and_what_waits_and_returns_when_all_have_ended(works: Works) -> None:
    runs = [works.submit(server).run_id for server in ("a", "a", "b")]
    assert works.has_started(runs[0])

    assert works.coordinator.stop(timeout_seconds=LIMIT_SECONDS)

    assert works.coordinator.active() == []
    assert works.stopped == dict.fromkeys(runs, True)
    assert {str(reason) for reason in works.reasons.values()} == {"the daemon was stopped"}


def test_nothing_is_accepted_while_stopping(works: Works) -> None:
    works.coordinator.stop(timeout_seconds=0)

    with pytest.raises(BusyError, match="stopping"):
        works.submit()
    assert works.coordinator.submit_scheduled("a", Trigger.SCHEDULE) is None
    assert works.coordinator.is_stopping
    assert works.bench.catalog.runs() == []


@pytest.mark.parametrize("reason", [CancelledError("cancelled by anna"), SpaceError("disk would be full")])
def test_what_ended_a_run_before_the_stop_stays_its_reason(works: Works, reason: CancelledError | SpaceError) -> None:
    run = works.submit()
    assert works.has_started(run.run_id)
    (active,) = works.coordinator.active()
    active.cancellation.cancel(reason)

    works.coordinator.stop(timeout_seconds=LIMIT_SECONDS)

    assert works.reasons[run.run_id] is reason
    assert works.stopped[run.run_id] is False


def test_stop_gives_up_on_a_run_that_does_not_end(bench: Bench) -> None:
    released = threading.Event()
    began = threading.Event()

    def stubborn(active: ActiveRun) -> None:
        began.set()
        released.wait(LIMIT_SECONDS)

    coordinator = Coordinator(
        catalog=bench.catalog, bus=bench.bus, clock=bench.clock, work=stubborn, parts=bench.parts, max_parallel_runs=1
    )
    coordinator.submit(Operation.BACKUP, server="a", trigger=Trigger.MANUAL, requested_by="", wait=True)
    assert began.wait(LIMIT_SECONDS)

    assert coordinator.stop(timeout_seconds=0) is False

    released.set()


def test_one_run_that_cannot_be_cancelled_keeps_no_other_from_being(two_at_a_time: Works) -> None:
    runs = [two_at_a_time.submit(server).run_id for server in ("a", "b")]
    assert two_at_a_time.has_started(*runs)
    first = two_at_a_time.coordinator.active()[0]

    def breaks() -> None:
        raise OSError("no such process")

    with first.cancellation.on_cancel(breaks), pytest.raises(OSError, match="no such process"):
        two_at_a_time.coordinator.stop(timeout_seconds=LIMIT_SECONDS)

    assert two_at_a_time.is_idle()
    assert two_at_a_time.stopped == dict.fromkeys(runs, True)


def test_a_scheduled_run_that_waits_or_has_not_claimed_yet_is_not_doubled(works: Works) -> None:
    works.claims = False
    first = works.coordinator.submit_scheduled("a", Trigger.SCHEDULE)
    assert first is not None
    assert works.has_started(first.run_id)

    assert works.coordinator.will_claim("a")
    assert works.coordinator.submit_scheduled("a", Trigger.CATCH_UP) is None
    assert works.coordinator.submit_scheduled("b", Trigger.CATCH_UP) is not None


def test_a_scheduled_run_waits_behind_one_that_has_claimed_its_slots(works: Works) -> None:
    first = works.coordinator.submit_scheduled("a", Trigger.SCHEDULE)
    assert first is not None
    assert works.has_started(first.run_id)

    second = works.coordinator.submit_scheduled("a", Trigger.SCHEDULE)

    assert second is not None
    works.end(first.run_id)
    assert works.has_started(second.run_id)


def test_a_server_that_a_reload_has_taken_out_gets_no_scheduled_run(works: Works) -> None:
    assert works.coordinator.submit_scheduled("removed", Trigger.SCHEDULE) is None

    assert works.coordinator.active() == []


def test_a_manual_run_does_not_count_as_one_that_serves_slots(works: Works) -> None:
    works.submit("a")

    assert not works.coordinator.will_claim("a")
    assert works.coordinator.submit_scheduled("a", Trigger.SCHEDULE) is not None


def test_a_run_is_told_of_before_it_starts(bench: Bench) -> None:
    order: list[str] = []
    other_done = threading.Event()

    def work(active: ActiveRun) -> None:
        order.append("started")
        coordinator.finished(active)
        other_done.set()

    coordinator = Coordinator(
        catalog=bench.catalog, bus=bench.bus, clock=bench.clock, work=work, parts=bench.parts, max_parallel_runs=2
    )

    def follow(event: Event) -> None:
        if isinstance(event, RunQueued):
            coordinator.set_max_parallel_runs(3)  # somebody else looks who may start, in the middle of the telling
            order.append("queued")

    with bench.bus.subscribed(follow):
        coordinator.submit(Operation.BACKUP, server="a", trigger=Trigger.MANUAL, requested_by="", wait=True)

    assert other_done.wait(LIMIT_SECONDS)
    assert order == ["queued", "started"]


def test_a_run_that_the_catalog_does_not_take_is_not_accepted(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(run: Run) -> None:
        raise CatalogError("no space")

    with monkeypatch.context() as patch, pytest.raises(CatalogError):
        patch.setattr(works.bench.catalog, "add_run", full)
        works.submit()

    assert works.coordinator.active() == []
    assert works.has_started(works.submit(wait=False).run_id)


def test_work_that_raises_keeps_its_turn_and_is_seen_as_a_dead_thread(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _args: died.set())

    def broken(active: ActiveRun) -> None:
        raise ZeroDivisionError

    coordinator = Coordinator(
        catalog=bench.catalog, bus=bench.bus, clock=bench.clock, work=broken, parts=bench.parts, max_parallel_runs=1
    )
    coordinator.submit(Operation.BACKUP, server="a", trigger=Trigger.MANUAL, requested_by="", wait=True)
    assert died.wait(LIMIT_SECONDS)
    thread = coordinator.active()[0].thread
    assert thread is not None
    thread.join(LIMIT_SECONDS)

    assert not coordinator.threads_alive()


def test_threads_of_working_runs_are_alive(works: Works) -> None:
    assert works.has_started(works.submit().run_id)

    assert works.coordinator.threads_alive()


def test_work_that_is_over_at_once_is_no_deadlock(bench: Bench) -> None:
    done = threading.Semaphore(0)

    def work(active: ActiveRun) -> None:
        coordinator.finished(active)
        done.release()

    coordinator = Coordinator(
        catalog=bench.catalog, bus=bench.bus, clock=bench.clock, work=work, parts=bench.parts, max_parallel_runs=1
    )

    for _ in range(20):
        coordinator.submit(Operation.BACKUP, server="a", trigger=Trigger.MANUAL, requested_by="", wait=True)

    assert all(done.acquire(timeout=LIMIT_SECONDS) for _ in range(20))
    assert coordinator.active() == []


def test_many_requests_at_once_never_break_a_limit_and_all_get_their_turn(bench: Bench) -> None:
    lock, running, done = threading.Lock(), defaultdict[str, int](int), threading.Semaphore(0)
    broken: list[str] = []

    def work(active: ActiveRun) -> None:
        server = active.run.server
        with lock:
            running[server] += 1
            if running[server] > 1 or sum(running.values()) > 3:
                broken.append(f"{server}: {dict(running)}")
        active.cancellation.wait(0.001)
        with lock:
            running[server] -= 1
        coordinator.finished(active)
        done.release()

    coordinator = Coordinator(
        catalog=bench.catalog, bus=bench.bus, clock=bench.clock, work=work, parts=bench.parts, max_parallel_runs=3
    )

    def ask(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(8):
            coordinator.submit(
                Operation.BACKUP, server=choose.choice("abcd"), trigger=Trigger.MANUAL, requested_by="", wait=True
            )

    askers = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(LIMIT_SECONDS)

    assert all(done.acquire(timeout=LIMIT_SECONDS) for _ in range(48))
    assert broken == []
    assert coordinator.active() == []


@pytest.mark.parametrize(("name", "known"), [(None, ("a",)), ("a", ("a", "b"))])
def test_a_request_may_leave_the_server_out_where_there_is_one(name: str | None, known: tuple[str, ...]) -> None:
    assert chosen_server(name, known) == "a"


@pytest.mark.parametrize(
    ("name", "known", "error", "hint"),
    [
        (None, ("a", "b"), InvalidRequestError, "--server a | b"),
        ("c", ("a", "b"), NotFoundError, "Configured: a, b."),
        (None, (), NotFoundError, "[servers.NAME]"),
    ],
)
def test_a_request_for_no_server_says_which_there_are(
    name: str | None, known: tuple[str, ...], error: type[InvalidRequestError], hint: str
) -> None:
    with pytest.raises(error) as refused:
        chosen_server(name, known)

    assert hint in refused.value.hint


def test_nobody_is_refused_for_a_removal_of_old_data_which_is_waited_for(bench: Bench) -> None:
    works = Works(bench)
    expire = works.coordinator.submit(
        Operation.EXPIRE, server="a", trigger=Trigger.MANUAL, requested_by="daemon", wait=True
    )

    run = works.submit(wait=False)

    assert [(a.run.run_id, a.is_running) for a in works.coordinator.active()] == [
        (expire.run_id, True),
        (run.run_id, False),
    ]
    works.end(expire.run_id, run.run_id)
