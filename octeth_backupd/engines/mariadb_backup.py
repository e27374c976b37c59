"""mariadb-backup, for MariaDB."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.section import Section
from octeth_backupd.domain.server import Vendor
from octeth_backupd.engines.base import Expectation
from octeth_backupd.engines.extra_options import check_extra_options
from octeth_backupd.engines.invocation import ask_version, run_judged
from octeth_backupd.process.command import Command, StopPolicy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.domain.server import Address, ServerFacts
    from octeth_backupd.engines.base import BackupRequest, EngineRun, EngineVersion
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.command import Runner

CHECK_NAME = "engine_version"
# "mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)", on standard error
_VERSION_LINE = re.compile(r"based on MariaDB server (?P<version>\d+\.\d+\.\d+)")
_BINLOG_MONITOR_SINCE = (10, 5)


class MariaDbBackupSettings(Section):
    """mariadb-backup."""

    program: str = Field(
        default="mariadb-backup",
        min_length=1,
        description="Name in PATH, or absolute path; in a sidecar, of the image.",
    )
    extra_options: Annotated[tuple[str, ...], AfterValidator(check_extra_options)] = Field(
        default=(),
        description="More options for --backup. Refused is what changes target, format, credentials, paths or content.",
    )


class MariaDbBackup:
    """See Engine.

    It blocks TERM and HUP and runs on to "completed OK!"; INT ends it. It reads the paths that the *server* names and
    ignores ``--datadir``: it must run where these are the server's own (``selection.place`` sees to that). Preparing
    what is prepared already does no harm.
    """

    name = "mariadb-backup"
    vendors = frozenset({Vendor.MARIADB})
    # Renamed in 11.1 (MDEV-18931). "log-applied" is what a finally prepared backup says here.
    expectation = Expectation(
        raw_backup_type="full-backuped",
        prepared_backup_type="log-applied",
        checkpoints_files=("xtrabackup_checkpoints", "mariadb_backup_checkpoints"),
        info_files=("xtrabackup_info", "mariadb_backup_info"),
        binlog_info_files=("xtrabackup_binlog_info", "mariadb_backup_binlog_info"),
        required_files=(
            ("xtrabackup_checkpoints", "mariadb_backup_checkpoints"),
            ("backup-my.cnf",),
            ("xtrabackup_info", "mariadb_backup_info"),
        ),
    )
    _stop = StopPolicy(signals=(signal.SIGINT,))

    def __init__(self, settings: MariaDbBackupSettings) -> None:
        self._settings = settings

    def version(self, runner: Runner, *, cancellation: Cancellation) -> EngineVersion:
        """See Engine.version."""
        return ask_version(
            runner, self._settings.program, pattern=_VERSION_LINE, product="mariadb-backup", cancellation=cancellation
        )

    def check_fit(self, version: EngineVersion, facts: ServerFacts) -> CheckResult:
        """See Engine.check_fit."""
        return mariadb_backup_fit(version, facts)

    def backup(
        self,
        request: BackupRequest,
        runner: Runner,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        timeout_seconds: float,
    ) -> EngineRun:
        """See Engine.backup."""
        command = Command(
            program=self._settings.program,
            arguments=(*backup_arguments(request), *self._settings.extra_options),
            stop=self._stop,
            open_files_limit=request.open_files_limit,
        )
        return run_judged(runner, command, on_line=on_line, cancellation=cancellation, timeout_seconds=timeout_seconds)

    def prepare(
        self,
        target_directory: Path,
        runner: Runner,
        *,
        memory_bytes: int,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        open_files_limit: int,
        timeout_seconds: float = 0,
    ) -> EngineRun:
        """See Engine.prepare."""
        command = Command(
            program=self._settings.program,
            arguments=prepare_arguments(target_directory, memory_bytes=memory_bytes, open_files_limit=open_files_limit),
            stop=self._stop,
            open_files_limit=open_files_limit,
        )
        return run_judged(runner, command, on_line=on_line, cancellation=cancellation, timeout_seconds=timeout_seconds)

    def required_grants(self, facts: ServerFacts) -> tuple[str, ...]:
        """See Engine.required_grants.

        Source:
            MariaDB's documentation of mariadb-backup, "Authentication and Privileges"; measured on 10.11: without
            BINLOG MONITOR the backup fails at its very end.
        """
        binlog = "BINLOG MONITOR" if facts.version.series >= _BINLOG_MONITOR_SINCE else "REPLICATION CLIENT"
        return ("RELOAD", "PROCESS", binlog)


def backup_arguments(request: BackupRequest) -> tuple[str, ...]:
    """Return the arguments of a full backup; user and password are in the option file.

    ``--ftwrl-wait-timeout`` is how long to wait for BACKUP STAGE START; newer releases call it
    ``--startup-wait-timeout`` and keep this name, which all releases know.
    """
    arguments = [
        f"--defaults-extra-file={request.option_file}",
        "--backup",
        f"--target-dir={request.target_directory}",
        *_address_arguments(request.address),
        f"--parallel={request.parallel}",
    ]
    if request.lock_ddl_timeout_seconds:
        arguments.append(f"--ftwrl-wait-timeout={request.lock_ddl_timeout_seconds}")
    if request.open_files_limit:
        arguments.append(f"--open-files-limit={request.open_files_limit}")
    return tuple(arguments)


def prepare_arguments(target_directory: Path, *, memory_bytes: int, open_files_limit: int) -> tuple[str, ...]:
    """Return the arguments that prepare a full backup."""
    arguments = ["--prepare", f"--target-dir={target_directory}", f"--use-memory={memory_bytes}"]
    if open_files_limit:
        arguments.append(f"--open-files-limit={open_files_limit}")
    return tuple(arguments)


def mariadb_backup_fit(version: EngineVersion, facts: ServerFacts) -> CheckResult:
    """Answer whether a mariadb-backup can back up a server: MariaDB's, of the same major and minor version.

    Source:
        MariaDB's documentation of mariadb-backup, "Compatibility of mariadb-backup releases with server releases".
    """
    tool, server = version.version, facts.version
    names = f"mariadb-backup {tool}, server {facts.version_text}"
    if facts.vendor is not Vendor.MARIADB:
        return CheckResult(
            name=CHECK_NAME,
            status=CheckStatus.FAILED,
            summary=f"mariadb-backup cannot back up MySQL: {names}",
            fix='Set [backup] engine = "auto" and install the Percona XtraBackup of the server\'s series.',
            command=f"apt-get install percona-xtrabackup-{server.major}{server.minor}",
        )
    if tool.series == server.series:
        return CheckResult(name=CHECK_NAME, status=CheckStatus.PASSED, summary=names)
    age = "old" if tool.series < server.series else "new"
    package = f"mariadb-backup=1:{server.major}.{server.minor}.*"
    return CheckResult(
        name=CHECK_NAME,
        status=CheckStatus.FAILED,
        summary=f"mariadb-backup is too {age} for this server: {names}",
        cause="A mariadb-backup reads the redo log of its own major and minor version only.",
        fix=f"Install {package}; for a server in a container, clear [backup] sidecar_image or set it to an image "
        f"with mariadb-backup {server.major}.{server.minor}.",
        command=f"apt-get install '{package}'",
    )


def _address_arguments(address: Address) -> tuple[str, ...]:
    if address.unix_socket:
        return (f"--socket={address.unix_socket}",)
    return (f"--host={address.host}", f"--port={address.port}")
