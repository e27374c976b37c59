"""How everything stands, gathered for what is told: the catalog, the journals of restores, free space; no network."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from octeth_backupd.daemon.disk_facts import DiskLook
from octeth_backupd.daemon.lost_sets import LostSets
from octeth_backupd.domain.backup import Operation, RunStatus, Tier
from octeth_backupd.domain.notices.endings import RESTORES
from octeth_backupd.domain.notices.overdue import CLOCK_MARGIN
from octeth_backupd.domain.notices.problems import restore_key
from octeth_backupd.domain.notices.run_problems import FOLLOWED, is_same_cause
from octeth_backupd.domain.notices.standing import (
    GoodBackup,
    HoldFacts,
    NotifierFacts,
    OpenRestore,
    ScheduleFacts,
    Series,
    ServerFacts,
    Standing,
    StorageFacts,
)
from octeth_backupd.domain.restore.old_login import left_old_login

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.notices.standing import BrokenFile
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.schedule_state import ScheduleState
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.scheduling.definition import ScheduleDefinition

WATCHING_SINCE = "notices.watching_since"
LOOKED_AT = "notices.looked_at"
NOTED_EVERY = timedelta(hours=1)
NOTIFIER_GRACE = timedelta(hours=1)
"""So long a notifier may not get through before others are told of it."""
_RUNS_LOOKED_AT = 300
_USUAL_INTERVALS = {Tier.DAILY: timedelta(days=1), Tier.WEEKLY: timedelta(days=7), Tier.MONTHLY: timedelta(days=31)}


class StandingFacts:
    """Gather how everything stands.

    Args:
        active: Returns the runs that are queued or running.
        parts: Returns the parts of the configuration in force.
        definitions: Returns its schedules.
        broken_file: Returns the configuration file where its mistakes are to be told.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        clock: Clock,
        active: Callable[[], Sequence[ActiveRun]],
        parts: Callable[[], Parts],
        definitions: Callable[[], Sequence[ScheduleDefinition]],
        broken_file: Callable[[], BrokenFile | None] = lambda: None,
    ) -> None:
        self._catalog = catalog
        self._clock = clock
        self._active = active
        self._parts = parts
        self._definitions = definitions
        self._broken_file = broken_file
        self._disks = DiskLook(catalog)
        self._lost = LostSets(catalog)
        self._away: tuple[datetime, datetime] | None = None
        self._looked_at: datetime | None = None
        self._first_seen: dict[tuple[str, str, str], datetime] = {}

    def gather(self, notifiers: Iterable[str]) -> Standing:
        """Return how everything stands now.

        Args:
            notifiers: Names of those that are configured.

        Raises:
            BackupdError: The catalog or a journal cannot be read.
        """
        now = self._clock.now()
        parts, active = self._parts(), self._active()
        open_keys = frozenset(problem.key for problem in self._catalog.notices.open_problems())
        states = {(state.server, state.schedule): state for state in self._catalog.standing.schedule_states()}
        names = dict.fromkeys([*parts.servers, *(server for server, _ in states)])
        watching_since = self._watching_since(now)
        journals = parts.journals.all()
        return Standing(
            now=now,
            watching_since=watching_since,
            servers=tuple(
                self._server(
                    name,
                    now,
                    parts,
                    active,
                    states,
                    restores=_open_restores(name, journals, active, open_keys),
                )
                for name in names
            ),
            storages=self._storages(parts),
            disks=self._disks.look(parts, active, open_keys, now),
            silent_disks=self._disks.silent(open_keys, now),
            notifiers=self._notifiers(frozenset(notifiers), now),
            away=self._note_look(now),
            broken_file=self._broken_file(),
            open_keys=open_keys,
        )

    def _note_look(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Note from time to time that the daemon runs; return from when to when it did not before this start."""
        if self._looked_at is None:
            text = self._catalog.meta(LOOKED_AT)
            before = datetime.fromisoformat(text) if text else now
            self._away = (before, now) if now - before > 2 * NOTED_EVERY else None
        if self._looked_at is None or abs(now - self._looked_at) >= NOTED_EVERY:
            self._looked_at = now
            self._catalog.set_meta(LOOKED_AT, now.isoformat())
        return self._away

    def _watching_since(self, now: datetime) -> datetime:
        text = self._catalog.meta(WATCHING_SINCE)
        since = datetime.fromisoformat(text) if text else now
        if not text or since > now:
            self._catalog.set_meta(WATCHING_SINCE, now.isoformat())
        return min(since, now)

    def _server(
        self,
        name: str,
        now: datetime,
        parts: Parts,
        active: Sequence[ActiveRun],
        states: dict[tuple[str, str], ScheduleState],
        *,
        restores: tuple[OpenRestore, ...],
    ) -> ServerFacts:
        is_configured = name in parts.servers
        mine = [one.run.operation for one in active if one.run.server == name]
        last_good = self._catalog.standing.last_good(name, until=now + CLOCK_MARGIN)
        return ServerFacts(
            name=name,
            is_configured=is_configured,
            schedules=self._schedules(name, states, now),
            series=self._series(name, [storage.name for storage in parts.storages]) if is_configured else (),
            holds=tuple(
                HoldFacts(hold=hold, is_anomaly=bool(self._catalog.standing.suspect(hold.backup_id)))
                for hold in (self._catalog.holdings.holds(name) if is_configured else ())
            ),
            restores=restores,
            is_backing_up=Operation.BACKUP in mine,
            locked_out_by=self._locked_out_by(name) if is_configured else None,
            last_good=None
            if last_good is None
            else GoodBackup(backup_id=last_good.backup_id, taken_at=last_good.taken_at),
        )

    def _schedules(
        self, server: str, states: dict[tuple[str, str], ScheduleState], now: datetime
    ) -> tuple[ScheduleFacts, ...]:
        defined = {one.name: one for one in self._definitions() if one.server == server}
        lowest = min((one.tier for one in defined.values()), key=lambda tier: tier.rank, default=None)
        found = [
            self._schedule(definition, states.get(definition.key), now, is_lowest=definition.tier is lowest)
            for definition in defined.values()
        ]
        removed = [state for (of, name), state in states.items() if of == server and name not in defined]
        return (*found, *(self._removed(state, now) for state in removed))

    def _schedule(
        self,
        definition: ScheduleDefinition,
        state: ScheduleState | None,
        now: datetime,
        *,
        is_lowest: bool,
    ) -> ScheduleFacts:
        server, name = definition.key
        good = self._last_good(server, definition.tier, now, is_lowest=is_lowest)
        known_since = self._known_since(definition, state, now)
        after = max(known_since, good.taken_at) if good is not None else known_since
        rows = self._catalog.standing
        return ScheduleFacts(
            server=server,
            name=name,
            tier=definition.tier,
            rule=definition.rule,
            known_since=known_since,
            paused_by=state.paused_by if state is not None else "",
            paused_at=(state.paused_at or known_since) if state is not None and state.paused else None,
            last_good=good,
            last_slot=next(iter(rows.last_slots(server, name, until=now, limit=1)), None),
            missed=tuple(rows.missed_slots(server, name, after=after, until=now)),
        )

    def _known_since(self, definition: ScheduleDefinition, state: ScheduleState | None, now: datetime) -> datetime:
        """Return since when a rule is in force: one that the ledger has not taken up yet, since it was seen here."""
        seen = (*definition.key, definition.canonical)
        if state is not None and state.definition == definition.canonical:
            self._first_seen.pop(seen, None)
            return state.known_since
        return self._first_seen.setdefault(seen, now)

    def _removed(self, state: ScheduleState, now: datetime) -> ScheduleFacts:
        """Return a schedule that is not in the configuration any more, as its due times were."""
        tier = Tier(state.schedule) if state.schedule in {one.value for one in Tier} else Tier.MANUAL
        slots = self._catalog.standing.last_slots(state.server, state.schedule, until=now)
        usual = _USUAL_INTERVALS.get(tier, timedelta(days=1))
        interval = slots[0].due_at - slots[1].due_at if len(slots) > 1 else usual
        return ScheduleFacts(
            server=state.server,
            name=state.schedule,
            tier=tier,
            rule=None,
            known_since=state.known_since,
            interval_seconds=interval.total_seconds(),
            last_good=self._last_good(state.server, tier, now, is_lowest=tier is Tier.DAILY),
            last_slot=slots[0] if slots else None,
        )

    def _last_good(self, server: str, tier: Tier, now: datetime, *, is_lowest: bool) -> GoodBackup | None:
        """Return the newest good backup that counts for a tier: of it or a higher one; by hand only for the lowest."""
        tiers = {one for one in Tier if one.rank >= tier.rank} | ({Tier.MANUAL} if is_lowest else set())
        found = self._catalog.standing.last_good(server, until=now + CLOCK_MARGIN, tiers=tiers)
        return None if found is None else GoodBackup(backup_id=found.backup_id, taken_at=found.taken_at)

    def _series(self, server: str, storages: Collection[str]) -> tuple[Series, ...]:
        rows = self._catalog.standing
        found = (
            _series_of(operation, rows.ended_runs(server=server, operation=operation, limit=_RUNS_LOOKED_AT), storages)
            for operation in sorted(FOLLOWED)
        )
        return tuple(
            replace(series, last_step=rows.last_step(series.last.run_id)) for series in found if series is not None
        )

    def _locked_out_by(self, server: str) -> Run | None:
        rows = self._catalog.standing
        run = rows.last_restore(server, operations=RESTORES)
        if run is None or not left_old_login(run):
            return None
        return None if rows.has_logged_in_since(server, run.finished_at or run.created_at) else run

    def _storages(self, parts: Parts) -> tuple[StorageFacts, ...]:
        waiting = self._catalog.uploads.waiting()
        lost = self._lost.look()
        told = self._catalog.standing.storages_of_degraded_runs()
        configured = [storage.name for storage in parts.storages]
        found = []
        for name in dict.fromkeys([*configured, *(one.copy.storage for one in waiting), *lost]):
            mine = [one for one in waiting if one.copy.storage == name]
            failed = max((one.copy for one in mine if one.copy.detail), key=lambda copy: copy.updated_at, default=None)
            found.append(
                StorageFacts(
                    name=name,
                    is_configured=name in configured,
                    waiting_copies=len(mine),
                    waiting_bytes=sum(one.copy.size_bytes for one in mine),
                    waiting_since=min((one.finished_at for one in mine), default=None),
                    was_told_by_run=name in told,
                    last_error="" if failed is None else failed.detail,
                    lost=lost.get(name, {}),
                )
            )
        return tuple(found)

    def _notifiers(self, names: frozenset[str], now: datetime) -> tuple[NotifierFacts, ...]:
        return tuple(
            NotifierFacts(name=name, since=one.waiting_since, waiting=one.waiting, last_error=one.last_error)
            for name, one in sorted(self._catalog.notices.standings().items())
            if name in names
            and one.is_failing
            and one.waiting_since is not None
            and now - one.waiting_since > NOTIFIER_GRACE
        )


def _open_restores(
    server: str, journals: Sequence[Journal], active: Sequence[ActiveRun], open_keys: frozenset[str]
) -> tuple[OpenRestore, ...]:
    is_worked_on = any(one.run.server == server and one.run.operation in RESTORES for one in active)
    # What was told before is not over because it is tried again.
    return tuple(
        OpenRestore(restore_id=one.restore_id, state=one.state, since=one.since(one.state) or one.created_at)
        for one in journals
        if one.server == server and one.is_open and (not is_worked_on or restore_key(one.restore_id) in open_keys)
    )


def _series_of(operation: Operation, runs: Sequence[Run], storages: Collection[str]) -> Series | None:
    """Return the runs of an operation since the last one that was as it should be.

    Args:
        operation: Which.
        runs: Those of it of one server, newest first.
        storages: Names of all storage backends.
    """
    # A cancelled run says nothing of the next; of what the daemon does by itself, an interrupted one neither.
    silent = {RunStatus.CANCELLED, RunStatus.SKIPPED}
    if operation is not Operation.BACKUP:
        silent.add(RunStatus.INTERRUPTED)
    mine = [run for run in runs if run.status not in silent]
    if not mine or mine[0].status is RunStatus.SUCCESS:
        return None
    last = mine[0]
    alike = list(takewhile(lambda run: is_same_cause(run, last, storages), mine))
    bad = list(takewhile(lambda run: run.status in {RunStatus.FAILED, RunStatus.INTERRUPTED}, mine))
    is_interrupted = last.status is RunStatus.INTERRUPTED
    return Series(
        operation=operation,
        count=len(alike),
        since=alike[-1].finished_at or alike[-1].created_at,
        last=last,
        without_backup=len(bad),
        failure=next((run for run in bad if run.status is RunStatus.FAILED), None) if is_interrupted else None,
    )
