"""Times ``octeth-backupctl backup`` against the bare shell pipeline, in pairs, on the same container.

Run as root: ``python -m tests.benchmarks.backup_against_shell [--pairs 3] [--rows 600000]``. Prints a table and exits 1
when a bar is missed: 1.25 times the shell's wall time with read-back, 1.10 times without, 200 MB of daemon memory.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.environment.daemon import Daemon
from tests.environment.database_containers import MariaDbContainer
from tests.environment.option_file import write_option_file
from tests.environment.sql_server import Login

if TYPE_CHECKING:
    from collections.abc import Callable

FULL_BAR = 1.25
NONE_BAR = 1.10
MEMORY_BAR_MB = 200
TABLES = 8
PASSWORD = "benchmark"


def main() -> int:
    arguments = _parser().parse_args()
    directory = Path(tempfile.mkdtemp(prefix="octeth-benchmark-", dir=arguments.directory))
    try:
        return _benchmark(directory, pairs=arguments.pairs, rows=arguments.rows)
    finally:
        shutil.rmtree(directory)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=600_000, help="rows in each of 8 tables; 600000 make 1.3 GB")
    parser.add_argument("--directory", type=Path, default=None, help="where to work; needs about 5 GB")
    return parser


def _benchmark(directory: Path, *, pairs: int, rows: int) -> int:
    with MariaDbContainer(data_directory=directory / "data", name="oempro_mysql", root_password=PASSWORD) as server:
        _fill(server, rows)
        password = directory / "password"
        password.write_text(PASSWORD)
        password.chmod(0o600)
        missed = False
        for verify, bar in (("full", FULL_BAR), ("none", NONE_BAR)):
            table = {"container": server.name, "password_file": str(password)}
            sections = {"backup": {"verify": verify}, "daemon": {"log_level": "info"}}
            with Daemon(
                directory=directory / f"daemon-{verify}", servers={"oempro": table}, sections=sections
            ) as daemon:
                _timed(lambda: _by_daemon(daemon))
                ours: list[float] = []
                shells: list[float] = []
                for pair in range(pairs):
                    order: list[tuple[list[float], Callable[[], None]]] = [
                        (ours, lambda: _by_daemon(daemon)),
                        (shells, lambda: _by_shell(server, directory)),
                    ]
                    for times, action in order if pair % 2 else reversed(order):
                        times.append(_timed(action))
                memory_mb = _peak_memory_mb(daemon)
            ratio = statistics.median(a / b for a, b in zip(ours, shells, strict=True))
            print(
                f"verify={verify:5} daemon {_list(ours)} s, shell {_list(shells)} s, median ratio {ratio:.3f} "
                f"(bar {bar}), daemon's peak memory {memory_mb:.0f} MB (bar {MEMORY_BAR_MB})",
                flush=True,
            )
            missed = missed or ratio > bar or memory_mb > MEMORY_BAR_MB
    return 1 if missed else 0


def _fill(server: MariaDbContainer, rows: int) -> None:
    server.sql("CREATE DATABASE oempro")
    subprocess.run(
        [
            "sysbench",
            "oltp_read_write",
            f"--mysql-host={server.address}",
            "--mysql-user=root",
            f"--mysql-password={PASSWORD}",
            "--mysql-db=oempro",
            f"--tables={TABLES}",
            f"--table-size={rows}",
            "--threads=2",
            "prepare",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    size = server.scalar("SELECT SUM(FILE_SIZE) FROM information_schema.INNODB_SYS_TABLESPACES")
    print(f"{int(size) / 1e9:.2f} GB in {TABLES} tables", flush=True)


def _by_daemon(daemon: Daemon) -> None:
    result = daemon.backup()
    assert result.exit_code == 0, result.err
    for archive in daemon.backup_directory.rglob("octeth-backup-*.tar.zst"):
        archive.unlink()


def _by_shell(server: MariaDbContainer, directory: Path) -> None:
    work = directory / "shell"
    work.mkdir()
    write_option_file(work / "x.cnf", Login(user="root", password=PASSWORD))
    sidecar = (
        f"docker run --rm --volumes-from {server.name}:ro --network container:{server.name} "
        f"--entrypoint mariadb-backup -v {work}:{work} {server.image}"
    )
    script = f"""
        set -euo pipefail
        {sidecar} --defaults-extra-file={work}/x.cnf --backup --target-dir={work}/d --host={server.address} --parallel=2
        {sidecar} --prepare --target-dir={work}/d --use-memory=512M
        tar -C {work} -cf - d | zstd -q -T0 -3 | tee >(sha256sum >{work}/sum) >{work}/archive.tar.zst
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shutil.rmtree(work)


def _timed(action: Callable[[], None]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def _peak_memory_mb(daemon: Daemon) -> float:
    assert daemon.process is not None
    for line in Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    raise AssertionError("the kernel does not say")


def _list(times: list[float]) -> str:
    return "/".join(f"{seconds:.1f}" for seconds in times)


if __name__ == "__main__":
    sys.exit(main())
