"""How long a catalog of 10,000 backups takes to answer; run as ``python -m tests.benchmarks.catalog_10000``.

The bars are those of ``GET /v1/backups``: first page in 50 ms, everything in 300 ms. The catalog's own share must stay
below half of them. What metrics are made of takes 100 ms at most. Ends with exit code 1 when it does not.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octeth_backupd.catalog.opening import open_database
from octeth_backupd.catalog.schema import backups, copies, manifests
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.backup import CopyState
from tests.fakes.catalog_values import START, StandingClock, make_backup

if TYPE_CHECKING:
    from collections.abc import Callable

BACKUPS = 10_000
ROUNDS = 7
FIRST_PAGE_SECONDS = 0.025
ALL_SECONDS = 0.150
FIGURES_SECONDS = 0.100
SERVERS = ("oempro", "tracking", "archive", "staging")


def fill(path: Path) -> None:
    """Make the catalog, each backup with two copies and a manifest of usual size."""
    manifest = {
        "variables": {f"innodb_some_variable_{i}": f"value {i * 7919 % 1013}" for i in range(600)},
        "tablespaces": [
            {"space_id": i, "name": f"oempro/oempro_table_{i}", "size_bytes": i * 16384} for i in range(200)
        ],
    }
    made = [
        make_backup(
            SERVERS[i % len(SERVERS)],
            START + timedelta(hours=i),
            copies={"local": CopyState.PRESENT if i > BACKUPS - 100 else CopyState.DELETED, "s3": CopyState.PRESENT},
        )
        for i in range(BACKUPS)
    ]
    database = open_database(path, clock=StandingClock())
    with database.write() as connection:
        for table, values in ((backups, made), (copies, [copy for backup in made for copy in backup.copies])):
            rows = [{column.name: getattr(value, column.name) for column in table.columns} for value in values]
            connection.execute(sa.insert(table), rows)
        connection.execute(
            sa.insert(manifests), [{"backup_id": backup.backup_id, "manifest": manifest} for backup in made]
        )
    database.close()


def fresh_figures(catalog: Catalog) -> None:
    """Take all figures as after a change: otherwise they are known already."""
    catalog.set_meta("benchmark", "changed")
    catalog.stock.figures.read(SERVERS, until=START + timedelta(hours=BACKUPS))


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def median_seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the median time of a call; with ``time.process_time`` what it takes of the processor alone."""
    times = []
    for _ in range(ROUNDS):
        begin = clock()
        work()
        times.append(clock() - begin)
    return statistics.median(times)


def main() -> int:
    """Measure, write one line a query, return the exit code."""
    with tempfile.TemporaryDirectory(prefix="octeth-backupd-benchmark-") as directory:
        path = Path(directory) / "catalog.sqlite"
        begin = time.perf_counter()
        fill(path)
        say(f"filled with {BACKUPS} backups in {time.perf_counter() - begin:.1f} s, {path.stat().st_size >> 20} MiB")
        begin = time.perf_counter()
        catalog = Catalog.open(path, clock=StandingClock())
        say(f"{'open, all pages checked':32} {1000 * (time.perf_counter() - begin):8.1f} ms")
        middle = catalog.backups(limit=BACKUPS // 2)[-1].backup_id
        measured: list[tuple[str, Callable[[], object], float]] = [
            ("first page of 100", lambda: catalog.backups_json(limit=100), FIRST_PAGE_SECONDS),
            ("page of 100 in the middle", lambda: catalog.backups_json(limit=100, after=middle), FIRST_PAGE_SECONDS),
            ("first page of one server", lambda: catalog.backups_json(server="oempro", limit=100), FIRST_PAGE_SECONDS),
            ("all", catalog.backups_json, ALL_SECONDS),
            ("latest", lambda: catalog.find_backup("latest"), FIRST_PAGE_SECONDS),
            ("figures", lambda: fresh_figures(catalog), FIGURES_SECONDS),
            ("part of an id", lambda: catalog.find_backup("oempro-2026-11-22_02"), FIRST_PAGE_SECONDS),
        ]
        missed = 0
        for name, work, bar in measured:
            seconds = median_seconds(work)
            missed += seconds > bar
            say(f"{name:32} {1000 * seconds:8.1f} ms, bar {1000 * bar:.0f} ms{'' if seconds <= bar else ': MISSED'}")
        catalog.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
