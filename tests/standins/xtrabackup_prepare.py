"""The stand-in's ``--prepare``: one start and clean stop of a server of the same image on the backup."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pymysql

from tests.standins import lies
from tests.standins import xtrabackup_files as files
from tests.standins import xtrabackup_log as log
from tests.standins.lies import Lie
from tests.standins.standin_settings import StandinSettings
from tests.standins.xtrabackup_options import Options

_START_TIMEOUT_SECONDS: Final = 300.0
_INSIDE: Final = "/var/lib/mysql"
_RUN_UNTIL_INPUT_ENDS: Final = """
exec 3<&0
mysqld "$@" </dev/null &
server=$!
(cat <&3 >/dev/null; kill -9 "$server") &
wait "$server"
"""
"""A killed stand-in takes its server with it: the end of its standard input is the end of the server."""
_MADE_BY_THE_START: Final = ("auto.cnf", "*.pem", "mysql_upgrade_history", "ibtmp1", "#innodb_temp", "#ib_*", "#clone")


class PrepareError(Exception):
    """The prepare fails with this error line."""


def prepare(options: Options, settings: StandinSettings) -> None:
    """Make a raw backup consistent.

    Raises:
        PrepareError: As XtraBackup would fail.
    """
    target = Path(options.text("target-dir", "./xtrabackup_backupfiles/")).absolute()
    for name in ("apply-log-only", "incremental-dir", "export"):
        if options.has(name):
            raise PrepareError(f"stand-in: --{name} is not imitated")
    if not target.is_dir():
        raise PrepareError(f"Can't change dir to '{target}' (OS errno 2 - No such file or directory)")
    log.note(f"cd to {target}/")
    if settings.lie is Lie.PREPARE_HANG:
        lies.hang(log.note)
    if settings.lie is Lie.PREPARE_EXIT_1:
        raise PrepareError("innodb_init(): Error occurred")
    if settings.lie is Lie.UNPREPARED:
        return
    if _is_prepared(target):
        log.note("This target seems to be already prepared.")
        return
    _recover(target, options, settings)


def _is_prepared(target: Path) -> bool:
    try:
        state = files.read_checkpoints(target)["backup_type"]
    except (OSError, KeyError, ValueError) as error:
        log.error(f"cannot open {files.CHECKPOINTS}")
        raise PrepareError("This target seems to be not prepared yet; failed to read metadata") from error
    if state == "full-prepared":
        return True
    if state != "full-backuped":
        raise PrepareError(f"stand-in: backup_type {state} is not imitated")
    log.note("This target seems to be not prepared yet.")
    return False


def _recover(target: Path, options: Options, settings: StandinSettings) -> None:
    for name in (files.BACKUP_MY_CNF, files.LOGFILE, files.INFO):
        if not (target / name).exists():
            raise PrepareError(f"cannot open ./{name}")
    checkpoints = files.read_checkpoints(target)
    log.note(f"xtrabackup_logfile detected: start_lsn=({checkpoints['to_lsn']})")
    files.unpack_redo(target)
    log.note(f"Using {options.text('use-memory', '104857600')} bytes for buffer pool (set by --use-memory parameter)")
    with _other_engines_kept(target):
        position = _start_and_stop(target, options.text("use-memory", "100M"), settings)
    log.note(f"Doing recovery: scanned up to log sequence number {checkpoints['last_lsn']}")
    _remove_what_the_start_made(target)
    if position is not None:
        _set_position(target, *position)
    files.write_checkpoints(
        target,
        backup_type="full-prepared",
        to_lsn=int(checkpoints["to_lsn"]),
        last_lsn=int(checkpoints["last_lsn"]),
    )
    log.note("Shutdown completed; log sequence number " + checkpoints["last_lsn"])


@contextmanager
def _other_engines_kept(target: Path) -> Iterator[None]:
    """Save the files of other engines over the first start on a clone, which makes those tables anew and empty."""
    paths = [path for path in target.glob("*/*") if path.suffix in files.OTHER_ENGINE_SUFFIXES - {".sdi"}]
    with tempfile.TemporaryDirectory(prefix="octeth-") as name:
        kept = [(path, Path(name) / str(number)) for number, path in enumerate(paths)]
        for path, copy in kept:
            shutil.copy2(path, copy)
        yield
        for path, copy in kept:
            shutil.copyfile(copy, path)


def _start_and_stop(target: Path, memory: str, settings: StandinSettings) -> tuple[str, int, str] | None:
    """Start and cleanly stop a server on the backup, and return the binlog position of what was cloned."""
    # Not below the target: a socket's path has room for 107 bytes only.
    sockets = Path(tempfile.mkdtemp(prefix="octeth-", dir="/tmp"))
    server_log = sockets / "log"
    with server_log.open("wb") as output:
        process = subprocess.Popen(
            _server_command(target, sockets, memory, settings),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
    try:
        rows = _query_and_shut_down(process, sockets / "mysqld.sock")
        if rows is None or process.wait(timeout=_START_TIMEOUT_SECONDS) != 0:
            for line in server_log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:]:
                log.bare(line)
            raise PrepareError("innodb_init(): Error occurred")
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(timeout=_START_TIMEOUT_SECONDS)
        shutil.rmtree(sockets, ignore_errors=True)
    found = [row for row in rows if row[0]]
    return (str(found[0][0]), int(found[0][1]), str(found[0][2]).replace("\n", "")) if found else None


def _server_command(target: Path, sockets: Path, memory: str, settings: StandinSettings) -> list[str]:
    """Return what runs a server on the backup: as root, so that nothing in the backup changes its owner."""
    if not settings.image:
        return ["sh", "-c", _RUN_UNTIL_INPUT_ENDS, "mysqld", *_server_options(str(target), str(sockets), memory)]
    labels = [argument for name, value in settings.labels.items() for argument in ("--label", f"{name}={value}")]
    return [
        *("docker", "run", "--rm", "--interactive", "--network", "none", "--user", "0:0", *labels),
        *("--volume", f"{target}:{_INSIDE}", "--volume", f"{sockets}:/sockets"),
        *("--entrypoint", "sh", settings.image, "-c", _RUN_UNTIL_INPUT_ENDS, "mysqld"),
        *_server_options(_INSIDE, "/sockets", memory),
    ]


def _server_options(data_directory: str, sockets: str, memory: str) -> list[str]:
    return [
        *("--no-defaults", "--user=root", f"--datadir={data_directory}", f"--socket={sockets}/mysqld.sock"),
        *(f"--pid-file={sockets}/mysqld.pid", "--skip-networking", "--mysqlx=OFF", "--skip-grant-tables"),
        *("--plugin-load-add=mysql_clone.so", "--skip-log-bin", "--skip-replica-start", "--event-scheduler=DISABLED"),
        *("--persisted-globals-load=OFF", "--auto-generate-certs=OFF", "--secure-file-priv=NULL"),
        *("--sha256-password-auto-generate-rsa-keys=OFF", "--caching-sha2-password-auto-generate-rsa-keys=OFF"),
        *(f"--innodb-buffer-pool-size={memory}",),
    ]


def _query_and_shut_down(process: "subprocess.Popen[bytes]", socket: Path) -> list[tuple[Any, ...]] | None:
    """Return the rows of clone_status, or nothing when the server ended by itself."""
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            connection = pymysql.connect(unix_socket=str(socket), user="root", connect_timeout=5)
        except (pymysql.err.MySQLError, OSError):
            time.sleep(0.05)
            continue
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT binlog_file, binlog_position, gtid_executed FROM performance_schema.clone_status")
            rows = list(cursor.fetchall())
            cursor.execute("SHUTDOWN")
            return rows
    return None


def _remove_what_the_start_made(target: Path) -> None:
    for pattern in _MADE_BY_THE_START:
        for path in target.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _set_position(target: Path, file: str, position: int, gtid_executed: str) -> None:
    """Correct the position to what was cloned, and end the copied binlog there.

    The clone's exact position is known only by the server that starts on it. Had the binlog more than the data, a
    server that starts on both would claim transactions that it does not hold.
    """
    files.write_binlog_info(target, file=file, position=position, gtid_executed=gtid_executed)
    binlog = target / file
    if binlog.exists() and binlog.stat().st_size > position:
        os.truncate(binlog, position)
