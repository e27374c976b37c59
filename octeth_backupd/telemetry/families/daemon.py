"""Metrics of the daemon itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.telemetry.families.base import Family, gauge, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.domain.figures import Figures
    from octeth_backupd.telemetry.families.base import Sample


def _one(value: Callable[[Figures], float]) -> Callable[[Figures], Iterator[Sample]]:
    def samples(figures: Figures) -> Iterator[Sample]:
        yield (), value(figures)

    return samples


def _build(figures: Figures) -> Iterator[Sample]:
    yield (figures.version,), 1.0


DAEMON_FAMILIES: tuple[Family, ...] = (
    gauge("octeth_backupd_build_info", "Always 1; the version is in the label.", _build, ("version",)),
    gauge(
        "octeth_backupd_figures_timestamp_seconds",
        "When these figures were taken; in a textfile that is not written any more it stands still.",
        _one(lambda figures: seconds_of(figures.taken_at)),
    ),
    gauge(
        "octeth_backupd_start_time_seconds",
        "When the daemon was started.",
        _one(lambda figures: seconds_of(figures.started_at)),
    ),
    gauge(
        "octeth_backupd_scheduler_alive",
        "1: the scheduler's thread runs.",
        _one(lambda figures: float(figures.scheduler_alive)),
    ),
    gauge(
        "octeth_backupd_configuration_in_force",
        "0: the last reload was refused, the configuration from before is in force.",
        _one(lambda figures: float(figures.configuration_in_force)),
    ),
    gauge(
        "octeth_backupd_warnings",
        "How many things octeth-backupctl status warns of.",
        _one(lambda figures: float(figures.warnings)),
    ),
    gauge(
        "octeth_backupd_catalog_bytes",
        "Size of the catalog's files.",
        _one(lambda figures: float(figures.catalog.size_bytes)),
    ),
)
