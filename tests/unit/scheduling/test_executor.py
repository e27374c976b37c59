"""The executor that notes what fired."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from octeth_backupd.scheduling.executor import NotingExecutor
from tests.unit.scheduling.builders import NOON


@dataclass
class Entry:
    """As much of an APScheduler job as an executor looks at."""

    id: str
    args: tuple[str, str]
    max_instances: int = 1


class SchedulerWithLock:
    """As much of an APScheduler scheduler as an executor looks at."""

    def _create_lock(self) -> object:
        return threading.RLock()


def executor() -> NotingExecutor:
    noting = NotingExecutor()
    noting.start(SchedulerWithLock(), "default")
    return noting


def test_what_fired_is_taken_once_in_order() -> None:
    noting = executor()
    noting.submit_job(Entry("a", ("one", "daily")), [NOON])
    noting.submit_job(Entry("b", ("two", "daily")), [NOON])

    assert noting.take() == [("one", "daily"), ("two", "daily")]
    assert noting.take() == []


def test_entry_submitted_again_before_it_was_taken_is_neither_refused_nor_doubled() -> None:
    noting = executor()

    for _ in range(3):
        noting.submit_job(Entry("a", ("one", "daily")), [NOON])

    assert noting.take() == [("one", "daily")]
