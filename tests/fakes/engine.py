"""An engine that writes a small backup instead of making one; a test spoils what it writes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.engines.base import EngineRun, EngineVersion
from octeth_backupd.engines.xtrabackup import XtraBackup
from octeth_backupd.process.command import Completed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.domain.server import ServerFacts
    from octeth_backupd.engines.base import BackupRequest
    from octeth_backupd.errors import BackupdError
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.command import Runner

PAGE_BYTES = 16384
SERVER_UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
COMPLETED_OK = "2026-11-22T02:00:05.000000-00:00 0 [Note] [MY-011825] [Xtrabackup] completed OK!"
CHECKPOINTS = "backup_type = {}\nfrom_lsn = 0\nto_lsn = 900\nlast_lsn = 1200\nflushed_lsn = 1200\n"
TEXTS = {
    "xtrabackup_checkpoints": CHECKPOINTS.format("full-backuped"),
    "xtrabackup_info": "tool_version = 9.7.4\nserver_version = 9.7.4\ninnodb_from_lsn = 0\ninnodb_to_lsn = 900\n",
    "xtrabackup_binlog_info": "binlog.000003\t157\tgtid:1-5\n",
    "backup-my.cnf": f"[mysqld]\ninnodb_page_size=16384\nserver_uuid={SERVER_UUID}\n",
    "xtrabackup_tablespaces": '{"version": 1, "external_tablespaces": []}',
}


def page_zero(space_id: int) -> bytes:
    """Return one page that begins as an InnoDB file of this tablespace does."""
    header = b"\xab\xcd\xef\x01" + bytes(30) + struct.pack(">I", space_id)
    return header.ljust(PAGE_BYTES, b"\x07")


class FakeEngine:
    """See Engine. It finds the files of ``files`` in the server: path → content."""

    name = "xtrabackup"
    vendors = frozenset({Vendor.MYSQL})
    expectation = XtraBackup.expectation

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {
            "ibdata1": page_zero(0),
            "shop/orders.ibd": page_zero(5),
            "undo_001": page_zero(4294967279),
            "xtrabackup_logfile": bytes(4096),
            **{name: text.encode() for name, text in TEXTS.items()},
        }
        self.exit_code = 0
        self.prepared_type = "full-prepared"
        self.last_line = COMPLETED_OK
        self.version_error: BackupdError | None = None
        self.while_backing_up: Callable[[BackupRequest], None] = lambda _request: None
        self.requests: list[BackupRequest] = []
        self.timeouts_seconds: list[float] = []
        self.option_text = ""

    def version(self, runner: Runner, *, cancellation: Cancellation) -> EngineVersion:
        if self.version_error is not None:
            raise self.version_error
        return EngineVersion(version=Version(major=9, minor=7, patch=4), text="xtrabackup version 9.7.4")

    def check_fit(self, version: EngineVersion, facts: ServerFacts) -> CheckResult:
        return CheckResult(name="fit", status=CheckStatus.PASSED, summary="fits")

    def backup(
        self,
        request: BackupRequest,
        runner: Runner,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        timeout_seconds: float,
    ) -> EngineRun:
        self.requests.append(request)
        self.timeouts_seconds.append(timeout_seconds)
        self.option_text = request.option_file.read_text()
        for name, content in self.files.items():
            path = request.target_directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.while_backing_up(request)
        cancellation.raise_if_cancelled()
        on_line(self.last_line)
        return self._ended()

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
        self.timeouts_seconds.append(timeout_seconds)
        (target_directory / "xtrabackup_checkpoints").write_text(CHECKPOINTS.format(self.prepared_type))
        return self._ended()

    def required_grants(self, facts: ServerFacts) -> tuple[str, ...]:
        return ("RELOAD",)

    def _ended(self) -> EngineRun:
        return EngineRun(
            completed=Completed(program=self.name, exit_code=self.exit_code), last_line=self.last_line, error_lines=()
        )
