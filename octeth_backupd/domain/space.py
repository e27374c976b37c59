"""How much space a backup needs, and when one that runs must be stopped: arithmetic over bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from octeth_backupd.domain.backup import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GIB = 1 << 30

WORKSPACE_ROLE = "workspace"
BACKUPS_ROLE = "backups"
SERVER_ROLE = "server"


class Measured(Protocol):
    """Room on a file system; ``process.files.FileSystemSpace`` is one."""

    @property
    def free(self) -> int:
        """Return the bytes that may still be written."""

    @property
    def used_percent(self) -> float:
        """Return how full it is, as ``df`` says it."""

    @property
    def device(self) -> int:
        """Return ``st_dev``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """The file system under one of the places that matter.

    Attributes:
        role: What the place is for: ``workspace``, ``backups`` or ``server``.
        path: The place itself, for messages.
        device: ``st_dev``; places with the same device share their space.
        free_bytes: What the daemon may still write.
        used_percent: As ``df`` says it: used of used and available.
    """

    role: str
    path: str
    device: int
    free_bytes: int
    used_percent: float

    @classmethod
    def of(cls, role: str, path: str, measured: Measured) -> FileSystem:
        """Return a place with the room that was measured there."""
        return cls(
            role=role,
            path=path,
            device=measured.device,
            free_bytes=measured.free,
            used_percent=measured.used_percent,
        )

    @property
    def usable_bytes(self) -> int:
        """Return used and available together, what the percentages are of."""
        free_percent = 100.0 - self.used_percent
        return round(self.free_bytes * 100.0 / free_percent) if free_percent > 0 else 0

    def used_percent_after(self, written_bytes: int) -> float:
        """Return how full it would be with so many bytes more; may exceed 100."""
        usable = self.usable_bytes
        return self.used_percent + 100.0 * written_bytes / usable if usable else 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpacePolicy:
    """The limits of every file system, and the margins of an estimate.

    Attributes:
        margin_percent: Added to the data size for the workspace: the data grows while it is copied.
        margin_bytes: Added on top: redo, metadata, a prepare that extends files.
        max_disk_usage_percent: No file system may become fuller than this.
        min_free_bytes: No file system may be left with less than this.
    """

    margin_percent: int = 20
    margin_bytes: int = 5 * GIB
    max_disk_usage_percent: int = 85
    min_free_bytes: int = GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeHistory:
    """Sizes of the last good backup.

    Attributes:
        data_bytes: Of its tablespaces.
        archive_bytes: 0: compressed by another algorithm than the next one will be, so that it says nothing.
    """

    data_bytes: int
    archive_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a backup is expected to write, by place."""

    workspace_bytes: int
    archive_bytes: int

    def by_role(self) -> Mapping[str, int]:
        """Return the bytes per role; the server's own file system gets nothing written by the daemon."""
        return {WORKSPACE_ROLE: self.workspace_bytes, BACKUPS_ROLE: self.archive_bytes, SERVER_ROLE: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """A file system that would break a limit.

    Attributes:
        roles: Places on it, in the order given.
        needed_bytes: What the backup would write there.
        missing_bytes: What must become free, at least.
        limit: The limit in words.
    """

    roles: tuple[str, ...]
    path: str
    needed_bytes: int
    free_bytes: int
    missing_bytes: int
    limit: str


def expected_archive_bytes(data_bytes: int, last: SizeHistory | None) -> int:
    """Return the expected archive: the last good backup's ratio of archive to data, else half of the data."""
    if last is None or last.data_bytes <= 0 or last.archive_bytes <= 0:
        return data_bytes // 2
    return data_bytes * last.archive_bytes // last.data_bytes


def requirement(*, mode: Mode, data_bytes: int, policy: SpacePolicy, last: SizeHistory | None = None) -> Requirement:
    """Return what a backup in this mode is expected to write."""
    archive_bytes = expected_archive_bytes(data_bytes, last)
    if mode is Mode.STREAMED:
        return Requirement(workspace_bytes=0, archive_bytes=archive_bytes)
    workspace_bytes = data_bytes + data_bytes * policy.margin_percent // 100 + policy.margin_bytes
    return Requirement(workspace_bytes=workspace_bytes, archive_bytes=archive_bytes)


def shortages(required: Requirement, file_systems: Iterable[FileSystem], policy: SpacePolicy) -> tuple[Shortage, ...]:
    """Return every file system that this backup would push over a limit; what shares a device is summed."""
    found = []
    for shared in _by_device(file_systems):
        needed = sum(required.by_role().get(role, 0) for role in dict.fromkeys(place.role for place in shared))
        shortage = _shortage(shared, needed, policy)
        if shortage is not None:
            found.append(shortage)
    return tuple(found)


def guard_verdict(file_systems: Iterable[FileSystem], policy: SpacePolicy) -> str | None:
    """Return why a running backup must be stopped now, or None while every file system is within its limits."""
    for shared in _by_device(file_systems):
        shortage = _shortage(shared, 0, policy)
        if shortage is not None:
            roles = " and ".join(shortage.roles)
            left = format_bytes(shortage.free_bytes)
            return f"the file system of {shortage.path} ({roles}) has {left} left: {shortage.limit}"
    return None


def format_bytes(count: int) -> str:
    """Return a size for people, in binary units: ``512 B``, ``1.5 GiB``."""
    if abs(count) < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if abs(value) < 1024:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"


def _by_device(file_systems: Iterable[FileSystem]) -> list[tuple[FileSystem, ...]]:
    groups: dict[int, list[FileSystem]] = {}
    for place in file_systems:
        groups.setdefault(place.device, []).append(place)
    return [tuple(group) for group in groups.values()]


def _shortage(shared: tuple[FileSystem, ...], needed_bytes: int, policy: SpacePolicy) -> Shortage | None:
    """Return the worse of the two limits broken, or None.

    The percentage is no reason to refuse where the daemon writes nothing: a server's own full-ish disk would then go
    without backups at the very time they are wanted most. The reserve holds everywhere.
    """
    place = min(shared, key=lambda one: one.free_bytes)
    is_written = any(one.role != SERVER_ROLE for one in shared)
    over_percent = place.used_percent_after(needed_bytes) - policy.max_disk_usage_percent if is_written else 0.0
    by_percent = int(over_percent / 100 * place.usable_bytes) + 1 if over_percent > 0 else 0
    by_reserve = max(0, policy.min_free_bytes - (place.free_bytes - needed_bytes))
    if not by_percent and not by_reserve:
        return None
    limit = (
        f"at most {policy.max_disk_usage_percent} % may be used"
        if by_percent >= by_reserve
        else f"at least {format_bytes(policy.min_free_bytes)} must stay free"
    )
    return Shortage(
        roles=tuple(dict.fromkeys(one.role for one in shared)),
        path=place.path,
        needed_bytes=needed_bytes,
        free_bytes=place.free_bytes,
        missing_bytes=max(by_percent, by_reserve),
        limit=limit,
    )
