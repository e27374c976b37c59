"""Metrics of copies, uploads, retention, restores and room."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.figures import CopyFigures, RestoreFigures
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.telemetry.families.base import Family, gauge, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.domain.backup import Tier
    from octeth_backupd.domain.figures import Figures, PendingFigures, PlaceFigures
    from octeth_backupd.telemetry.families.base import Sample

_STATES = tuple(state for state in CopyState if state is not CopyState.DELETED)
_LEVELS = (ProofLevel.STARTED, ProofLevel.ASSERTED)
_NONE = CopyFigures()
_LEFT_NOTHING = RestoreFigures()


def _kinds(figures: Figures) -> Iterator[tuple[str, Tier, str]]:
    """Yield server, tier and storage backend of copies that there are, or that the next backup will make."""
    known = {(server, tier, storage) for server, tier, storage, _ in figures.catalog.copies}
    expected = {
        (schedule.server, schedule.tier, storage) for schedule, storage in product(figures.schedules, figures.storages)
    }
    yield from sorted(known | expected)


def _copies(value: Callable[[CopyFigures], int]) -> Callable[[Figures], Iterator[Sample]]:
    def samples(figures: Figures) -> Iterator[Sample]:
        for (server, tier, storage), state in product(_kinds(figures), _STATES):
            found = figures.catalog.copies.get((server, tier, storage, state), _NONE)
            yield (server, tier, storage, state), float(value(found))

    return samples


def _pending(value: Callable[[PendingFigures], float]) -> Callable[[Figures], Iterator[Sample]]:
    def samples(figures: Figures) -> Iterator[Sample]:
        places = {*product(figures.servers, figures.storages), *figures.catalog.pending}
        for server, storage in sorted(places):
            found = figures.catalog.pending.get((server, storage))
            yield (server, storage), value(found) if found else 0.0

    return samples


def _holds(figures: Figures) -> Iterator[Sample]:
    return (((server,), float(figures.catalog.holds.get(server, 0))) for server in figures.servers)


def _proven(figures: Figures) -> Iterator[Sample]:
    for server, level in product(figures.servers, _LEVELS):
        yield (server, level), seconds_of(figures.catalog.proven.get((server, level)))


def _restores(value: Callable[[RestoreFigures], int]) -> Callable[[Figures], Iterator[Sample]]:
    def samples(figures: Figures) -> Iterator[Sample]:
        for server in dict.fromkeys((*figures.servers, *sorted(figures.restores))):
            yield (server,), float(value(figures.restores.get(server, _LEFT_NOTHING)))

    return samples


def _places(value: Callable[[PlaceFigures], int]) -> Callable[[Figures], Iterator[Sample]]:
    def samples(figures: Figures) -> Iterator[Sample]:
        return (((one.place,), float(value(one))) for one in figures.places)

    return samples


STOCK_FAMILIES: tuple[Family, ...] = (
    gauge(
        "octeth_backup_copies",
        "Copies of backups by their state; deleted ones are not counted.",
        _copies(lambda one: one.count),
        ("server", "tier", "storage", "state"),
    ),
    gauge(
        "octeth_backup_copy_bytes",
        "Size of these copies.",
        _copies(lambda one: one.size_bytes),
        ("server", "tier", "storage", "state"),
    ),
    gauge(
        "octeth_backup_pending_uploads",
        "Copies that are not where they belong yet.",
        _pending(lambda one: float(one.count)),
        ("server", "storage"),
    ),
    gauge(
        "octeth_backup_pending_upload_bytes",
        "Size of the copies that wait.",
        _pending(lambda one: float(one.size_bytes)),
        ("server", "storage"),
    ),
    gauge(
        "octeth_backup_pending_upload_since_timestamp_seconds",
        "When the oldest backup whose copy waits was made; 0: none waits.",
        _pending(lambda one: seconds_of(one.since)),
        ("server", "storage"),
    ),
    gauge(
        "octeth_backup_holds",
        "Doubts about content that keep backups from expiring until an operator ends them.",
        _holds,
        ("server",),
    ),
    gauge(
        "octeth_backup_last_proof_timestamp_seconds",
        "When a backup was last shown to start a server (L3), or to answer as it should (L4); 0: never.",
        _proven,
        ("server", "level"),
    ),
    gauge(
        "octeth_backup_open_restores",
        "Restores that are not over.",
        _restores(lambda one: one.open_restores),
        ("server",),
    ),
    gauge(
        "octeth_backup_safety_copies",
        "Data from before restores that is still kept.",
        _restores(lambda one: one.safety_copies),
        ("server",),
    ),
    gauge(
        "octeth_backup_safety_copy_bytes",
        "Size of these safety copies, as far as it is known.",
        _restores(lambda one: one.safety_copy_bytes),
        ("server",),
    ),
    gauge(
        "octeth_backup_filesystem_free_bytes",
        "What may still be written to the file system of this place; absent while it cannot be asked.",
        _places(lambda one: one.free_bytes),
        ("place",),
    ),
    gauge(
        "octeth_backup_filesystem_size_bytes",
        "Size of that file system.",
        _places(lambda one: one.size_bytes),
        ("place",),
    ),
)
