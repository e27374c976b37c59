"""The file systems that backups are written to, and how they fill: looked at while no run is writing there."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from octeth_backupd.domain.notices.disk_problems import with_sample
from octeth_backupd.domain.notices.overdue import CLOCK_MARGIN
from octeth_backupd.domain.notices.standing import DiskFacts, DiskSample
from octeth_backupd.domain.space import (
    BACKUPS_ROLE,
    WORKSPACE_ROLE,
    FileSystem,
    Requirement,
    SizeHistory,
    requirement,
    shortages,
)
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.inspection import space_policy
from octeth_backupd.process.files import free_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.domain.space import SpacePolicy
    from octeth_backupd.pipeline.parts import Parts

SAMPLES = "notices.disk_samples"
_STEADY_PERCENT = 5
"""So much more must fit before a disk that was too small is large enough again: what wavers is not told each minute."""


class DiskLook:
    """Look at the file systems; during a run, whose workspace comes and goes, what was seen before it counts."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._seen: tuple[DiskFacts, ...] = ()

    def look(
        self, parts: Parts, active: Sequence[ActiveRun], open_keys: frozenset[str], now: datetime
    ) -> tuple[DiskFacts, ...]:
        """Return the disks as they were when no run was writing to them last."""
        is_written_to = any(one.is_running and one.run.operation.holds_server for one in active)
        if not (is_written_to and self._seen):
            self._seen = self._measured(parts, open_keys, now, is_quiet=not is_written_to)
        return self._seen

    def _measured(
        self, parts: Parts, open_keys: frozenset[str], now: datetime, *, is_quiet: bool
    ) -> tuple[DiskFacts, ...]:
        places = {BACKUPS_ROLE: parts.backup_directory, WORKSPACE_ROLE: parts.workspace_directory}
        found = []
        for role, path in places.items():
            try:
                found.append(FileSystem.of(role, str(path), free_bytes(path)))
            except (BackupdError, OSError):
                continue  # preflight says what is wrong with it
        policy = space_policy(parts)
        samples = self._sampled({one.path: one.free_bytes for one in found}, now, is_quiet=is_quiet)
        by_device = {one.device: one for one in reversed(found)}
        return tuple(
            _facts(
                place,
                [one for one in found if one.device == place.device],
                policy,
                samples,
                self._needed(parts, now, open_keys, place),
            )
            for place in by_device.values()
        )

    def _needed(self, parts: Parts, now: datetime, open_keys: frozenset[str], place: FileSystem) -> Requirement | None:
        """Return what the largest server's next backup is expected to write; None where none was made yet."""
        wanted = []
        for server in parts.servers:
            last = self._catalog.standing.last_good(server, until=now + CLOCK_MARGIN)
            if last is not None and last.data_bytes > 0:
                history = SizeHistory(data_bytes=last.data_bytes, archive_bytes=last.archive_bytes)
                wanted.append(
                    requirement(mode=parts.mode, data_bytes=last.data_bytes, policy=space_policy(parts), last=history)
                )
        largest = max(wanted, key=lambda one: one.workspace_bytes + one.archive_bytes, default=None)
        if largest is None or f"disk:{place.path}/next" not in open_keys:
            return largest
        return Requirement(
            workspace_bytes=largest.workspace_bytes * (100 + _STEADY_PERCENT) // 100,
            archive_bytes=largest.archive_bytes * (100 + _STEADY_PERCENT) // 100,
        )

    def _sampled(self, free: dict[str, int], now: datetime, *, is_quiet: bool) -> dict[str, tuple[DiskSample, ...]]:
        known = {
            path: tuple(DiskSample(at=datetime.fromisoformat(at), free_bytes=count) for at, count in pairs)
            for path, pairs in json.loads(self._catalog.meta(SAMPLES) or "{}").items()
        }
        if not is_quiet:
            return known
        fresh = {
            path: with_sample(known.get(path, ()), DiskSample(at=now, free_bytes=count)) for path, count in free.items()
        }
        if fresh != known:
            text = {path: [[one.at.isoformat(), one.free_bytes] for one in samples] for path, samples in fresh.items()}
            self._catalog.set_meta(SAMPLES, json.dumps(text))
        return fresh


def _facts(
    place: FileSystem,
    shared: Sequence[FileSystem],
    policy: SpacePolicy,
    samples: dict[str, tuple[DiskSample, ...]],
    needed: Requirement | None,
) -> DiskFacts:
    by_percent = place.usable_bytes * (100 - policy.max_disk_usage_percent) // 100
    short = () if needed is None else shortages(needed, shared, policy)
    return DiskFacts(
        file_system=place,
        reserve_bytes=max(policy.min_free_bytes, by_percent),
        shortage=next(iter(short), None),
        samples=samples.get(place.path, ()),
    )
