"""How much memory the daemon needs to restore from S3, and how long that takes against a copy on this host.

Run as root: ``python -m tests.benchmarks.restore_from_s3 [--gigabytes 1.0]``. The same backup is restored from here,
then from an S3 server on loopback (moto). Prints both and exits 1 when a bar is missed: 200 MB of memory (VmHWM of
the daemon).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.environment.restoring import restoring
from tests.environment.s3_servers import MotoS3
from tests.environment.second_copy import add_s3_copy

if TYPE_CHECKING:
    from tests.environment.daemon import Daemon
    from tests.environment.restoring import Restoring

BAR_MEGABYTES = 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="of rows")
    parser.add_argument("--directory", type=Path, default=None, help="where to work; needs about 8 GB")
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="octeth-benchmark-", dir=arguments.directory))
    try:
        peak_megabytes = _benchmark(directory, arguments.gigabytes)
    finally:
        shutil.rmtree(directory)
    return 1 if peak_megabytes > BAR_MEGABYTES else 0


def _benchmark(directory: Path, gigabytes: float) -> float:
    sections: dict[str, dict[str, object]] = {
        "daemon": {"log_level": "info"},
        "restore": {"max_safety_copies": 1},
        "compression": {"algorithm": "none"},  # so that as much comes over the network as the data is large
    }
    with (
        MotoS3() as server,
        restoring(directory, vendor="mariadb", fill_bytes=int(gigabytes * 1e9), sections=sections) as bench,
    ):
        backup = bench.back_up()
        [entry] = bench.daemon.backups()
        archive = bench.daemon.archive(entry)
        at_backup = bench.contents()
        add_s3_copy(bench.daemon, backup, archive, server)
        here_seconds = _restore_seconds(bench, backup)
        here_megabytes = _peak_megabytes(bench.daemon)
        archive.unlink()
        bench.daemon.stop()
        bench.daemon.start()
        there_seconds = _restore_seconds(bench, backup)
        peak_megabytes = _peak_megabytes(bench.daemon)
        if bench.contents() != at_backup:
            raise SystemExit("what was restored is not what was backed up")
    print(
        f"{gigabytes:g} GB of rows, {entry['archive_bytes'] / 1e6:.0f} MB archive: from here {here_seconds:.1f} s, "
        f"from S3 {there_seconds:.1f} s; memory {here_megabytes:.0f} and {peak_megabytes:.0f} MB "
        f"(bar {BAR_MEGABYTES} MB)",
        flush=True,
    )
    return peak_megabytes


def _restore_seconds(bench: Restoring, backup: str) -> float:
    began = time.monotonic()
    bench.restore(backup)
    return time.monotonic() - began


def _peak_megabytes(daemon: Daemon) -> float:
    assert daemon.process is not None
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main())
