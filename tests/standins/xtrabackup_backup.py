"""The stand-in's ``--backup``."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.standins import lies
from tests.standins import xtrabackup_files as files
from tests.standins import xtrabackup_log as log
from tests.standins.clone_source import cloned, find_server, install_clone_plugin
from tests.standins.lies import Lie
from tests.standins.standin_settings import StandinSettings
from tests.standins.xtrabackup_files import LogStatus
from tests.standins.xtrabackup_options import Options
from tests.standins.xtrabackup_server import BackupServer

_DEFAULT_LOCK_TIMEOUT_SECONDS: Final = 31_536_000
_NOT_IMITATED: Final = (
    *("incremental-basedir", "incremental-lsn", "compress", "encrypt", "tables", "databases", "page-tracking"),
)
_COPY_CHUNK_BYTES: Final = 10 * 1024 * 1024
_CLONE_ATTEMPTS: Final = 5


class BackupError(Exception):
    """The backup fails with this error line."""


def back_up(options: Options, settings: StandinSettings, command_line: Sequence[str]) -> None:
    """Make a backup in the target directory, or stream it to standard output.

    Raises:
        BackupError: As XtraBackup would fail.
    """
    _refuse_what_is_not_imitated(options)
    if settings.lie is Lie.HANG:
        lies.hang(log.note)
    with _target_directory(options) as target:
        if settings.lie is Lie.FILL_DISK:
            lies.fill_disk(target, log.note)
        Backup(options, settings, target, command_line).run()
        if options.text("extra-lsndir"):
            _copy_to_extra_lsndir(target, Path(options.text("extra-lsndir")))
        if options.has("stream"):
            _stream(target)


class Backup:
    """One backup in the making."""

    def __init__(self, options: Options, settings: StandinSettings, target: Path, command_line: Sequence[str]) -> None:
        self.options = options
        self.settings = settings
        self.target = target
        self.command_line = command_line
        self.started = datetime.now(UTC).astimezone()
        self.server = BackupServer(options)
        self.data_directory = Path(options.text("datadir") or self.server.variables["datadir"])

    def run(self) -> None:
        """Copy everything, and write XtraBackup's own files, the last of them last."""
        self._check_version()
        self._enter_data_directory()
        if self._is_the_servers_directory():
            status = self._copy_server()
        else:
            status = self._copy_wrong_directory()
        self._write_metadata(status)

    def _check_version(self) -> None:
        version = self.server.variables["version"]
        log.note(f"Using server version {version}")
        if "MariaDB" in version:
            raise BackupError("This version of Percona XtraBackup does not support MariaDB")
        series = ".".join(version.split(".")[:2])
        own_series = ".".join(self.settings.version.split(".")[:2])
        if series != own_series and not self.options.has("no-server-version-check"):
            log.error(f"Unsupported server version: '{version}'.")
            raise BackupError(
                "This version of Percona XtraBackup can only perform backups and restores against "
                f"MySQL {own_series} and Percona Server {own_series}, please use the appropriate version"
            )

    def _enter_data_directory(self) -> None:
        of_the_server = self.server.variables["datadir"]
        if self.data_directory != Path(of_the_server):
            log.warning(
                f"option 'datadir' has different values: '{self.data_directory}' in defaults file, "
                f"'{of_the_server}' in SHOW VARIABLES"
            )
        if not self.data_directory.is_dir():
            raise BackupError(f"Can't change dir to '{self.data_directory}' (OS errno 2 - No such file or directory)")
        log.note(f"cd to {self.data_directory}")
        log.note("open files limit requested 0, set to 1048576")

    def _is_the_servers_directory(self) -> bool:
        identity = self.data_directory / "auto.cnf"
        return identity.exists() and self.server.variables["server_uuid"] in identity.read_text(encoding="ascii")

    def _copy_server(self) -> LogStatus:
        """Clone and copy; again when the binlog was rotated meanwhile, for only one binlog is in a backup."""
        install_clone_plugin(self.server)
        place = find_server(self.data_directory, is_here=not self.settings.image)
        timeout_seconds = int(self.options.text("lock-ddl-timeout", str(_DEFAULT_LOCK_TIMEOUT_SECONDS)))
        with self.server.locked_for_backup(timeout_seconds):
            for _ in range(_CLONE_ATTEMPTS):
                before = self.server.log_status()
                with cloned(self.server, place, self.target / ".clone") as source:
                    status = self.server.log_status()
                    if before.binlog_file == status.binlog_file:
                        return self._copy_clone(source, status)
            raise BackupError("stand-in: the binlog was rotated during each of several clones")

    def _copy_clone(self, source: Path, status: LogStatus) -> LogStatus:
        self._copy_tree(source)
        with self.server.other_engines_at_rest():
            log.note("Starting to backup non-InnoDB tables and files")
            self._copy_other_engines()
            log.note("Finished backing up non-InnoDB tables and files")
        self._copy_binlog(status)
        self._pack_redo(source)
        return status

    def _copy_wrong_directory(self) -> LogStatus:
        """Copy the given directory although it is not this server's, without a word, as XtraBackup does.

        Source:
            A run of XtraBackup 2.3.5: one warning about different values of datadir, exit code 0, "completed OK!".
        """
        status = self.server.log_status()
        self._copy_tree(self.data_directory)
        self._copy_other_engines()
        self._pack_redo(self.data_directory)
        return status

    def _copy_tree(self, source: Path) -> None:
        tablespaces = sorted(path for path in source.rglob("*") if _is_innodb_file(path.relative_to(source)))
        pause = self.settings.seconds / max(1, len(tablespaces))
        for number, path in enumerate(tablespaces):
            self._copy(path, path.relative_to(source), thread=number % int(self.options.text("parallel", "1")) + 2)
            if self.settings.lie is Lie.SLOW:
                log.note(f">> log scanned up to ({19437473 + number})", thread=1)
                time.sleep(pause)
            if self.settings.lie is Lie.ERROR_LINE and number == len(tablespaces) // 2:
                log.error(f"failed to read file ./{path.relative_to(source)}")

    def _copy_other_engines(self) -> None:
        for directory in sorted(self.data_directory.iterdir()):
            if not directory.is_dir() or directory.name[0] in "#.":
                continue
            (self.target / directory.name).mkdir(mode=0o750, exist_ok=True)
            for path in sorted(directory.iterdir()):
                if path.suffix in files.OTHER_ENGINE_SUFFIXES:
                    self._copy(path, path.relative_to(self.data_directory))

    def _copy_binlog(self, status: LogStatus) -> None:
        """Copy the current binlog up to the position, and its line of the index.

        Source:
            backup_mysql.cc, write_current_binlog_file: the directory is that of --log-bin, else of the server's
            log_bin_basename; the index is --log-bin-index, else the server's log_bin_index.
        """
        if not status.binlog_file:
            return
        base = self.options.text("log-bin")
        base = base if "/" in base else self.server.variables["log_bin_basename"]
        binlog = self.data_directory / Path(base).parent / status.binlog_file
        if not binlog.exists():
            raise BackupError(f"File '{binlog}' not found (OS errno 2 - No such file or directory)")
        index = self.data_directory / (self.options.text("log-bin-index") or self.server.variables["log_bin_index"])
        if index.suffix != ".index":
            index = index.with_name(f"{index.name}.index")
        self._copy(binlog, Path(status.binlog_file), limit_bytes=status.binlog_position)
        try:
            lines = index.read_text(encoding="utf-8").splitlines(keepends=True)
        except OSError as error:
            raise BackupError(f"cannot open binlog index file '{index}'") from error
        current = [line for line in lines if status.binlog_file in line]
        if not current:
            raise BackupError(f"cannot find current log file in the '{index}'")
        log.note(f"Writing {self.target / index.name}")
        (self.target / index.name).write_text(current[0], encoding="utf-8")

    def _pack_redo(self, source: Path) -> None:
        if self.settings.lie is not Lie.WITHOUT_REDO:
            files.pack_redo(source, self.target)

    def _copy(self, source: Path, relative: Path, *, thread: int = 0, limit_bytes: int | None = None) -> None:
        target = self.target / relative
        up_to = "" if limit_bytes is None else f" up to position {limit_bytes}"
        message = f"Copying ./{relative} to {target}{up_to}"
        log.note(message, thread=thread)
        target.parent.mkdir(mode=0o750, exist_ok=True)
        try:
            copy_bytes(source, target, limit_bytes)
        except OSError as error:
            log.error(f"Error writing file '{target}' (OS errno {error.errno} - {error.strerror})")
            raise BackupError("failed to copy datafile") from error
        log.note(f"Done: {message}", thread=thread)

    def _write_metadata(self, status: LogStatus) -> None:
        lie, target = self.settings.lie, self.target
        files.write_binlog_info(
            target, file=status.binlog_file, position=status.binlog_position, gtid_executed=status.gtid_executed
        )
        log.note(f"The latest check point (for incremental): '{status.checkpoint_lsn}'")
        if lie is not Lie.CHECKPOINTS_MISSING:
            files.write_checkpoints(
                target, backup_type="full-backuped", to_lsn=status.checkpoint_lsn, last_lsn=status.lsn
            )
        log.note(f"Backup created in directory '{target}/'")
        if status.binlog_file:
            log.note(f"MySQL binlog position: {status.describe_position()}")
        server_uuid = str(uuid.uuid4()) if lie is Lie.OTHER_SERVER else self.server.variables["server_uuid"]
        files.write_backup_my_cnf(target, self.server.variables, server_uuid=server_uuid)
        self._write_info(status)
        if lie is not Lie.METADATA_MISSING:
            files.write_tablespaces(target, [])
        if lie is Lie.CUT:
            lies.cut_a_tablespace(target)
        if lie is Lie.OMIT_TABLESPACE:
            lies.omit_a_tablespace(target)
        log.note(f"Transaction log of lsn ({status.checkpoint_lsn}) to ({status.lsn}) was copied.")

    def _write_info(self, status: LogStatus) -> None:
        ended = datetime.now(UTC).astimezone()
        size_bytes = sum(path.stat().st_size for path in self.target.rglob("*") if path.is_file())
        values: dict[str, object] = {
            "uuid": uuid.uuid1(),
            "name": "",
            "tool_name": "xtrabackup",
            "tool_command": " ".join(_masked(argument) for argument in self.command_line),
            "tool_version": self.settings.version,
            "ibbackup_version": self.settings.version,
            "server_version": self.server.variables["version"],
            "server_flavor": self.server.variables["version_comment"],
            "start_time": f"{self.started:%Y-%m-%d %H:%M:%S}",
            "end_time": f"{ended:%Y-%m-%d %H:%M:%S}",
            "lock_time": round((ended - self.started).total_seconds()),
            "binlog_pos": status.describe_position(),
            "innodb_from_lsn": 0,
            "innodb_to_lsn": status.checkpoint_lsn,
            "partial": "N",
            "incremental": "N",
            "format": "xbstream" if self.options.has("stream") else "file",
            "compressed": "N",
            "encrypted": "N",
            "lock_ddl_type": self.options.text("lock-ddl") or "ON",
            "backup_size": size_bytes,
        }
        files.write_info(self.target, values)


