"""The scheduler: says when to look at the slots of a server.

It decides nothing. Whether a run is wanted is the slot ledger's business, so a call too many does no harm.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog
from apscheduler.jobstores.base import JobLookupError
from apscheduler.triggers.date import DateTrigger

from octeth_backupd.errors import CatalogError, NotFoundError
from octeth_backupd.scheduling.entry import REFERENCE
from octeth_backupd.scheduling.guarded import GuardedScheduler
from octeth_backupd.scheduling.store import open_store, translated
from octeth_backupd.scheduling.trigger import CronRuleTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from apscheduler.job import Job
    from apscheduler.triggers.base import BaseTrigger

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.scheduling.definition import ScheduleDefinition

RETRY = "retry"
_log = structlog.get_logger("scheduler")


class Scheduler:
    """Entries for schedules and retries, in a file of their own that survives restarts.

    Order of use: ``start_paused``, ``reconcile``, ``resume``; ``wakeup`` once a minute; ``stop`` from any thread but
    the scheduler's own. Every method but ``wakeup``, ``is_alive`` and ``stop`` may raise ``CatalogError`` when the
    file fails.
    """

    def __init__(self, *, path: Path, clock: Clock, on_due: Callable[[str, str], None]) -> None:
        """Make a scheduler; nothing is opened yet.

        Args:
            path: Its SQLite file.
            clock: Time. APScheduler itself looks at the machine's clock.
            on_due: Called with server and schedule, or with server and ``RETRY``, when something may be due; in the
                scheduler's thread, holding no lock. It must be quick. What it raises is logged.
        """
        self._path = path
        self._clock = clock
        self._on_due = on_due
        self._scheduler: GuardedScheduler | None = None

    def start_paused(self) -> None:
        """Open the file and start the thread; no entry fires before ``resume``."""
        store = open_store(self._path, now=self._clock.now())
        self._scheduler = GuardedScheduler(store=store, on_fired=self._on_due)
        with translated(self._path):
            self._scheduler.start(paused=True)

    def reconcile(
        self, definitions: Sequence[ScheduleDefinition], *, paused: Collection[tuple[str, str]] | None = None
    ) -> None:
        """Make the entries those of the configuration.

        An entry whose definition is unchanged keeps its time, also one that has passed. A changed one gets the next
        time of its new rule and stays paused if it was. Others go, also the retries of servers that are gone.

        Args:
            definitions: Every schedule of every server.
            paused: Server and name of those that are paused; None leaves each as it is.
        """
        scheduler = self._started()
        wanted = {_entry_id(*definition.key): definition for definition in definitions}
        retries = {_retry_id(definition.server) for definition in definitions}
        with translated(self._path):
            stored: dict[str, Job] = {job.id: job for job in scheduler.get_jobs()}
            for entry_id in stored.keys() - wanted.keys() - retries:
                self._remove(entry_id)
            for entry_id, definition in wanted.items():
                job = stored.get(entry_id)
                was_paused = job is not None and job.next_run_time is None
                is_paused = was_paused if paused is None else definition.key in paused
                if job is None or job.kwargs.get("definition") != definition.fingerprint:
                    self._define(entry_id, definition, paused=is_paused)
                elif is_paused and not was_paused:
                    scheduler.pause_job(entry_id)
                elif was_paused and not is_paused:
                    scheduler.resume_job(entry_id)

    def resume(self) -> None:
        """Let entries fire; those whose time has passed fire now, once."""
        self._started().resume()

    def wakeup(self) -> None:
        """Look at the clock now. The thread waits by a clock that does not see jumps, so this is called each minute."""
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.wakeup()

    def run_pass(self) -> None:
        """Fire what is due, in the calling thread, and return when ``on_due`` was called for it."""
        self._started().run_pass()

    def stop(self) -> None:
        """Stop for good; does nothing when it is not started."""
        scheduler = self._scheduler
        if scheduler is None:
            return
        if scheduler.thread is threading.current_thread():
            raise RuntimeError("the scheduler cannot be stopped from its own thread")
        self._scheduler = None
        scheduler.shutdown(wait=False)

    def is_alive(self) -> bool:
        """Return whether the thread is there and not stopped; ``running`` of APScheduler stays true without it."""
        scheduler = self._scheduler
        return (
            scheduler is not None and scheduler.running and scheduler.thread is not None and scheduler.thread.is_alive()
        )

    def next_run_times(self) -> Mapping[tuple[str, str], datetime]:
        """Return when each schedule fires next, by server and name; paused ones are left out."""
        return {key: at for key, at in self._times().items() if key[1] != RETRY}

    def retry_times(self) -> Mapping[str, datetime]:
        """Return when a retry is planned, by server."""
        return {server: at for (server, schedule), at in self._times().items() if schedule == RETRY}

    def retry_later(self, server: str, at: datetime) -> None:
        """Fire once for a server at a time, also after a restart; takes the place of an earlier retry of its own.

        While the scheduler is stopping this does nothing: the next start asks the ledger what is wanted.
        """
        scheduler = self._scheduler
        if scheduler is None or not scheduler.running:
            _log.info("scheduler.retry_left_to_next_start", server=server, at=at.isoformat())
            return
        with translated(self._path):
            self._add(_retry_id(server), DateTrigger(at, timezone=at.tzinfo), (server, RETRY), definition="", at=at)

    def pause(self, server: str, schedule: str) -> None:
        """Keep a schedule from firing until it is resumed.

        Raises:
            NotFoundError: There is no such schedule.
        """
        with translated(self._path):
            try:
                self._started().pause_job(_entry_id(server, schedule))
            except JobLookupError as exc:
                raise _unknown(server, schedule) from exc

    def unpause(self, server: str, schedule: str) -> None:
        """Let a schedule fire again, from its next time on; one that is not paused keeps its time.

        Raises:
            NotFoundError: There is no such schedule.
        """
        entry_id = _entry_id(server, schedule)
        with translated(self._path):
            job: Job | None = self._started().get_job(entry_id)
            if job is None:
                raise _unknown(server, schedule)
            if job.next_run_time is None:
                self._started().resume_job(entry_id)

    def _started(self) -> GuardedScheduler:
        if self._scheduler is None:
            raise CatalogError("the scheduler is not running", hint="Start the daemon again.")
        return self._scheduler

    def _times(self) -> dict[tuple[str, str], datetime]:
        with translated(self._path):
            return {
                (job.args[0], job.args[1]): job.next_run_time
                for job in self._started().get_jobs()
                if job.next_run_time is not None
            }

    def _define(self, entry_id: str, definition: ScheduleDefinition, *, paused: bool) -> None:
        at = None if paused else definition.rule.next_after(self._clock.now())
        trigger = CronRuleTrigger(definition.rule)
        self._add(entry_id, trigger, definition.key, definition=definition.fingerprint, at=at)
        _log.info("scheduler.entry_defined", entry=entry_id, next_at=at.isoformat() if at else None)

    def _add(
        self, entry_id: str, trigger: BaseTrigger, key: tuple[str, str], *, definition: str, at: datetime | None
    ) -> None:
        self._started().add_job(
            REFERENCE,
            trigger=trigger,
            args=key,
            kwargs={"definition": definition},
            id=entry_id,
            # stored with the entry, so never left to defaults: the grace of one second loses runs silently
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
            next_run_time=at,
            replace_existing=True,
        )

    def _remove(self, entry_id: str) -> None:
        try:
            self._started().remove_job(entry_id)
        except JobLookupError:
            return  # it fired for the last time meanwhile
        _log.info("scheduler.entry_removed", entry=entry_id)


def _entry_id(server: str, schedule: str) -> str:
    return f"schedule:{server}:{schedule}"


def _retry_id(server: str) -> str:
    return f"retry:{server}"


def _unknown(server: str, schedule: str) -> NotFoundError:
    return NotFoundError(f'server "{server}" has no schedule "{schedule}"')
