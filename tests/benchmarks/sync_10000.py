"""How long a sync of a bucket of 10,000 objects takes; run as ``python -m tests.benchmarks.sync_10000``.

3,333 backups, each with its archive, checksum file and manifest of usual size, in a real S3 server of its own process;
a catalog that knows none of them (a lost host), then the same once more (all known). The bar is 30 seconds each. Ends
with exit code 1 when it is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import Operation
from octeth_backupd.domain.names import checksum_name, checksum_text, manifest_name
from octeth_backupd.domain.server import Tablespace
from octeth_backupd.pipeline.sync.sync import sync
from tests.benchmarks.catalog_10000 import say
from tests.environment.s3_servers import RcloneS3
from tests.environment.s3_storages import PREFIX, s3_storage
from tests.fakes.bench import Bench
from tests.fakes.catalog_values import START
from tests.fakes.manifests import make_server_part
from tests.fakes.runs import a_run
from tests.fakes.stored_backups import key_of, stored_manifest

if TYPE_CHECKING:
    from octeth_backupd.storage.base import Storage

BACKUPS = 3_333
BAR_SECONDS = 30.0
SERVERS = ("oempro", "tracking", "archive")
_CONTENT = b"archive"


def fill(directory: Path) -> int:
    """Lay the objects down where the server keeps them; return how many there are."""
    usual = make_server_part(
        variables={f"innodb_some_variable_{number}": f"value {number * 7919 % 1013}" for number in range(600)},
        tablespaces=tuple(
            Tablespace(space_id=number, name=f"oempro/oempro_table_{number}", size_bytes=number * 16384)
            for number in range(200)
        ),
    )
    objects = 0
    for number in range(BACKUPS):
        name = SERVERS[number % len(SERVERS)]
        manifest = stored_manifest(START - timedelta(hours=number), server=name, content=_CONTENT).model_copy(
            update={"server": usual.model_copy(update={"name": name})}
        )
        key = key_of(manifest)
        path = directory / PREFIX / key
        path.parent.mkdir(parents=True, exist_ok=True)
        for file, text in (
            (key, _CONTENT.decode()),
            (checksum_name(key), checksum_text(manifest.archive.sha256, manifest.archive.name)),
            (manifest_name(key), manifest.to_json_text()),
        ):
            (directory / PREFIX / file).write_text(text)
            objects += 1
    return objects


def measure(storage: Storage) -> tuple[list[float], int]:
    """Return the seconds of a first sync and of a second one, and how many backups the catalog knows then."""
    seconds = []
    with (
        tempfile.TemporaryDirectory(prefix="octeth-backupd-benchmark-") as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        bench = Bench(Path(directory), patch)
        bench.catalog.installations.set_own("f" * 32)
        for number in range(2):
            context = bench.context(a_run(f"20261122-02000{number}-aaaaaa", server="", operation=Operation.SYNC))
            begin = time.perf_counter()
            result = sync(context, bench.parts(storages=(storage,)))
            seconds.append(time.perf_counter() - begin)
            if "degraded" in result.detail:
                raise RuntimeError(f"the sync is degraded: {result.detail}")
        backups = len(bench.catalog.backups(limit=2 * BACKUPS))
        bench.close()
    return seconds, backups


def main() -> int:
    """Measure, write one line for each sync, return the exit code."""
    with RcloneS3(arguments=("--dir-cache-time", "1h")) as server:
        objects = fill(server.bucket_directory)
        seconds, backups = measure(s3_storage(server))
    say(f"{objects} objects, {backups} backups")
    for name, took in zip(("empty catalog", "all known"), seconds, strict=True):
        say(f"{name:16} {took:6.1f} s, bar {BAR_SECONDS:.0f} s{'' if took <= BAR_SECONDS else ': MISSED'}")
    return 0 if max(seconds) <= BAR_SECONDS and backups == BACKUPS else 1


if __name__ == "__main__":
    sys.exit(main())