def copy_bytes(source: Path, target: Path, limit_bytes: int | None = None) -> None:
    """Copy a file's bytes into a new file, in chunks so that the target grows visibly."""
    remaining = source.stat().st_size if limit_bytes is None else limit_bytes
    with source.open("rb", buffering=0) as reader, target.open("xb", buffering=0) as writer:
        os.fchmod(writer.fileno(), 0o640)
        while remaining > 0:
            copied = os.sendfile(writer.fileno(), reader.fileno(), None, min(remaining, _COPY_CHUNK_BYTES))
            if not copied:
                return
            remaining -= copied


def _is_innodb_file(relative: Path) -> bool:
    """Tell which files of a data directory XtraBackup copies for InnoDB."""
    if any(part[0] in "#." for part in relative.parts) or len(relative.parts) > 2:
        return False
    name = relative.name
    if len(relative.parts) == 2:
        return name.endswith(".ibd")
    return name.startswith(("ibdata", "undo_")) or name.endswith((".ibd", ".ibu")) or name == "ib_buffer_pool"


@contextmanager
def _target_directory(options: Options) -> Iterator[Path]:
    """Yield the directory to fill; when streaming it is a temporary one."""
    if options.has("stream"):
        with tempfile.TemporaryDirectory(prefix="xtrabackup-standin-", dir=options.text("tmpdir") or None) as name:
            yield Path(name)
        return
    target = Path(options.text("target-dir", "./xtrabackup_backupfiles/"))
    if not target.exists():
        try:
            target.mkdir(mode=0o750)
        except OSError as error:
            raise BackupError(f"cannot mkdir {error.errno}: {target}") from error
    if any(target.iterdir()):
        raise BackupError(f"Can't create/write to file '{target}/ibdata1' (OS errno 17 - File exists)")
    yield target


def _refuse_what_is_not_imitated(options: Options) -> None:
    for name in (
        "incremental-basedir",
        "incremental-lsn",
        "compress",
        "encrypt",
        "tables",
        "databases",
        "page-tracking",
    ):
        if options.has(name):
            raise BackupError(f"stand-in: --{name} is not imitated")


def _copy_to_extra_lsndir(target: Path, extra: Path) -> None:
    extra.mkdir(exist_ok=True)
    for name in (files.CHECKPOINTS, files.INFO):
        if (target / name).exists():
            shutil.copy2(target / name, extra / name)


def _stream(directory: Path) -> None:
    """Write the backup to standard output in xbstream's format, xtrabackup_tablespaces last."""
    names = sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())
    names.sort(key=lambda name: name == files.TABLESPACES)
    for name in names:
        log.note(f"Streaming ./{name} to <STDOUT>")
    if subprocess.run(["mbstream", "-c", *names], cwd=directory, stdout=sys.stdout.buffer, check=False).returncode:
        raise BackupError("Error writing to stream")


def _masked(argument: str) -> str:
    return "--password=..." if argument.startswith("--password=") else argument
