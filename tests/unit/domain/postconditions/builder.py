"""Good evidence of a backup of a small MariaDB or MySQL server; each test spoils one thing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from octeth_backupd.domain.checks import CheckResult
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.evidence import (
    Archived,
    ArchiveReadBack,
    DirectoryState,
    Evidence,
    FileEntry,
    ServerAfter,
)
from octeth_backupd.domain.postconditions.registry import evaluate
from octeth_backupd.domain.server import (
    Address,
    EngineTable,
    LsnPosition,
    ServerFacts,
    ServerIdentity,
    Tablespace,
    TablespaceKind,
    Vendor,
    parse_version,
)

MEBIBYTE = 1 << 20
SERVER_UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
TOP = "octeth-backup-2026-11-22_02-00-00"
SHA256 = "ab" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    program: str = "mariadb-backup"
    exit_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    completed: Ended = field(default_factory=Ended)
    last_line: str = "[00] 2026-11-22 11:10:25 completed OK!"
    error_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    raw_backup_type: str = "full-backuped"
    prepared_backup_type: str = "log-applied"
    checkpoints_files: tuple[str, ...] = ("xtrabackup_checkpoints", "mariadb_backup_checkpoints")
    info_files: tuple[str, ...] = ("xtrabackup_info", "mariadb_backup_info")
    binlog_info_files: tuple[str, ...] = ("xtrabackup_binlog_info", "mariadb_backup_binlog_info")
    required_files: tuple[tuple[str, ...], ...] = (("backup-my.cnf",), ("ib_logfile0",))
    may_be_empty: frozenset[str] = frozenset()


CHECKPOINTS = "backup_type = {type}\nfrom_lsn = 0\nto_lsn = 900\nlast_lsn = 1200\nrecover_binlog_info = 0\n"
INFO = "tool_version = {version}\nserver_version = {version}\ninnodb_from_lsn = 0\ninnodb_to_lsn = 900\n"
BINLOG_INFO = "binlog.000001\t199840121\t0-71-14\n"

MARIADB_TABLESPACES = (
    Tablespace(space_id=0, name="innodb_system", size_bytes=12 * MEBIBYTE, kind=TablespaceKind.SYSTEM),
    Tablespace(space_id=5, name="shop/orders", size_bytes=40 * MEBIBYTE, path="./shop/orders.ibd"),
    Tablespace(space_id=6, name="shop/clients#P#p0", size_bytes=MEBIBYTE, path="./shop/clients#P#p0.ibd"),
    Tablespace(space_id=7, name="innodb_temporary", size_bytes=12 * MEBIBYTE, kind=TablespaceKind.TEMPORARY),
    Tablespace(space_id=8, name="shop/unopened", size_bytes=0, discarded=True),
)
MYSQL_TABLESPACES = (
    Tablespace(space_id=0, name="innodb_system", size_bytes=12 * MEBIBYTE, kind=TablespaceKind.SYSTEM, path="ibdata1"),
    Tablespace(
        space_id=4294967294, name="mysql", size_bytes=30 * MEBIBYTE, kind=TablespaceKind.GENERAL, path="mysql.ibd"
    ),
    Tablespace(space_id=5, name="shop/orders", size_bytes=40 * MEBIBYTE, path="./shop/orders.ibd"),
    Tablespace(
        space_id=4294967279,
        name="innodb_undo_001",
        size_bytes=16 * MEBIBYTE,
        kind=TablespaceKind.UNDO,
        path="./undo_001",
    ),
)
OTHER_TABLES = (
    EngineTable(schema="shop", table="notes", engine="MyISAM", file_stem="shop/notes"),
    EngineTable(schema="mysql", table="db", engine="Aria", file_stem="mysql/db"),
    EngineTable(schema="shop", table="log", engine="ARCHIVE", file_stem="shop/log"),
    EngineTable(schema="mysql", table="general_log", engine="CSV", file_stem="mysql/general_log"),
    EngineTable(schema="shop", table="scratch", engine="MEMORY", file_stem="shop/scratch"),
)
MARIADB_FILES = {
    "ibdata1": FileEntry(size_bytes=12 * MEBIBYTE, space_id=0),
    "shop/orders.ibd": FileEntry(size_bytes=41 * MEBIBYTE, space_id=5),
    "shop/clients#P#p0.ibd": FileEntry(size_bytes=MEBIBYTE, space_id=6),
    "shop/unopened.ibd": FileEntry(size_bytes=MEBIBYTE, space_id=8),
    **{
        f"{stem}{suffix}": FileEntry(size_bytes=100)
        for stem, suffixes in {
            "shop/orders": (".frm",),
            "shop/clients": (".frm", ".par"),
            "shop/notes": (".frm", ".MYD", ".MYI"),
            "mysql/db": (".frm", ".MAD", ".MAI"),
            "shop/log": (".frm", ".ARZ"),
            "mysql/general_log": (".frm", ".CSV", ".CSM"),
            "shop/scratch": (".frm",),
        }.items()
        for suffix in suffixes
    },
}
MYSQL_FILES = {
    "ibdata1": FileEntry(size_bytes=12 * MEBIBYTE, space_id=0),
    "mysql.ibd": FileEntry(size_bytes=30 * MEBIBYTE, space_id=4294967294),
    "shop/orders.ibd": FileEntry(size_bytes=40 * MEBIBYTE, space_id=5),
    "undo_001": FileEntry(size_bytes=16 * MEBIBYTE, space_id=4294967279),
}


def position(current_lsn: int, checkpoint_lsn: int) -> LsnPosition:
    return LsnPosition(
        current_lsn=current_lsn, checkpoint_lsn=checkpoint_lsn, taken_at=datetime(2026, 11, 22, 2, tzinfo=UTC)
    )


def facts(vendor: Vendor = Vendor.MARIADB) -> ServerFacts:
    is_mariadb = vendor is Vendor.MARIADB
    text = "10.11.19-MariaDB-0+deb12u1-log" if is_mariadb else "9.7.4"
    return ServerFacts(
        address=Address(host="127.0.0.1"),
        user="root@localhost",
        vendor=vendor,
        version=parse_version(text),
        version_text=text,
        version_comment="Debian 12" if is_mariadb else "MySQL Community Server - GPL",
        identity=ServerIdentity(vendor=vendor, server_uuid="" if is_mariadb else SERVER_UUID),
        variables={"log_bin": "ON", "innodb_data_file_path": "ibdata1:12M:autoextend"},
        persisted_variables={},
        grants=(),
        tablespaces=MARIADB_TABLESPACES if is_mariadb else MYSQL_TABLESPACES,
        other_tables=OTHER_TABLES if is_mariadb else (),
        engine_counts={},
        long_transactions=(),
        lsn=position(1000, 800),
        redo_capacity_bytes=100 * MEBIBYTE,
        gtid="",
        encryption=(),
    )


def good_evidence(vendor: Vendor = Vendor.MARIADB) -> Evidence:
    """Return evidence that passes every post-condition."""
    before = facts(vendor)
    is_mariadb = vendor is Vendor.MARIADB
    expectation = (
        Expected()
        if is_mariadb
        else Expected(
            prepared_backup_type="full-prepared", required_files=(("backup-my.cnf",), ("xtrabackup_tablespaces",))
        )
    )
    redo = "ib_logfile0" if is_mariadb else "xtrabackup_logfile"
    texts = {
        "xtrabackup_checkpoints": CHECKPOINTS.format(type=expectation.raw_backup_type),
        "xtrabackup_info": INFO.format(version=before.version_text),
        "xtrabackup_binlog_info": BINLOG_INFO,
        "backup-my.cnf": "[mysqld]\ninnodb_page_size=16384\n" + ("" if is_mariadb else f"server_uuid={SERVER_UUID}\n"),
    }
    metadata = {
        **{name: FileEntry(size_bytes=len(text)) for name, text in texts.items()},
        **({} if is_mariadb else {"xtrabackup_tablespaces": FileEntry(size_bytes=40)}),
    }
    data = MARIADB_FILES if is_mariadb else MYSQL_FILES
    prepared_files = {**data, **metadata}
    return Evidence(
        server="oempro",
        engine="mariadb-backup" if is_mariadb else "xtrabackup",
        expectation=expectation,
        before=before,
        after=ServerAfter(tablespaces=before.tablespaces, other_tables=before.other_tables, lsn=position(1300, 900)),
        backup_run=Judged(),
        raw=DirectoryState(files={**prepared_files, redo: FileEntry(size_bytes=5000)}, texts=texts),
        prepare_run=Judged(),
        prepared=DirectoryState(
            files=prepared_files,
            texts={
                **texts,
                "xtrabackup_checkpoints": CHECKPOINTS.format(type=expectation.prepared_backup_type),
            },
        ),
        archived=Archived(
            stages={"tar": 0, "zstd": 0},
            sha256=SHA256,
            size_bytes=20 * MEBIBYTE,
            top_directory=TOP,
            archived_bytes=sum(entry.size_bytes for entry in prepared_files.values()) + 10240,
        ),
        read_back=ArchiveReadBack(
            sha256=SHA256,
            size_bytes=20 * MEBIBYTE,
            files={f"{TOP}/{path}": entry.size_bytes for path, entry in prepared_files.items()},
        ),
    )


def with_raw(evidence: Evidence, *, without: tuple[str, ...] = (), **changes: Any) -> Evidence:
    """Return the evidence with other files or texts in the raw directory."""
    assert evidence.raw is not None
    return replace(evidence, raw=_changed(evidence.raw, without, **changes))


def with_prepared(evidence: Evidence, *, without: tuple[str, ...] = (), **changes: Any) -> Evidence:
    """Return the evidence with other files or texts in the prepared directory."""
    assert evidence.prepared is not None
    return replace(evidence, prepared=_changed(evidence.prepared, without, **changes))


def _changed(
    directory: DirectoryState,
    without: tuple[str, ...],
    *,
    files: dict[str, FileEntry] | None = None,
    texts: dict[str, str] | None = None,
) -> DirectoryState:
    kept = {path: entry for path, entry in directory.files.items() if path not in without}
    return DirectoryState(files={**kept, **(files or {})}, texts={**directory.texts, **(texts or {})})


def answer(evidence: Evidence, name: str, stage: Stage) -> CheckResult:
    """Return the answer of one post-condition."""
    (found,) = [result for result in evaluate(evidence, stage) if result.name == name]
    return found
