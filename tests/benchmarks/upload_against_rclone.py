"""Our upload against ``rclone copyto``: the same file to the same server, in pairs.

Run: ``python -m tests.benchmarks.upload_against_rclone [--gigabytes 1] [--pairs 5]``. Prints a table and exits 1 when a
bar is missed: throughput at least 1.0 times rclone's (median of the pairs), and at most 200 MB for the process that
uploads, boto3 included. Ours is the time of ``S3Storage.put``, with boto3's import: the daemon runs already.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.environment.s3_servers import RcloneS3, rclone_program
from tests.environment.s3_state import s3_client
from tests.environment.s3_storages import PREFIX, s3_settings

BAR_RATIO = 1.0
BAR_MEGABYTES = 200
KEY = "oempro/daily/archive"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--directory", type=Path, help="where source and objects lie; default: as usual")
    arguments = parser.parse_args()
    if arguments.directory is not None:
        os.environ["TMPDIR"] = str(arguments.directory)
    scratch = Path(tempfile.mkdtemp(prefix="octeth-upload-", dir=arguments.directory))
    try:
        return _measure(scratch, int(arguments.gigabytes * 1e9), arguments.pairs)
    finally:
        shutil.rmtree(scratch)


def _measure(scratch: Path, size_bytes: int, pairs: int) -> int:
    source = scratch / "archive"
    digest = hashlib.sha256()
    with source.open("wb") as file:
        while file.tell() < size_bytes:
            piece = os.urandom(min(1 << 20, size_bytes - file.tell()))
            digest.update(piece)
            file.write(piece)
    ratios, peaks = [], []
    print("| pair | rclone copyto | octeth-backupd | ratio | peak memory |\n|---|---|---|---|---|")
    with RcloneS3() as server:
        for pair in range(1, pairs + 1):
            order = (_rclone, _ours) if pair % 2 else (_ours, _rclone)
            results = {run: run(server, source, digest.hexdigest()) for run in order}
            (their_seconds, _), (our_seconds, peak) = results[_rclone], results[_ours]
            ratios.append(their_seconds / our_seconds)
            peaks.append(peak)
            rates = [f"{size_bytes / seconds / 1e6:.0f} MB/s" for seconds in (their_seconds, our_seconds)]
            print(f"| {pair} | {rates[0]} | {rates[1]} | {ratios[-1]:.2f} | {peak:.0f} MB |", flush=True)
    ratio, peak = statistics.median(ratios), max(peaks)
    good = ratio >= BAR_RATIO and peak <= BAR_MEGABYTES
    verdict = "ok" if good else "MISSED"
    print(f"median ratio {ratio:.2f} (bar {BAR_RATIO}), peak {peak:.0f} MB (bar {BAR_MEGABYTES}): {verdict}")
    return 0 if good else 1


def _rclone(server: RcloneS3, source: Path, _sha256: str) -> tuple[float, float]:
    remote = f":s3,provider=Other,endpoint='{server.endpoint_url}':{server.bucket}/{PREFIX}/by-rclone"
    environment = {
        **os.environ,
        "RCLONE_S3_ACCESS_KEY_ID": server.access_key_id,
        "RCLONE_S3_SECRET_ACCESS_KEY": server.secret_access_key,
        "RCLONE_CONFIG": str(source.parent / "rclone.conf"),
    }
    begin = time.monotonic()
    subprocess.run([rclone_program(), "copyto", source, remote], env=environment, check=True, capture_output=True)
    seconds = time.monotonic() - begin
    s3_client(server).delete_object(Bucket=server.bucket, Key=f"{PREFIX}/by-rclone")
    return seconds, 0.0


def _ours(server: RcloneS3, source: Path, sha256: str) -> tuple[float, float]:
    settings = s3_settings(server, part_size=0).model_dump(mode="json")
    order = {
        "settings": {**settings, "secret_access_key": server.secret_access_key},
        "source": str(source),
        "ledger": str(source.parent / "ledger"),
        "key": KEY,
        "sha256": sha256,
        "measure": True,
    }
    finished = subprocess.run(
        [sys.executable, "-m", "tests.environment.s3_upload_process"],
        input=json.dumps(order) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    s3_client(server).delete_object(Bucket=server.bucket, Key=f"{PREFIX}/{KEY}")
    measured = re.search(r"seconds: ([\d.]+)\n.*VmHWM:\s+(\d+) kB", finished.stdout, re.DOTALL)
    if measured is None:
        raise RuntimeError("the upload did not say how long it took and how much memory")
    return float(measured[1]), int(measured[2]) * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main())
