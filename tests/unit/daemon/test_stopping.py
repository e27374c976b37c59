"""The end of all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.stopping import end_runs
from octeth_backupd.domain.backup import Operation, Trigger
from octeth_backupd.errors import BusyError

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

RESTORE_SECONDS = 600.0


class Ending:
    """A coordinator with one run that ends at the n-th wait, or never."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.waits: list[float] = []
        self.extensions: list[float] = []
        self.ends_at_wait = 0
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=lambda _active: None,
            parts=bench.parts,
            max_parallel_runs=1,
        )
        self._stop = self.coordinator.stop
        monkeypatch.setattr(self.coordinator, "stop", self._counted_stop)

    def _counted_stop(self, *, timeout_seconds: float) -> bool:
        self.waits.append(timeout_seconds)
        self.bench.clock.go(timeout_seconds)
        if len(self.waits) == self.ends_at_wait:
            for active in self.coordinator.active():
                self.coordinator.finished(active)
        return self._stop(timeout_seconds=0)

    def extend_stop(self, seconds: float) -> None:
        self.extensions.append(seconds)

    def begin(self, operation: Operation) -> ActiveRun:
        self.coordinator.submit(
            operation, server="oempro", trigger=Trigger.MANUAL, requested_by="uid 0 (root)", wait=False
        )
        [active] = self.coordinator.active()
        return active

    def end(self) -> None:
        systemd: Any = self
        end_runs(self.coordinator, systemd, self.bench.clock, restore_seconds=RESTORE_SECONDS, cancel_seconds=25)


@pytest.fixture
def ending(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Ending:
    """No run yet."""
    return Ending(bench, monkeypatch)


def test_a_backup_is_cancelled_and_not_waited_for_longer(ending: Ending) -> None:
    active = ending.begin(Operation.BACKUP)

    with capture_logs() as logs:
        ending.end()

    assert active.cancellation.is_cancelled
    assert ending.waits == [25]
    assert ending.extensions == []
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["daemon.stop_slow"]


def test_a_restore_is_waited_for_until_it_is_over(ending: Ending) -> None:
    ending.begin(Operation.RESTORE)
    ending.ends_at_wait = 4

    with capture_logs() as logs:
        ending.end()

    assert len(ending.waits) == 4
    assert len(ending.extensions) == 3
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


def test_a_restore_that_does_not_end_is_left_to_the_next_start(ending: Ending) -> None:
    ending.begin(Operation.UNDO)

    with capture_logs() as logs:
        ending.end()

    assert sum(ending.waits[1:]) == pytest.approx(RESTORE_SECONDS)
    assert logs[-1]["event"] == "daemon.stop_slow"


def test_nothing_new_is_accepted_from_then_on(ending: Ending) -> None:
    ending.end()

    with pytest.raises(BusyError, match="stopping"):
        ending.begin(Operation.BACKUP)
