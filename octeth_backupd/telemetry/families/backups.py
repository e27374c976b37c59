"""Metrics of backups, backup runs and schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation, RunStatus, SlotState, Tier
from octeth_backupd.telemetry.families.base import Family, counter, gauge, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.figures import EndedRun, Figures, GoodBackup, StepFigures
    from octeth_backupd.telemetry.families.base import Sample

NEVER_SECONDS = float("inf")
OUTCOMES = tuple(status for status in RunStatus if status.is_final)
_DECIDED = tuple(state for state in SlotState if state is not SlotState.DUE)


def _last_success(figures: Figures) -> Iterator[Sample]:
    for server in figures.servers:
        good = figures.catalog.good.get(server)
        yield (server,), seconds_of(good.taken_at if good else None)


def _last_success_age(figures: Figures) -> Iterator[Sample]:
    for server in figures.servers:
        good = figures.catalog.good.get(server)
        age = (figures.taken_at - good.taken_at).total_seconds() if good else NEVER_SECONDS
        yield (server,), age


def _tiers_of(figures: Figures, server: str) -> Iterator[Tier]:
    """Yield the tiers that a server has schedules for, or backups of."""
    scheduled = {schedule.tier for schedule in figures.schedules if schedule.server == server}
    for tier in Tier:
        if tier in scheduled or (server, tier) in figures.catalog.good_of_tier:
            yield tier


def _tier_last_success(figures: Figures) -> Iterator[Sample]:
    for server in figures.servers:
        for tier in _tiers_of(figures, server):
            yield (server, tier), seconds_of(figures.catalog.good_of_tier.get((server, tier)))


def _tier_last_success_age(figures: Figures) -> Iterator[Sample]:
    for server in figures.servers:
        for tier in _tiers_of(figures, server):
            taken_at = figures.catalog.good_of_tier.get((server, tier))
            yield (server, tier), (figures.taken_at - taken_at).total_seconds() if taken_at else NEVER_SECONDS


def _of_good(figures: Figures) -> Iterator[tuple[str, GoodBackup]]:
    return ((server, figures.catalog.good[server]) for server in figures.servers if server in figures.catalog.good)


def _archive_bytes(figures: Figures) -> Iterator[Sample]:
    return (((server,), float(good.archive_bytes)) for server, good in _of_good(figures))


def _data_bytes(figures: Figures) -> Iterator[Sample]:
    return (((server,), float(good.data_bytes)) for server, good in _of_good(figures))


def _ratio(figures: Figures) -> Iterator[Sample]:
    for server, good in _of_good(figures):
        if good.archive_bytes:
            yield (server,), good.data_bytes / good.archive_bytes


def _ended(figures: Figures) -> Iterator[tuple[str, EndedRun]]:
    return ((server, figures.catalog.ended[server]) for server in figures.servers if server in figures.catalog.ended)


def _last_run_time(figures: Figures) -> Iterator[Sample]:
    return (((server,), seconds_of(run.finished_at)) for server, run in _ended(figures))


def _last_run_success(figures: Figures) -> Iterator[Sample]:
    return (((server,), float(run.status.made_good_backup)) for server, run in _ended(figures))


def _last_run_result(figures: Figures) -> Iterator[Sample]:
    for server, run in _ended(figures):
        for status in OUTCOMES:
            if status is not RunStatus.SKIPPED:
                yield (server, status), float(run.status is status)


def _last_run_duration(figures: Figures) -> Iterator[Sample]:
    return (((server,), run.duration_seconds) for server, run in _ended(figures))


def _steps(figures: Figures) -> Iterator[tuple[str, StepFigures]]:
    """Yield the steps of each last run; the last one of a name counts."""
    for server, run in _ended(figures):
        for step in {step.name: step for step in run.steps}.values():
            yield server, step


def _step_duration(figures: Figures) -> Iterator[Sample]:
    return (((server, step.name), step.duration_seconds) for server, step in _steps(figures))


def _step_bytes(figures: Figures) -> Iterator[Sample]:
    for server, step in _steps(figures):
        if step.done_bytes is not None:
            yield (server, step.name), float(step.done_bytes)


def _runs(figures: Figures) -> Iterator[Sample]:
    for server in (*figures.servers, ""):
        for operation in Operation:
            if bool(server) == (operation is not Operation.SYNC):
                for status in OUTCOMES:
                    count = figures.catalog.runs.get((server, operation, status), 0)
                    yield (server, operation, status), float(count)


def _running(figures: Figures) -> Iterator[Sample]:
    for server in (*figures.servers, ""):
        for operation in Operation:
            if bool(server) == (operation is not Operation.SYNC):
                began = figures.running.get((server, operation))
                seconds = (figures.taken_at - began).total_seconds() if began else 0.0
                yield (server, operation), max(seconds, 0.001) if began else 0.0


def _slots(figures: Figures) -> Iterator[Sample]:
    for server in figures.servers:
        for tier in Tier:
            if any(one.server == server and one.tier is tier for one in figures.schedules):
                for state in _DECIDED:
                    yield (server, tier, state), float(figures.catalog.slots.get((server, tier, state), 0))


def _next_due(figures: Figures) -> Iterator[Sample]:
    return (((one.server, one.tier), seconds_of(one.next_due)) for one in figures.schedules)


def _paused(figures: Figures) -> Iterator[Sample]:
    return (((one.server, one.tier), float(one.paused)) for one in figures.schedules)


def _known_since(figures: Figures) -> Iterator[Sample]:
    for one in figures.schedules:
        since = figures.catalog.known_since.get((one.server, one.tier))
        yield (one.server, one.tier), seconds_of(since)


BACKUP_FAMILIES: tuple[Family, ...] = (
    gauge(
        "octeth_backup_last_success_timestamp_seconds",
        "When the newest good backup that is not suspect was taken, this installation's alone; 0: there is none.",
        _last_success,
        ("server",),
    ),
    gauge(
        "octeth_backup_last_success_age_seconds",
        "Time since then, as of the scrape; +Inf: there is none.",
        _last_success_age,
        ("server",),
    ),
    gauge(
        "octeth_backup_tier_last_success_timestamp_seconds",
        "When the newest good backup of this tier was taken, this installation's alone; 0: there is none.",
        _tier_last_success,
        ("server", "tier"),
    ),
    gauge(
        "octeth_backup_tier_last_success_age_seconds",
        "Time since then, as of the scrape; +Inf: there is none.",
        _tier_last_success_age,
        ("server", "tier"),
    ),
    gauge(
        "octeth_backup_last_archive_bytes",
        "Size of the newest good backup's archive; absent before the first.",
        _archive_bytes,
        ("server",),
    ),
    gauge(
        "octeth_backup_last_data_bytes",
        "Size of the data in the newest good backup; absent before the first.",
        _data_bytes,
        ("server",),
    ),
    gauge(
        "octeth_backup_last_compression_ratio",
        "Size of the data divided by that of the archive; absent before the first good backup.",
        _ratio,
        ("server",),
    ),
    gauge(
        "octeth_backup_last_run_timestamp_seconds",
        "When the newest backup run ended; absent before the first.",
        _last_run_time,
        ("server",),
    ),
    gauge(
        "octeth_backup_last_run_success",
        "1: the newest ended backup run left a good backup (success or degraded), 0: it did not, a cancelled one "
        "included; absent before the first.",
        _last_run_success,
        ("server",),
    ),
    gauge(
        "octeth_backup_last_run_result",
        "1 for the outcome of the newest ended backup run, 0 for every other; absent before the first.",
        _last_run_result,
        ("server", "result"),
    ),
    gauge(
        "octeth_backup_last_run_duration_seconds",
        "How long the newest ended backup run took; absent before the first.",
        _last_run_duration,
        ("server",),
    ),
    gauge(
        "octeth_backup_last_run_step_duration_seconds",
        "How long each of its steps took; steps that it did not reach are absent.",
        _step_duration,
        ("server", "step"),
    ),
    gauge(
        "octeth_backup_last_run_step_bytes",
        "What each of its steps read or wrote; absent for steps that do not count bytes.",
        _step_bytes,
        ("server", "step"),
    ),
    counter(
        "octeth_backup_runs_total",
        "Runs that have ended, since the catalog was begun. A sync belongs to no server: its label is empty.",
        _runs,
        ("server", "operation", "result"),
    ),
    gauge(
        "octeth_backup_running_seconds",
        "For how long a run of this operation has been going on; 0: none is.",
        _running,
        ("server", "operation"),
    ),
    counter(
        "octeth_backup_slots_total",
        "Due times of the schedules by what became of them; missed ones are those that no run served in time.",
        _slots,
        ("server", "tier", "state"),
    ),
    gauge(
        "octeth_backup_next_due_timestamp_seconds",
        "When the schedule comes due next; 0: it is paused, or never does. Absent without a schedule.",
        _next_due,
        ("server", "tier"),
    ),
    gauge(
        "octeth_backup_schedule_paused",
        "1: the schedule is paused.",
        _paused,
        ("server", "tier"),
    ),
    gauge(
        "octeth_backup_schedule_known_since_timestamp_seconds",
        "Since when the schedule is what it is: before that no backup of it was due.",
        _known_since,
        ("server", "tier"),
    ),
)
