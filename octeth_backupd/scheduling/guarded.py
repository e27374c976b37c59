"""APScheduler's background scheduler, kept from dying and from losing what comes due at the wrong moment."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_RUNNING

from octeth_backupd.scheduling.executor import NotingExecutor
from octeth_backupd.scheduling.trigger import CronRuleTrigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from apscheduler.jobstores.base import BaseJobStore

_RETRY_SECONDS = 10.0
_LONGEST_RETRY = timedelta(days=1)
_log = structlog.get_logger("scheduler")


class GuardedScheduler(BackgroundScheduler):  # type: ignore[misc]  # the library has no types
    """A scheduler whose thread survives every failed pass; firing entries are told outside APScheduler's locks."""

    def __init__(self, *, store: BaseJobStore, on_fired: Callable[[str, str], None]) -> None:
        self._noting = NotingExecutor()
        self._pass_lock = threading.Lock()
        self._on_fired = on_fired
        super().__init__(
            jobstores={"default": store},
            executors={"default": self._noting},
            timezone=UTC,
            jobstore_retry_interval=_RETRY_SECONDS,
            daemon=True,
        )

    @property
    def thread(self) -> threading.Thread | None:
        """Return the scheduler's thread."""
        thread = self._thread
        return thread if isinstance(thread, threading.Thread) else None

    def run_pass(self) -> float | None:
        """Look once for entries that fire, in the calling thread, and tell of them; one pass at a time.

        Returns:
            Seconds until the next pass is needed; None: until woken.
        """
        with self._pass_lock:
            return self._guarded_pass()

    def _guarded_pass(self) -> float | None:
        if self.state != STATE_RUNNING:
            # APScheduler makes one more pass while it stops, which would move on an entry that nobody takes
            return None
        wait_seconds: float | None = _RETRY_SECONDS
        try:
            self._bring_back(datetime.now(UTC))
            wait_seconds = super()._process_jobs()
        except Exception:  # noqa: BLE001 - the thread must survive a locked or failing store; it would die for good
            _log.exception("scheduler.pass_failed", retry_seconds=_RETRY_SECONDS)
        finally:
            self._tell()
        return wait_seconds

    def _process_jobs(self) -> float | None:
        return self.run_pass()

    def _bring_back(self, now: datetime) -> None:
        """Correct entries that a clock ahead of this one has moved too far."""
        for job in self.get_jobs():
            latest = now + _LONGEST_RETRY
            if isinstance(job.trigger, CronRuleTrigger):
                latest = job.trigger.get_next_fire_time(None, now)
            if job.next_run_time is not None and job.next_run_time > latest:
                _log.warning(
                    "scheduler.clock_went_back",
                    entry=job.id,
                    planned=job.next_run_time.isoformat(),
                    corrected=latest.isoformat(),
                )
                self.modify_job(job.id, next_run_time=latest)

    def _tell(self) -> None:
        for server, schedule in self._noting.take():
            try:
                self._on_fired(server, schedule)
            except Exception:  # noqa: BLE001 - what is due stays due in the ledger; other servers must not wait
                _log.exception("scheduler.callback_failed", server=server, schedule=schedule)
