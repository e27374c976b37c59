"""How long a restore keeps the server away, against a plain stop and start, and against copying the data in.

Run as root: ``python -m tests.benchmarks.restore_downtime [--sizes 0.1 0.5 1.3] [--pairs 3]``. A login with a query is
tried every 20 ms from outside; downtime is the time from the last one that worked to the first that works again. Prints
a table and exits 1 when a bar is missed: at most the container's own stop and start plus 0.5 s at every size.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.environment.restoring import restoring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.environment.restoring import Restoring
    from tests.environment.sql_server import SqlServer

BAR_SECONDS = 0.5
POLL_SECONDS = 0.02


class Poll(threading.Thread):
    """Asks the server again and again, and knows the longest time without an answer."""

    def __init__(self, server: SqlServer) -> None:
        super().__init__(name="poll", daemon=True)
        self._server = server
        self._over = threading.Event()
        self._last_good = time.monotonic()
        self.longest_seconds = 0.0

    def run(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            try:
                with self._server.connect() as connection, connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
            except Exception:  # whatever it is, this was no good query
                continue
            now = time.monotonic()
            self.longest_seconds = max(self.longest_seconds, now - self._last_good)
            self._last_good = now

    def end(self) -> None:
        """Stop asking, after one more good answer."""
        good = self._last_good
        while self._last_good == good:
            time.sleep(POLL_SECONDS)
        self._over.set()
        self.join()


@contextmanager
def _polled(server: SqlServer) -> Iterator[Poll]:
    poll = Poll(server)
    poll.start()
    time.sleep(0.3)
    yield poll
    poll.end()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.1, 0.5, 1.3], help="GB of rows")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--directory", type=Path, default=None, help="where to work; needs about 8 GB")
    arguments = parser.parse_args()
    missed = False
    for size in arguments.sizes:
        directory = Path(tempfile.mkdtemp(prefix="octeth-benchmark-", dir=arguments.directory))
        try:
            missed = _benchmark(directory, size, pairs=arguments.pairs) or missed
        finally:
            shutil.rmtree(directory)
    return 1 if missed else 0


def _benchmark(directory: Path, gigabytes: float, *, pairs: int) -> bool:
    sections = {"daemon": {"log_level": "info"}}
    with restoring(directory, vendor="mariadb", fill_bytes=int(gigabytes * 1e9), sections=sections) as bench:
        backup = bench.back_up()
        times: dict[str, list[float]] = {"stop and start": [], "restore": [], "copy in": []}
        for _ in range(pairs):
            times["stop and start"].append(_downtime(bench, lambda: _stop_and_start(bench)))
            times["restore"].append(_downtime(bench, lambda: bench.restore(backup)))
        times["copy in"].append(_downtime(bench, lambda: _copy_in(bench, directory, backup)))
    over = statistics.median(
        ours - plain for ours, plain in zip(times["restore"], times["stop and start"], strict=True)
    )
    listed = ", ".join(f"{name} {'/'.join(f'{t:.2f}' for t in values)} s" for name, values in times.items())
    print(f"{gigabytes:g} GB: {listed}; median over stop and start {over:+.2f} s (bar +{BAR_SECONDS})", flush=True)
    return over > BAR_SECONDS


def _downtime(bench: Restoring, action: Callable[[], object]) -> float:
    with _polled(bench.server) as poll:
        action()
    return poll.longest_seconds


def _stop_and_start(bench: Restoring) -> None:
    subprocess.run(["docker", "stop", "--time", "60", bench.server.name], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["docker", "start", bench.server.name], check=True, stdout=subprocess.DEVNULL)


def _copy_in(bench: Restoring, directory: Path, backup: str) -> None:
    """Do what the bash tool does: stop, copy the data aside, delete it, copy the backup in, start."""
    unpacked = directory / "unpacked"
    unpacked.mkdir()
    archive = bench.daemon.archive(next(entry for entry in bench.daemon.backups() if entry["id"] == backup))
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", unpacked, "--strip-components=1"], check=True)
    data, aside = bench.server.data_directory, directory / "pre-restore"
    script = f"""
        set -e
        docker stop --time 60 {bench.server.name}
        cp -a {data} {aside}
        rm -rf {data}/*
        cp -a {unpacked}/* {data}/
        chown -R 999:999 {data}
        docker start {bench.server.name}
    """
    subprocess.run(["bash", "-c", script], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
