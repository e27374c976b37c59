"""How everything stands at one moment, as far as it can be a problem: what the pure part decides from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Operation

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.backup import Run, Slot, Tier
    from octeth_backupd.domain.cron import CronRule
    from octeth_backupd.domain.holdings import Hold
    from octeth_backupd.domain.space import FileSystem, Shortage


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodBackup:
    """A backup that a server could be restored from."""

    backup_id: str
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFacts:
    """A schedule of a server.

    Attributes:
        rule: None when it is not in the configuration any more.
        known_since: Since when it is as it is; without a rule: when it was removed.
        interval_seconds: Between its last two due times; counts where there is no rule.
        paused_at: None while it is not paused.
        last_good: The newest good backup that counts for its tier.
        last_slot: Its newest due time that has come.
        missed: Due times that nobody makes up for any more, later than the last good backup.
    """

    server: str
    name: str
    tier: Tier
    rule: CronRule | None
    known_since: datetime
    interval_seconds: float = 86400.0
    paused_by: str = ""
    paused_at: datetime | None = None
    last_good: GoodBackup | None = None
    last_slot: Slot | None = None
    missed: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Runs of one operation since the last one that was as it should be: failed, interrupted or degraded.

    What was cancelled or skipped does not count.

    Attributes:
        count: How many ended as the newest did, and for the same cause, with none between them that did not.
        since: When the first of those ended.
        last: The newest.
        last_step: In which step it ended; empty when in none.
        without_backup: How many failed or were interrupted, for whatever cause.
        failure: The newest that failed, where the newest of all was only interrupted.
    """

    operation: Operation
    count: int
    since: datetime
    last: Run
    last_step: str = ""
    without_backup: int = 0
    failure: Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    """An open hold.

    Attributes:
        is_anomaly: It is about a backup whose size or content is unlike what was expected when it was made.
    """

    hold: Hold
    is_anomaly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRestore:
    """A restore that is not over: nobody is working on it, or it was told before somebody began to."""

    restore_id: str
    state: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """How the backups of a server stand.

    Attributes:
        is_configured: Otherwise only the catalog knows it.
        series: Of each operation whose last run was not as it should be.
        is_backing_up: A backup of it is running or queued now.
        locked_out_by: The restore since which the configured password is not the account's; None: it opens it.
        last_good: Of whatever tier.
    """

    name: str
    is_configured: bool = True
    schedules: tuple[ScheduleFacts, ...] = ()
    series: tuple[Series, ...] = ()
    holds: tuple[HoldFacts, ...] = ()
    restores: tuple[OpenRestore, ...] = ()
    is_backing_up: bool = False
    locked_out_by: Run | None = None
    last_good: GoodBackup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LostCopies:
    """Copies that a storage backend lost in one way.

    Attributes:
        name: How many they were and a digest, when one was last lost; it stays while some are mended and none is lost.
        backups: (server, backup id) of each, newest first.
        since: When the first of them was found to be so.
    """

    name: str
    backups: tuple[tuple[str, str], ...]
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFacts:
    """How the copies in a storage backend stand.

    Attributes:
        waiting_since: When the oldest backup that waits was made.
        was_told_by_run: A backup's own run ended degraded because of a copy that still waits.
        last_error: Why the last one that was tried did not arrive.
        lost: Which copies are missing or damaged.
    """

    name: str
    is_configured: bool = True
    waiting_copies: int = 0
    waiting_bytes: int = 0
    waiting_since: datetime | None = None
    was_told_by_run: bool = False
    last_error: str = ""
    lost: Mapping[CopyState, LostCopies] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSample:
    """How full a file system was at a time at which no run was writing to it."""

    at: datetime
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """A file system that backups are written to.

    Attributes:
        reserve_bytes: What must stay free by the configured limits.
        shortage: What keeps the next backup from fitting; None: it fits, or none was made yet.
        samples: Oldest first.
    """

    file_system: FileSystem
    reserve_bytes: int = 0
    shortage: Shortage | None = None
    samples: tuple[DiskSample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentDisk:
    """A place whose file system does not answer, as a network mount whose server is gone."""

    path: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierFacts:
    """A notifier that does not get through.

    Attributes:
        since: Since when something waits that did not arrive.
    """

    name: str
    since: datetime
    waiting: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFile:
    """A configuration file that cannot be used.

    Attributes:
        since: When that was found.
        mistake: The first one, and how many more there are.
        was_refused: At a reload.
    """

    path: str
    since: datetime
    mistake: str
    was_refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How everything stands.

    Attributes:
        watching_since: When this installation began to look: nothing is overdue before there was time for a backup.
        notifiers: Those that do not get through.
        away: From when to when the daemon was not running before this start; None: shortly, or never before.
        broken_file: The configuration file, where it has had mistakes for long enough to be told.
        open_keys: Problems that were found before and are not known to be over.
    """

    now: datetime
    watching_since: datetime
    servers: tuple[ServerFacts, ...] = ()
    storages: tuple[StorageFacts, ...] = ()
    disks: tuple[DiskFacts, ...] = ()
    silent_disks: tuple[SilentDisk, ...] = ()
    notifiers: tuple[NotifierFacts, ...] = ()
    away: tuple[datetime, datetime] | None = None
    broken_file: BrokenFile | None = None
    open_keys: frozenset[str] = frozenset()
