"""How long the API takes over 10,000 backups; run as ``python -m tests.benchmarks.api_10000_backups``.

A real catalog behind the real server, asked by a process of its own over the Unix socket; each number is the median
of five requests, from connecting to the last byte. The bars: first page in 50 ms, everything in 300 ms, the retention
plan in 500 ms.
``tests/integration/test_catalog_speed.py`` holds the bars. Ends with exit code 1 when one is missed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.control.server import ControlServer
from octeth_backupd.control.settings import ControlSettings
from octeth_backupd.daemon.retention_services import DaemonRetentionServices
from octeth_backupd.domain.retention.settings import RetentionSettings
from tests.benchmarks.catalog_10000 import BACKUPS, SERVERS, fill, say
from tests.fakes.catalog_values import START, StandingClock, make_backup
from tests.fakes.services import FakeServices
from tests.fakes.storage import MemoryStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.pipeline.parts import Parts

ROUNDS = 5
FIRST_PAGE = "/v1/backups"
ALL = f"/v1/backups?limit={BACKUPS}"
RETENTION = "/v1/retention"
BARS_SECONDS = {FIRST_PAGE: 0.050, ALL: 0.300, RETENTION: 0.500}

# A client of its own process, so that it and the server do not share one interpreter lock.
CLIENT = """
import json, socket, sys, time
path, target, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
times = []
for _ in range(rounds):
    begin = time.perf_counter()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(f"GET {target} HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n".encode())
        parts = []
        while part := client.recv(1 << 20):
            parts.append(part)
    times.append(time.perf_counter() - begin)
body = b"".join(parts).partition(b"\\r\\n\\r\\n")[2]
told = json.loads(body)
backups = told["backups"] if "backups" in told else {c["backup_id"] for one in told["servers"] for c in one["copies"]}
print(json.dumps({"times": times, "backups": len(backups), "bytes": len(body)}))
"""


class CatalogServices(FakeServices):
    """Services whose backups come from a real catalog."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__()
        self._catalog = catalog
        storages = {"local": False, "s3": True}
        parts = SimpleNamespace(
            catalog=catalog,
            servers=SERVERS,
            storages=tuple(MemoryStorage(name, is_remote=remote) for name, remote in storages.items()),
            retention=RetentionSettings().policy(storages, timezone="Europe/Berlin", schedules={}),
        )
        self._retention = DaemonRetentionServices(
            catalog=catalog,
            coordinator=cast("Coordinator", None),
            clock=StandingClock(START + timedelta(hours=BACKUPS)),
            parts=lambda: cast("Parts", parts),
            said=lambda _server: None,
        )

    def retention_json(self, *, server: str | None) -> bytes:
        """See Services.retention_json."""
        return self._retention.retention_json(server=server)

    def backups_json(self, *, server: str | None, limit: int | None, after: str | None) -> bytes:
        """See Services.backups_json."""
        return self._catalog.backups_json(server=server, limit=limit, after=after)


@contextmanager
def served_catalog() -> Iterator[Path]:
    """Serve a catalog of 10,000 backups; yields the socket."""
    with tempfile.TemporaryDirectory(prefix="octeth-backupd-benchmark-") as directory:
        path = Path(directory) / "catalog.sqlite"
        fill(path)
        catalog = Catalog.open(path, clock=StandingClock())
        catalog.installations.set_own(make_backup().installation_id)
        socket = Path(directory) / "control.sock"
        server = ControlServer(settings=ControlSettings(socket=socket), services=CatalogServices(catalog))
        server.start()
        try:
            yield socket
        finally:
            server.stop()
            catalog.close()


def measure(socket: Path, target: str) -> tuple[float, int, int]:
    """Return median seconds, backups and bytes of an answer."""
    command = [sys.executable, "-c", CLIENT, str(socket), target, str(ROUNDS)]
    result = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return statistics.median(result["times"]), result["backups"], result["bytes"]


def main() -> int:
    """Measure, write one line a request, return the exit code."""
    missed = 0
    with served_catalog() as socket:
        for target, bar in BARS_SECONDS.items():
            seconds, backups, size = measure(socket, target)
            missed += seconds > bar
            verdict = "" if seconds <= bar else ": MISSED"
            say(
                f"GET {target:28} {1000 * seconds:7.1f} ms, bar {1000 * bar:.0f} ms{verdict} "
                f"({backups} backups, {size >> 10} KiB)"
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
