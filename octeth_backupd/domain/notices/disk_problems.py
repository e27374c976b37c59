"""Disks that fill, told before the backup that does not fit any more, and those that do not answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.words import count_words, moment_words
from octeth_backupd.domain.space import format_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.domain.notices.settings import NoticesSettings
    from octeth_backupd.domain.notices.standing import DiskFacts, DiskSample, SilentDisk, Standing

LEAST_SPAN = timedelta(days=3)
"""From shorter observation nothing follows: one night's backup is no trend."""
OBSERVED_FOR = timedelta(days=14)
BETWEEN_SAMPLES = timedelta(hours=6)
_DAY_SECONDS = 86400.0


def disk_subject(path: str) -> str:
    """Return what everything that is wrong with a disk is about, as its key says it."""
    return f"disk:{path}"


def silent_problem(disk: SilentDisk) -> CurrentProblem:
    """Return the problem that a file system does not answer."""
    return CurrentProblem(
        key=f"{disk_subject(disk.path)}/silent",
        kind=NoticeKind.DISK,
        severity=Severity.ERROR,
        title=f"the file system of {disk.path} does not answer",
        cause=f"it has not answered since {moment_words(disk.since)}: whatever reads or writes there hangs with it",
        hint="Look whether the server that it is mounted from can be reached, and at the kernel's log.",
        command="findmnt",
        since=disk.since,
    )


def disk_problem(disk: DiskFacts, standing: Standing, settings: NoticesSettings) -> CurrentProblem | None:
    """Return what is wrong with a disk: the next backup does not fit, or it is going to be full."""
    path = disk.file_system.path
    free = format_bytes(disk.file_system.free_bytes)
    if disk.shortage is not None:
        short = disk.shortage
        return CurrentProblem(
            key=f"{disk_subject(path)}/next",
            kind=NoticeKind.DISK,
            severity=Severity.ERROR,
            title=f"{path}: the next backup does not fit",
            cause=f"it needs about {format_bytes(short.needed_bytes)}, {free} are free and {short.limit}",
            hint=f"Make at least {format_bytes(short.missing_bytes)} free: by [retention], by what else lies there, or "
            "by a larger disk.",
            command="octeth-backupctl retention",
            since=standing.now,
        )
    days = days_until_full(disk.samples, free_bytes=disk.file_system.free_bytes, reserve_bytes=disk.reserve_bytes)
    # Nearer to full than the limit is told; farther by a day is over: a number that wavers is no news.
    is_open = f"{disk_subject(path)}/days" in standing.open_keys
    if days is None or days >= settings.disk_full_days + (1 if is_open else 0):
        return None
    return CurrentProblem(
        key=f"{disk_subject(path)}/days",
        kind=NoticeKind.DISK,
        severity=Severity.WARNING,
        title=f"{path}: full in about {count_words(max(1, round(days)), 'day')}",
        cause=f"{free} are free, and it fills by about {format_bytes(round(-slope_bytes_per_day(disk.samples)))} a day",
        hint="Keep fewer backups by [retention], make room, or give it a larger disk.",
        command="octeth-backupctl retention",
        since=standing.now,
    )


def days_until_full(samples: Sequence[DiskSample], *, free_bytes: int, reserve_bytes: int) -> float | None:
    """Return in how many days a file system reaches its reserve if it goes on filling as it did.

    Returns:
        None: it does not fill, or was not looked at for long enough.
    """
    if len(samples) < 3 or samples[-1].at - samples[0].at < LEAST_SPAN:
        return None
    slope = slope_bytes_per_day(samples)
    return max(0, free_bytes - reserve_bytes) / -slope if slope < 0 else None


def slope_bytes_per_day(samples: Sequence[DiskSample]) -> float:
    """Return by how much the free space changes a day: the straight line that fits all samples best."""
    first = samples[0].at
    days = [(sample.at - first).total_seconds() / _DAY_SECONDS for sample in samples]
    mean_day = sum(days) / len(days)
    mean_free = sum(sample.free_bytes for sample in samples) / len(samples)
    spread = sum((day - mean_day) ** 2 for day in days)
    if not spread:
        return 0.0
    together = zip(days, samples, strict=True)
    return sum((day - mean_day) * (sample.free_bytes - mean_free) for day, sample in together) / spread


def with_sample(samples: Sequence[DiskSample], new: DiskSample) -> tuple[DiskSample, ...]:
    """Return the samples with a new one where it is time for one; what is old, or dated after it, goes."""
    kept = tuple(one for one in samples if new.at - OBSERVED_FOR <= one.at <= new.at)
    if kept and new.at - kept[-1].at < BETWEEN_SAMPLES:
        return kept
    return (*kept, new)
