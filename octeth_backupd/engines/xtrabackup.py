"""Percona XtraBackup, for MySQL and Percona Server."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from octeth_backupd.domain.section import Section
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.engines.base import Expectation
from octeth_backupd.engines.extra_options import check_extra_options
from octeth_backupd.engines.invocation import ask_version, run_judged
from octeth_backupd.engines.xtrabackup_fit import xtrabackup_fit
from octeth_backupd.process.command import Command, StopPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.server import Address, ServerFacts
    from octeth_backupd.engines.base import BackupRequest, EngineRun, EngineVersion
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.command import Runner

# "xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64) (revision id: …)", on standard error
_VERSION_LINE = re.compile(r"^\S*xtrabackup\S* version (?P<version>\d+\.\d+\.\d+)")
# Role, the server's variable, the option that overrides it: needed where a path is another one here than in the server.
_DIRECTORIES = (
    ("redo", "innodb_log_group_home_dir", "innodb-log-group-home-dir"),
    ("undo", "innodb_undo_directory", "innodb-undo-directory"),
    ("innodb_home", "innodb_data_home_dir", "innodb-data-home-dir"),
)
_KEYRING_STATUS_SINCE = Version(major=8, minor=0, patch=24)
_EXTERNAL_PREFIX = "external:"
_VERSION_CHECK_SERIES = frozenset({(8, 0), (8, 1), (8, 2), (8, 3)})


class XtraBackupSettings(Section):
    """Percona XtraBackup."""

    program: str = Field(default="xtrabackup", min_length=1, description="Name in PATH, or absolute path.")
    extra_options: Annotated[tuple[str, ...], AfterValidator(check_extra_options)] = Field(
        default=(),
        description="More options for --backup, such as --throttle=40. "
        "Refused is what changes target, format, credentials, paths or content.",
    )


class XtraBackup:
    """See Engine. TERM ends it; preparing what is prepared already does no harm."""

    name = "xtrabackup"
    vendors = frozenset({Vendor.MYSQL, Vendor.PERCONA})
    expectation = Expectation(
        raw_backup_type="full-backuped",
        prepared_backup_type="full-prepared",
        checkpoints_files=("xtrabackup_checkpoints",),
        info_files=("xtrabackup_info",),
        binlog_info_files=("xtrabackup_binlog_info",),
        # xtrabackup_tablespaces is the last file it writes.
        required_files=(
            ("xtrabackup_checkpoints",),
            ("xtrabackup_info",),
            ("backup-my.cnf",),
            ("xtrabackup_tablespaces",),
        ),
    )
    _stop = StopPolicy()

    def __init__(self, settings: XtraBackupSettings) -> None:
        self._settings = settings

    def version(self, runner: Runner, *, cancellation: Cancellation) -> EngineVersion:
        """See Engine.version."""
        return ask_version(
            runner,
            self._settings.program,
            pattern=_VERSION_LINE,
            product="Percona XtraBackup",
            cancellation=cancellation,
        )

    def check_fit(self, version: EngineVersion, facts: ServerFacts) -> CheckResult:
        """See Engine.check_fit."""
        return xtrabackup_fit(version, facts)

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
            Percona XtraBackup 8.0 and 8.4 manuals, "Connection and privileges needed"; the two give the same grants.
            MySQL 8.0 manual: performance_schema.keyring_component_status came with 8.0.24.
        """
        tables = ["log_status", "replication_group_members"]
        if facts.version >= _KEYRING_STATUS_SINCE:
            tables.append("keyring_component_status")
        return (
            "BACKUP_ADMIN",
            "PROCESS",
            "RELOAD",
            "LOCK TABLES",
            "REPLICATION CLIENT",
            *(f"SELECT ON performance_schema.{table}" for table in tables),
        )


def backup_arguments(request: BackupRequest) -> tuple[str, ...]:
    """Return the arguments of a full backup; user and password are in the option file.

    Without ``--lock-ddl-timeout`` XtraBackup waits a year for the backup lock; without ``--ftwrl-wait-timeout`` a long
    query in a server with MyISAM tables would stall every other one behind FLUSH TABLES WITH READ LOCK.

    Source:
        Percona XtraBackup 8.0 manual, "The xtrabackup option reference".
    """
    arguments = [
        f"--defaults-extra-file={request.option_file}",
        "--backup",
        f"--target-dir={request.target_directory}",
        f"--datadir={request.paths['data']}",
        *_address_arguments(request.address),
        f"--parallel={request.parallel}",
        *_directory_arguments(request.paths, request.facts.variables),
    ]
    if request.lock_ddl_timeout_seconds:
        arguments += [
            f"--lock-ddl-timeout={request.lock_ddl_timeout_seconds}",
            f"--ftwrl-wait-timeout={request.lock_ddl_timeout_seconds}",
        ]
    if request.open_files_limit:
        arguments.append(f"--open-files-limit={request.open_files_limit}")
    if request.facts.version.series in _VERSION_CHECK_SERIES:
        # Asks Percona for a newer release, through perl. 8.4 deprecates the option and the check (PXB-3461).
        arguments.append("--no-version-check")
    return tuple(arguments)


def prepare_arguments(target_directory: Path, *, memory_bytes: int, open_files_limit: int) -> tuple[str, ...]:
    """Return the arguments that prepare a full backup so that nothing more can be applied to it."""
    arguments = ["--prepare", f"--target-dir={target_directory}", f"--use-memory={memory_bytes}"]
    if open_files_limit:
        arguments.append(f"--open-files-limit={open_files_limit}")
    return tuple(arguments)


def _address_arguments(address: Address) -> tuple[str, ...]:
    """Return how to connect; over TCP without TLS caching_sha2_password needs the server's public key."""
    if address.unix_socket:
        return (f"--socket={address.unix_socket}",)
    return (f"--host={address.host}", f"--port={address.port}", "--get-server-public-key")


def _directory_arguments(paths: Mapping[str, str], variables: Mapping[str, str]) -> Iterator[str]:
    """Yield options for directories that are elsewhere than the server says, as seen from where the program runs."""
    for role, variable, option in _DIRECTORIES:
        if role in paths and PurePosixPath(paths["data"], variables.get(variable, "")) != PurePosixPath(paths[role]):
            yield f"--{option}={paths[role]}"
    if "binlog" in paths and variables.get("log_bin_basename"):
        basename = PurePosixPath(variables["log_bin_basename"])
        if PurePosixPath(paths["binlog"]) != basename.parent:
            yield f"--log-bin={PurePosixPath(paths['binlog'], basename.name)}"
    if "binlog_index" in paths and variables.get("log_bin_index") not in {None, paths["binlog_index"]}:
        yield f"--log-bin-index={paths['binlog_index']}"
    external = {role.removeprefix(_EXTERNAL_PREFIX): path for role, path in paths.items() if _is_external(role)}
    if any(server_path != path for server_path, path in external.items()):
        yield f"--innodb-directories={';'.join(external.values())}"


def _is_external(role: str) -> bool:
    return role.startswith(_EXTERNAL_PREFIX)
