"""The catalog: one SQLite file, one class in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from octeth_backupd.catalog.backups import BackupRows
from octeth_backupd.catalog.claims import Claims
from octeth_backupd.catalog.found import FoundRows
from octeth_backupd.catalog.holdings import Holdings
from octeth_backupd.catalog.installations import Installations
from octeth_backupd.catalog.notices import Notices
from octeth_backupd.catalog.opening import SCHEMA_VERSION, open_database
from octeth_backupd.catalog.runs import RunRows
from octeth_backupd.catalog.servers import ServerRows
from octeth_backupd.catalog.slots import ScheduleStateRows, SlotRows
from octeth_backupd.catalog.small_texts import SmallTextRows
from octeth_backupd.catalog.standing_rows import StandingRows
from octeth_backupd.catalog.stock import Stock
from octeth_backupd.catalog.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.catalog.database import Database
    from octeth_backupd.domain.backup import Backup, Copy, CopyState, Run, RunStatus, Slot, SlotState, StepRecord
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.schedule_state import ScheduleState
    from octeth_backupd.domain.server import ServerIdentity


class Catalog:
    """What the daemon knows of servers, runs, slots, backups and copies.

    Every method may be called from any thread, is one short transaction and, when it changes something, returns only
    after the change would survive a power cut. Values are those of ``domain``; times are aware, UTC. Every method may
    raise ``CatalogError``: damaged, locked, no space, or a change that the tables refuse.

    Attributes:
        found: What a sync found, many rows in one transaction.
        holdings: Pins, holds, accepts and proofs.
        uploads: Multipart uploads that are not over; the ledger of the storage backends.
        installations: Whose backups are ours.
        stock, claims: What retention looks at; which copies are being deleted.
        notices: Problems that people are told of, and the outbox of notices.
        standing: How everything stands, for what is told.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._small_texts = SmallTextRows(database)
        self._servers = ServerRows(database)
        self._runs = RunRows(database)
        self._backups = BackupRows(database)
        self._slots = SlotRows(database)
        self._schedule_states = ScheduleStateRows(database)
        self.found = FoundRows(database)
        self.holdings = Holdings(database)
        self.uploads = Uploads(database)
        self.installations = Installations(database)
        self.stock = Stock(database)
        self.claims = Claims(database)
        self.notices = Notices(database)
        self.standing = StandingRows(database)

    @classmethod
    def open(cls, path: Path, *, clock: Clock) -> Self:
        """Open the catalog, making an empty one where there is none.

        Raises:
            CatalogError: It is damaged, no catalog, of a newer release or cannot be written; it is never replaced.
        """
        return cls(open_database(path, clock=clock))

    def close(self) -> None:
        """Close the file. Closing twice is no error."""
        self._database.close()

    @property
    def schema_version(self) -> int:
        """Return the version of the tables."""
        return int(self.meta(SCHEMA_VERSION) or 0)

    def meta(self, name: str) -> str | None:
        """Return a small text, or None when it was never set."""
        return self._small_texts.get(name)

    def set_meta(self, name: str, value: str) -> None:
        """Keep a small text.

        Raises:
            ValueError: The name is the schema's version, which only migrations set.
        """
        self._small_texts.set(name, value)

    def record_server(self, name: str, identity: ServerIdentity, at: datetime) -> None:
        """Note that a server was seen; another identity than last time becomes the next of its succession."""
        self._servers.record(name, identity, at)

    def server_identities(self, name: str) -> list[tuple[ServerIdentity, datetime, datetime]]:
        """Return (identity, first seen, last seen) of a server, oldest first."""
        return self._servers.identities(name)

    def add_run(self, run: Run) -> None:
        """Add a run."""
        self._runs.add(run)

    def run(self, run_id: str) -> Run:
        """Return a run.

        Raises:
            NotFoundError: There is none.
        """
        return self._runs.get(run_id)

    def find_run(self, part: str) -> Run:
        """Return the run whose id is, or alone contains, ``part``.

        Raises:
            NotFoundError: There is none.
            AmbiguousIdError: There are several; the message lists them.
        """
        return self._runs.find(part)

    def runs(
        self, *, server: str | None = None, status: RunStatus | None = None, limit: int = 50, before: str | None = None
    ) -> list[Run]:
        """Return runs, newest first.

        Args:
            server: Only this server's.
            status: Only those in this state.
            limit: At most so many.
            before: Id of the last run of the page before.

        Raises:
            NotFoundError: ``before`` is no run.
        """
        return self._runs.page(server=server, status=status, limit=limit, before=before)

    def unfinished_runs(self) -> list[Run]:
        """Return the runs that are queued or running, oldest first."""
        return self._runs.unfinished()

    def update_run(self, run_id: str, **changes: Any) -> Run:
        """Change fields of a run and return it as it is then.

        Args:
            run_id: Which.
            changes: Fields of ``Run`` by name, all but ``run_id``.

        Raises:
            NotFoundError: There is no such run.
            TypeError: ``Run`` has no such field.
        """
        return self._runs.update(run_id, changes)

    def add_step(self, step: StepRecord) -> None:
        """Add a step to its run."""
        self._runs.add_step(step)

    def finish_step(
        self, run_id: str, position: int, status: RunStatus, at: datetime, detail: Mapping[str, Any]
    ) -> None:
        """Note how a step ended.

        Raises:
            NotFoundError: There is no such step.
        """
        self._runs.finish_step(run_id, position, status, at, detail)

    def steps(self, run_id: str) -> list[StepRecord]:
        """Return the steps of a run by position; none when there is no such run."""
        return self._runs.steps(run_id)

    def add_backup(self, backup: Backup) -> None:
        """Add a backup with its manifest and its copies, all or nothing.

        Raises:
            CatalogError: The id is taken.
        """
        self._backups.add(backup)

    def backup(self, backup_id: str) -> Backup:
        """Return a backup with its manifest.

        Raises:
            NotFoundError: There is none.
        """
        return self._backups.get(backup_id)

    def find_backup(self, part: str, *, server: str | None = None) -> Backup:
        """Return the backup whose id is, or alone contains, ``part``, with its manifest.

        Args:
            part: Any part of an id, or "latest": the newest that is good, not suspect and of this installation. Where
                it has none, the newest of the one other installation that has.
            server: Only among this server's.

        Raises:
            NotFoundError: There is none.
            AmbiguousIdError: There are several; the message lists them.
        """
        return self._backups.find(part, server=server)

    def backups(self, *, server: str | None = None, limit: int = 100, after: str | None = None) -> list[Backup]:
        """Return backups with their copies, newest first, manifests left empty.

        Args:
            server: Only this server's.
            limit: At most so many.
            after: Id of the last backup of the page before.

        Raises:
            NotFoundError: ``after`` is no backup.
        """
        return self._backups.page(server=server, limit=limit, after=after)

    def backups_json(self, *, server: str | None = None, limit: int | None = None, after: str | None = None) -> bytes:
        """Return the same backups as a JSON array of ``domain.summary.backup_summary``, rendered fast.

        Args:
            server: Only this server's.
            limit: At most so many; None for all.
            after: Id of the last backup of the page before.

        Raises:
            NotFoundError: ``after`` is no backup.
        """
        return self._backups.page_json(server=server, limit=limit, after=after)

    def last_good_backup(
        self, server: str, *, before: datetime | None = None, ours_only: bool = False
    ) -> Backup | None:
        """Return the "latest" of a server, taken before a time, or the newest good one of ours; None: there is none."""
        return self._backups.last_good(server, before=before, ours_only=ours_only)

    def backup_id_exists(self, backup_id: str) -> bool:
        """Return whether an id is taken, be it by a deleted backup."""
        return self._backups.exists(backup_id)

    def backups_of(self, backup_ids: Collection[str]) -> list[Backup]:
        """Return the backups that have one of these ids, with their copies, newest first, manifests left empty."""
        return self._backups.of_ids(backup_ids)

    def living_backups(self, server: str) -> dict[str, str]:
        """Return the ids of a server's backups that have a copy not deleted, oldest first, with why each is suspect."""
        return self._backups.living(server)

    def add_copy(self, copy: Copy) -> None:
        """Add a copy to a backup.

        Raises:
            CatalogError: There is no such backup, or it has a copy in that storage backend.
        """
        self._backups.add_copy(copy)

    def copies_in(self, states: Collection[CopyState], *, storage: str | None = None) -> list[Copy]:
        """Return all copies that are in one of these states, by backup and storage backend; of one of these, or all."""
        return self._backups.copies_in(states, storage=storage)

    def set_copy_state(
        self,
        backup_id: str,
        storage: str,
        state: CopyState,
        at: datetime,
        verified_at: datetime | None = None,
        detail: str = "",
        key: str | None = None,
    ) -> None:
        """Note what became of a copy.

        Args:
            backup_id: Whose copy.
            storage: In which backend.
            state: What it is now.
            at: When that was found.
            verified_at: When it was read back and found right; None leaves what was known.
            detail: Why, in words.
            key: Where it lies from now on; None leaves it.

        Raises:
            NotFoundError: There is no such copy.
        """
        self._backups.set_copy_state(backup_id, storage, state, at, verified_at=verified_at, detail=detail, key=key)

    def set_suspect(self, backup_id: str, reason: str) -> None:
        """Note a doubt about a backup's content; an empty reason ends it.

        Raises:
            NotFoundError: There is no such backup.
        """
        self._backups.set_suspect(backup_id, reason)

    def latest_slot_time(self, server: str, schedule: str) -> datetime | None:
        """Return the due time of the last slot that was entered, or None when there is none."""
        return self._slots.latest_time(server, schedule)

    def add_slots(self, slots: Iterable[Slot]) -> None:
        """Enter slots, all or nothing; one with the same server, schedule and due time is left as it is."""
        self._slots.add(slots)

    def slots(
        self,
        *,
        server: str | None = None,
        schedule: str | None = None,
        states: Collection[SlotState] | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> list[Slot]:
        """Return slots, oldest first.

        Args:
            server: Only this server's.
            schedule: Only those of schedules of this name.
            states: Only those in one of these states.
            since: Only those due then or later.
            limit: At most so many.
        """
        return self._slots.page(server=server, schedule=schedule, states=states, since=since, limit=limit)

    def decide_slots(
        self, slots: Iterable[Slot], *, state: SlotState, run_id: str | None, detail: str, at: datetime
    ) -> None:
        """Note what became of slots, all or none of them.

        Raises:
            NotFoundError: One of them was never entered.
        """
        self._slots.decide(slots, state=state, run_id=run_id, detail=detail, at=at)

    def count_attempt(self, slots: Iterable[Slot], *, run_id: str, detail: str, at: datetime) -> None:
        """Note that a run failed to serve slots: one more attempt, ``decided_at`` says when; the state stays.

        Raises:
            NotFoundError: One of them was never entered.
        """
        self._slots.count_attempt(slots, run_id=run_id, detail=detail, at=at)

    def schedule_state(self, server: str, schedule: str) -> ScheduleState | None:
        """Return what is remembered of a schedule, or None when it was never saved."""
        return self._schedule_states.get(server, schedule)

    def save_schedule_state(self, state: ScheduleState) -> None:
        """Remember a schedule, in place of what was remembered."""
        self._schedule_states.save(state)
