"""Copies that wait to be uploaded: looked at from READY on, each minute and after each run, until they are there."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backoff import Backoff, put_off
from octeth_backupd.domain.backup import Operation, RunStatus, Trigger
from octeth_backupd.domain.events import CopyStored, CopyWaits, Event, RunFinished
from octeth_backupd.domain.upload import LOCAL_STORAGE, UploadOrder
from octeth_backupd.errors import BackupdError, BusyError
from octeth_backupd.pipeline.leftover_parts import leftover_parts, server_of
from octeth_backupd.pipeline.spare_copies import is_spare
from octeth_backupd.pipeline.state_files import stale_states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.upload import WaitingCopy
    from octeth_backupd.pipeline.parts import Parts

_log = structlog.get_logger("uploads")

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=1)
REQUESTED_BY = "daemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What an upload run of one server would do now."""

    server: str
    copies: frozenset[tuple[str, str]] = frozenset()


class UploadWatch:
    """Submit an upload run where something waits; put it off while a failure's back-off lasts.

    A storage backend that fails is tried again after 1 minute, then 2, 4, … up to an hour; so is a copy that fails
    where others arrive. What arrives, or a reload, ends the back-off. A cancel puts the server's uploads off for an
    hour.
    """

    def __init__(self, *, coordinator: Coordinator, clock: Clock, parts: Callable[[], Parts]) -> None:
        self._coordinator = coordinator
        self._clock = clock
        self._parts = parts
        self._lock = threading.Lock()
        self._storages: dict[str, Backoff] = {}
        self._copies: dict[tuple[str, str], Backoff] = {}
        self._servers: dict[str, datetime] = {}
        self._states_written_at = ""

    def look(self) -> None:
        """Submit the next upload run; what cannot be done now is done at a later look."""
        try:
            with self._lock:
                self._look()
        except BusyError:
            return  # the daemon stops; everything is looked at again after the next start
        except BackupdError as exc:
            _log.error("upload.look_failed", error=exc.message, hint=exc.hint)

    def follow(self, event: Event) -> None:
        """Take an event of the bus: what became of a copy, or of an upload run."""
        match event:
            case CopyStored():
                with self._lock:
                    self._storages.pop(event.storage, None)
                    self._copies.pop((event.backup_id, event.storage), None)
            case CopyWaits():
                with self._lock:
                    self._put_off(event)
            case RunFinished(run=run) if run.operation is Operation.UPLOAD:
                # Whatever it left undone: never at once again.
                delay = LONGEST_DELAY if run.status is RunStatus.CANCELLED else FIRST_DELAY
                with self._lock:
                    self._servers[run.server] = event.at + delay
            case _:
                pass

    def look_afresh(self) -> None:
        """Forget what failed, and look: the configuration has changed."""
        with self._lock:
            self._storages.clear()
            self._copies.clear()
            self._servers.clear()
            self._states_written_at = ""  # a storage backend may have been added
        self.look()

    def look_for_states(self, server: str) -> None:
        """Look at once, although an upload run of this server has just ended: something was said of its backups."""
        now = self._clock.now()
        with self._lock:
            if server in self._servers and self._servers[server] <= now + FIRST_DELAY:  # longer: somebody cancelled
                del self._servers[server]
        self.look()

    def next_try_at(self, waiting: Iterable[WaitingCopy]) -> datetime | None:
        """Return when the first of these copies is tried again, now at the earliest; None when there is none."""
        now = self._clock.now()
        with self._lock:
            return min((self._not_before(one, now) for one in waiting), default=None)

    def _look(self) -> None:
        if any(active.run.operation is Operation.UPLOAD for active in self._coordinator.active()):
            return  # one at a time; its end is the next look
        now = self._clock.now()
        parts = self._parts()
        storages = frozenset(name for name in parts.remote_storages if self._is_due(name, now))
        work = self._next_work(parts, storages, now)
        if work is None:
            return
        self._coordinator.submit(
            Operation.UPLOAD,
            server=work.server,
            trigger=Trigger.DAEMON,
            requested_by=REQUESTED_BY,
            wait=True,
            order=UploadOrder(copies=work.copies, storages=storages),
        )

    def _next_work(self, parts: Parts, storages: frozenset[str], now: datetime) -> _Work | None:
        """Return what to do next: the server with the oldest backup that waits, then what is to be cleaned up."""
        due = [
            one
            for one in parts.catalog.uploads.waiting()
            if one.copy.storage in storages
            and one.run_id not in self._coordinator
            and self._not_before(one, now) <= now
        ]
        if due:
            server = due[0].server
            return _Work(server=server, copies=frozenset(one.name for one in due if one.server == server))
        servers = [server for server in self._servers_to_clean(parts, storages) if self._may_run(server, now)]
        return _Work(server=servers[0]) if servers else None

    def _servers_to_clean(self, parts: Parts, storages: frozenset[str]) -> Iterable[str]:
        for storage in sorted(storages):
            yield from (server_of(upload) for upload in leftover_parts(parts.catalog, storage))
        yield from self._servers_with_stale_states(parts, storages)
        if parts.keep_local:
            return
        now = self._clock.now()
        for backup in parts.catalog.uploads.present_in(LOCAL_STORAGE):
            if _is_put_off(self._copies.get((backup.backup_id, LOCAL_STORAGE)), now):
                continue
            others = {other.storage for other in backup.copies} - {LOCAL_STORAGE}
            is_free = self._coordinator.running_of(backup.server) is None  # nobody reads the archive
            if is_free and others <= storages and is_spare(parts, backup):
                yield backup.server

    def _servers_with_stale_states(self, parts: Parts, storages: frozenset[str]) -> Iterable[str]:
        """Yield the servers whose state files do not say what the catalog says; looks closer only after a change."""
        mark = parts.catalog.holdings.change_mark()
        if mark == self._states_written_at:
            return
        asked = [*parts.local_storages, *(parts.remote_storages[name] for name in sorted(storages))]
        stale = stale_states(parts.catalog, asked, parts.servers)
        if not stale and len(asked) == len(parts.storages):
            self._states_written_at = mark
        now = self._clock.now()
        for state in stale:
            if not _is_put_off(self._copies.get((state.key, state.storage.name)), now):
                yield state.server

    def _put_off(self, event: CopyWaits) -> None:
        if event.was_cancelled:
            self._servers[event.server] = event.at + LONGEST_DELAY
        elif event.storage_failed:
            self._storages[event.storage] = _later(self._storages.get(event.storage), event.at)
        else:
            name = (event.backup_id, event.storage)
            self._copies[name] = _later(self._copies.get(name), event.at)

    def _is_due(self, storage: str, now: datetime) -> bool:
        return not _is_put_off(self._storages.get(storage), now)

    def _may_run(self, server: str, now: datetime) -> bool:
        return server not in self._servers or not _is_ahead(self._servers[server], now)

    def _not_before(self, one: WaitingCopy, now: datetime) -> datetime:
        """Return the earliest time at which a copy may be tried: now, when nothing stands against it."""
        times = [off.next_at for off in (self._storages.get(one.copy.storage), self._copies.get(one.name)) if off]
        if one.server in self._servers:
            times.append(self._servers[one.server])
        return max((time for time in times if _is_ahead(time, now)), default=now)


def _is_put_off(failed: Backoff | None, now: datetime) -> bool:
    return failed is not None and _is_ahead(failed.next_at, now)


def _is_ahead(time: datetime, now: datetime) -> bool:
    """Return whether a time is still to be waited for; what no delay explains, a clock that was ahead has set."""
    return now < time <= now + LONGEST_DELAY


def _later(last: Backoff | None, now: datetime) -> Backoff:
    return put_off(last, now, first=FIRST_DELAY, longest=LONGEST_DELAY)
