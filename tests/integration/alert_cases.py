"""What each alert fires on, and what it does not fire on: series as promtool's rule tests take them.

Time begins at 0 there, so that ``time()`` is the time of the evaluation in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

HOUR, DAY = 3600, 86400
FINE_SECONDS, COARSE_SECONDS = 300, HOUR
"""Between two samples: of what happens within days, and of what takes weeks, which would take minutes to evaluate."""
_HOST = 'instance="db1",job="octeth-backupd"'
_SERVER = f'{_HOST},server="oempro"'


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCase:
    """Series, a time and how many alerts of the name fire then.

    Attributes:
        series: Name with labels → the value from the beginning on, or a whole line of promtool's.
    """

    alert: str
    says: str
    series: dict[str, float | str]
    after_seconds: int
    firing: int

    @property
    def interval_seconds(self) -> int:
        """Return the time between two samples, which is that between two evaluations."""
        return COARSE_SECONDS if self.after_seconds > 2 * DAY else FINE_SECONDS


def _fires(alert: str, says: str, series: dict[str, float | str], after_seconds: int) -> AlertCase:
    return AlertCase(alert=alert, says=says, series=series, after_seconds=after_seconds, firing=1)


def _calm(alert: str, says: str, series: dict[str, float | str], after_seconds: int) -> AlertCase:
    return AlertCase(alert=alert, says=says, series=series, after_seconds=after_seconds, firing=0)


def _tier(tier: str, *, success: float, known: float) -> dict[str, float | str]:
    labels = f'{{{_SERVER},tier="{tier}"}}'
    return {
        f"octeth_backup_tier_last_success_timestamp_seconds{labels}": success,
        f"octeth_backup_schedule_known_since_timestamp_seconds{labels}": known,
    }


def _of_server(name: str, value: float | str, labels: str = "") -> dict[str, float | str]:
    return {f"octeth_backup_{name}{{{_SERVER}{labels}}}": value}


def _of_daemon(name: str, value: float | str) -> dict[str, float | str]:
    return {f"octeth_backupd_{name}{{{_HOST}}}": value}


def _room(free: float | str, archive: float) -> dict[str, float | str]:
    return {
        f'octeth_backup_filesystem_free_bytes{{{_HOST},place="backups"}}': free,
        **_of_server("last_archive_bytes", archive),
    }


_BACKUP_RUNS = _of_server("running_seconds", "0+300x200", ',operation="backup"')
_RESTORE_RUNS = _of_server("running_seconds", "0+300x200", ',operation="restore"')
_DUE = ',tier="daily"'
CASES: tuple[AlertCase, ...] = (
    _fires("OctethBackupdAbsent", "there is nothing", {}, HOUR),
    _calm("OctethBackupdAbsent", "there is a daemon", _of_daemon("build_info", 1), HOUR),
    _fires("OctethBackupdStandsStill", "the file is old", _of_daemon("figures_timestamp_seconds", 60), HOUR),
    _calm("OctethBackupdStandsStill", "it follows", _of_daemon("figures_timestamp_seconds", "0+300x20"), HOUR),
    _fires("OctethBackupNone", "never", _of_server("last_success_timestamp_seconds", 0), 27 * HOUR),
    _calm("OctethBackupNone", "not for long", _of_server("last_success_timestamp_seconds", 0), 25 * HOUR),
    _calm("OctethBackupNone", "once", _of_server("last_success_timestamp_seconds", 5), 27 * HOUR),
    _fires("OctethBackupOverdue", "daily too old", _tier("daily", success=1000, known=1), 28 * HOUR),
    _fires("OctethBackupOverdue", "daily never, since long", _tier("daily", success=0, known=1), 28 * HOUR),
    _calm("OctethBackupOverdue", "daily in time", _tier("daily", success=1000, known=1), 26 * HOUR),
    _calm("OctethBackupOverdue", "new schedule", _tier("daily", success=0, known=20 * HOUR), 28 * HOUR),
    _calm("OctethBackupOverdue", "old backup, new schedule", _tier("daily", success=1, known=20 * HOUR), 28 * HOUR),
    _fires("OctethBackupOverdue", "weekly too old", _tier("weekly", success=1000, known=1), 9 * DAY),
    _calm("OctethBackupOverdue", "weekly in time", _tier("weekly", success=1000, known=1), 7 * DAY),
    _fires("OctethBackupOverdue", "monthly too old", _tier("monthly", success=1000, known=1), 34 * DAY),
    _calm("OctethBackupOverdue", "monthly in time", _tier("monthly", success=1000, known=1), 32 * DAY),
    _fires("OctethBackupNotScheduled", "no schedule", _of_server("last_success_timestamp_seconds", 5), 25 * HOUR),
    _fires(
        "OctethBackupNotScheduled",
        "none comes due",
        _of_server("last_success_timestamp_seconds", 5) | _of_server("next_due_timestamp_seconds", 0, _DUE),
        25 * HOUR,
    ),
    _calm(
        "OctethBackupNotScheduled",
        "one comes due",
        _of_server("last_success_timestamp_seconds", 5) | _of_server("next_due_timestamp_seconds", 9, _DUE),
        25 * HOUR,
    ),
    _fires("OctethBackupPaused", "for a day", _of_server("schedule_paused", 1, _DUE), 25 * HOUR),
    _calm("OctethBackupPaused", "not at all", _of_server("schedule_paused", 0, _DUE), 25 * HOUR),
    _fires("OctethBackupFailed", "failed", _of_server("last_run_success", 0), HOUR),
    _calm("OctethBackupFailed", "went well", _of_server("last_run_success", 1), HOUR),
    _fires("OctethBackupDegraded", "degraded", _of_server("last_run_result", 1, ',result="degraded"'), 2 * HOUR),
    _calm("OctethBackupDegraded", "success", _of_server("last_run_result", 1, ',result="success"'), 2 * HOUR),
    _fires("OctethBackupMissed", "one more", _of_server("slots_total", "0+0x12 1+0x12", ',state="missed"'), 2 * HOUR),
    _calm("OctethBackupMissed", "some long ago", _of_server("slots_total", 3, ',state="missed"'), 2 * HOUR),
    _calm("OctethBackupMissed", "served", _of_server("slots_total", "0+1x24", ',state="served"'), 2 * HOUR),
    _fires("OctethBackupRunsLong", "for 13 hours", _BACKUP_RUNS, 13 * HOUR),
    _calm("OctethBackupRunsLong", "for 11 hours", _BACKUP_RUNS, 11 * HOUR),
    _calm("OctethBackupRunsLong", "a restore", _RESTORE_RUNS, 13 * HOUR),
    _fires(
        "OctethBackupUploadPending",
        "for 7 hours",
        _of_server("pending_upload_since_timestamp_seconds", 1000, ',storage="s3"'),
        7 * HOUR,
    ),
    _calm(
        "OctethBackupUploadPending",
        "none",
        _of_server("pending_upload_since_timestamp_seconds", 0, ',storage="s3"'),
        7 * HOUR,
    ),
    _fires(
        "OctethBackupCopyDamaged",
        "one of each tier",
        _of_server("copies", 1, ',tier="daily",storage="s3",state="corrupt"')
        | _of_server("copies", 1, ',tier="weekly",storage="s3",state="corrupt"'),
        HOUR,
    ),
    _calm(
        "OctethBackupCopyDamaged",
        "all there",
        _of_server("copies", 0, ',tier="daily",storage="s3",state="missing"')
        | _of_server("copies", 7, ',tier="daily",storage="s3",state="present"'),
        HOUR,
    ),
    _fires("OctethBackupHeld", "held", _of_server("holds", 1), 2 * HOUR),
    _calm("OctethBackupHeld", "not held", _of_server("holds", 0), 2 * HOUR),
    _fires("OctethBackupRestoreOpen", "open", _of_server("open_restores", 1), 2 * HOUR),
    _calm("OctethBackupRestoreOpen", "over", _of_server("open_restores", 0), 2 * HOUR),
    _fires("OctethBackupDiskSmall", "no room for two", _room(10, 6), HOUR),
    _calm("OctethBackupDiskSmall", "room for two", _room(12, 6), HOUR),
    _fires("OctethBackupDiskFills", "shrinking", _room("1000000-3000x100", 1), 8 * HOUR),
    _calm("OctethBackupDiskFills", "steady", _room(1_000_000, 1), 8 * HOUR),
    _fires("OctethBackupdConfigurationRefused", "refused", _of_daemon("configuration_in_force", 0), HOUR),
    _calm("OctethBackupdConfigurationRefused", "in force", _of_daemon("configuration_in_force", 1), HOUR),
    _fires("OctethBackupdSchedulerDead", "dead", _of_daemon("scheduler_alive", 0), HOUR),
    _calm("OctethBackupdSchedulerDead", "alive", _of_daemon("scheduler_alive", 1), HOUR),
)
