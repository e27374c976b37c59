"""The plan of a restore: shown before anything is touched, and held to afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.site import Fact, Site
    from octeth_backupd.domain.restore.swap import Swap


class ArchiveFormat(StrEnum):
    """What is inside the compression."""

    TAR = "tar"
    XBSTREAM = "xbstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSource:
    """The one copy that is restored: a file in a storage backend, or one outside the catalog.

    Attributes:
        storage: Storage backend it lies in; empty for a file outside the catalog.
        key: Its name there; empty for a file outside the catalog.
        path: Of a file outside the catalog; None for a copy in a storage backend.
        place: Where it lies, for people: a path of this host, or the key in a remote storage backend.
        is_remote: It comes over the network.
        name: File name; its extensions say format and compression.
        size_bytes: Of the archive.
        sha256: What its digest must be; empty: nobody knows.
        sha256_from: Where that is known from: ``manifest``, ``checksum file``; empty: nowhere.
        unpacked_bytes: How large it will be, as far as known; else estimated.
        manifest: None for an archive without.
        reason: Why this copy was chosen.
    """

    storage: str
    key: str = ""
    path: Path | None = None
    place: str
    is_remote: bool = False
    name: str
    archive_format: ArchiveFormat
    size_bytes: int
    sha256: str = ""
    sha256_from: str = ""
    unpacked_bytes: int
    manifest: Manifest | None = None
    reason: str = ""

    @property
    def fetch_bytes(self) -> int:
        """Return what comes over the network when it is read once, as every use of it does."""
        return self.size_bytes if self.is_remote else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceLine:
    """Room on one file system: needed by the restore, kept free, present."""

    path: Path
    purpose: str
    needed_bytes: int
    reserve_bytes: int
    free_bytes: int

    @property
    def is_enough(self) -> bool:
        """Return whether it fits."""
        return self.needed_bytes + self.reserve_bytes <= self.free_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the restore cannot be done as it was ordered.

    Attributes:
        code: Stable word for machines, such as ``foreign_data``.
        message: What stands in the way.
        hint: What to do, as a full sentence; may span lines (a ``docker run``).
        flag: Option of ``octeth-backupctl restore`` that overrides it; empty: none does.
    """

    code: str
    message: str
    hint: str = ""
    flag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePlan:
    """Everything a restore will do.

    Attributes:
        backup_id: Empty for an archive outside the catalog.
        taken_at: When the data is from; None: unknown.
        site: None when so little is known that only the refusals count; always None for ``target_directory``.
        target_directory: Where prepared files go instead of a server.
        swaps: What changes places, in this order.
        staging: Where it is unpacked, one directory for each file system.
        prepare: In words: whether and with what program the backup is prepared.
        carried_over: Files of the present data directory that are copied into the restored one.
        exchange: In words: what the trial exchange in the staging place showed.
        accounts: In words: which accounts the restored server will have.
        downtime: In words: how long the server will be down.
        old_data: In words: what becomes of the present data.
        refusals: Empty: it can be done.
        warnings: What the operator should know before saying yes.
    """

    server: str
    backup_id: str
    taken_at: datetime | None
    archive: ArchiveSource | None
    site: Site | None
    target_directory: Path | None = None
    facts: tuple[Fact, ...] = ()
    swaps: tuple[Swap, ...] = ()
    staging: tuple[Path, ...] = ()
    spaces: tuple[SpaceLine, ...] = ()
    prepare: str = ""
    carried_over: tuple[str, ...] = ()
    exchange: str = ""
    rehearsal: str = ""
    accounts: str = ""
    downtime: str = ""
    old_data: str = ""
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[str, ...] = ()


def of_another_run(plan: RestorePlan, run_id: str, name: str) -> RestorePlan:
    """Return a plan whose paths are those of another run: one that is only shown is never carried out itself.

    Args:
        plan: As it was made.
        run_id: The run that it was made for; in every path of a room.
        name: What stands there instead.
    """

    def renamed(path: Path) -> Path:
        return Path(str(path).replace(run_id, name))

    return replace(
        plan,
        swaps=tuple(replace(swap, room=renamed(swap.room)) for swap in plan.swaps),
        staging=tuple(renamed(path) for path in plan.staging),
        spaces=tuple(replace(line, path=renamed(line.path)) for line in plan.spaces),
        exchange=plan.exchange.replace(run_id, name),
        old_data=plan.old_data.replace(run_id, name),
    )
