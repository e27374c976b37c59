"""The file systems that backups are written to, how they fill while no run is writing there, and which is silent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from octeth_backupd.daemon.room import Room
from octeth_backupd.domain.notices.disk_problems import disk_subject, with_sample
from octeth_backupd.domain.notices.overdue import CLOCK_MARGIN
from octeth_backupd.domain.notices.standing import DiskFacts, DiskSample, SilentDisk
from octeth_backupd.domain.space import (
    BACKUPS_ROLE,
    WORKSPACE_ROLE,
    FileSystem,
    Requirement,
    SizeHistory,
    requirement,
    shortages,
)
from octeth_backupd.pipeline.inspection import space_policy
from octeth_backupd.process.files import free_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.domain.space import SpacePolicy
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.process.files import FileSystemSpace

SAMPLES = "notices.disk_samples"
_STEADY_PERCENT = 5
"""So much more must fit before a disk that was too small is large enough again: what wavers is not told each minute."""
SILENT_FOR = timedelta(minutes=2)
"""So long a file system does not answer before that is told: one that is only slow now and then is no news."""


class DiskLook:
    """Look at the file systems, and wait for none of them.

    During a run, whose workspace comes and goes, what was seen before it counts; so it does of one that is silent.
    """

    def __init__(self, catalog: Catalog, *, room: Room | None = None) -> None:
        self._catalog = catalog
        self._room = room or Room(_space)
        self._seen: tuple[DiskFacts, ...] = ()
        self._spaces: dict[Path, FileSystemSpace] = {}
        self._silent_since: dict[Path, datetime] = {}

    def silent(self, open_keys: frozenset[str], now: datetime) -> tuple[SilentDisk, ...]:
        """Return the places whose file system has not answered for a while, by the last look.

        One of which something is wrong already is among them at once: nobody can say that this is over.
        """
        found: list[SilentDisk] = []
        for path, since in sorted(self._silent_since.items()):
            is_known = any(key.startswith(f"{disk_subject(str(path))}/") for key in open_keys)
            is_beneath = any(path.is_relative_to(other.path) for other in found)
            if (is_known or now - since >= SILENT_FOR) and not is_beneath:
                found.append(SilentDisk(path=str(path), since=since))
        return tuple(found)

    def look(
        self, parts: Parts, active: Sequence[ActiveRun], open_keys: frozenset[str], now: datetime
    ) -> tuple[DiskFacts, ...]:
        """Return the disks as they were when no run was writing to them last."""
        places = {BACKUPS_ROLE: parts.backup_directory, WORKSPACE_ROLE: parts.workspace_directory}
        answers = self._room.ask(places.values())
        self._silent_since = {path: min(self._silent_since.get(path, now), now) for path in answers.silent}
        known = {path: space for path, space in self._spaces.items() if path in answers.silent}
        self._spaces = {**known, **answers.spaces}
        is_written_to = any(one.is_running and one.run.operation.holds_server for one in active)
        if not (is_written_to and self._seen):
            found = [
                FileSystem.of(role, str(path), self._spaces[path])
                for role, path in places.items()
                if path in self._spaces
            ]
            fresh = {str(path) for path in answers.spaces} if not is_written_to else set[str]()
            self._seen = self._facts(
                found, parts, open_keys, now, paths=[str(path) for path in places.values()], fresh=fresh
            )
        return self._seen

    def _facts(
        self,
        found: Sequence[FileSystem],
        parts: Parts,
        open_keys: frozenset[str],
        now: datetime,
        *,
        paths: Collection[str],
        fresh: Collection[str],
    ) -> tuple[DiskFacts, ...]:
        policy = space_policy(parts)
        samples = self._sampled({one.path: one.free_bytes for one in found if one.path in fresh}, now, paths=paths)
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
        if largest is None or f"{disk_subject(place.path)}/next" not in open_keys:
            return largest
        return Requirement(
            workspace_bytes=largest.workspace_bytes * (100 + _STEADY_PERCENT) // 100,
            archive_bytes=largest.archive_bytes * (100 + _STEADY_PERCENT) // 100,
        )

    def _sampled(
        self, free: dict[str, int], now: datetime, *, paths: Collection[str]
    ) -> dict[str, tuple[DiskSample, ...]]:
        """Return what was seen in the last weeks, and what is free now where that was measured while all was quiet."""
        known = {
            path: tuple(DiskSample(at=datetime.fromisoformat(at), free_bytes=count) for at, count in pairs)
            for path, pairs in json.loads(self._catalog.meta(SAMPLES) or "{}").items()
        }
        new = {
            path: with_sample(known.get(path, ()), DiskSample(at=now, free_bytes=count)) for path, count in free.items()
        }
        fresh = {path: known[path] for path in paths if path in known} | new
        if fresh != known:
            text = {path: [[one.at.isoformat(), one.free_bytes] for one in samples] for path, samples in fresh.items()}
            self._catalog.set_meta(SAMPLES, json.dumps(text))
        return fresh


def _space(path: Path) -> FileSystemSpace:
    return free_bytes(path)


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
