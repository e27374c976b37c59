"""A whole manifest; a test names only what it is about."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from octeth_backupd.domain.backup import Mode, Slot, Tier, Trigger
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.manifest_parts import (
    ArchivePart,
    CompressionPart,
    DataOwner,
    EnginePart,
    PlacementEntry,
    PositionPart,
    SchemaEntry,
    ServerPart,
    SizesPart,
    TimesPart,
)
from octeth_backupd.domain.server import (
    Address,
    EngineTable,
    LsnPosition,
    Mount,
    Placement,
    ServerIdentity,
    Tablespace,
    TablespaceKind,
    Vendor,
)
from tests.fakes.catalog_values import START


def make_server_part(**fields: Any) -> ServerPart:
    values: dict[str, Any] = {
        "name": "oempro",
        "vendor": Vendor.MYSQL,
        "version": "8.0.36",
        "version_text": "8.0.36",
        "version_comment": "MySQL Community Server - GPL",
        "identity": ServerIdentity(vendor=Vendor.MYSQL, server_uuid="3e11fa47-71ca-11e1-9e33-c80aa9429562"),
        "placement": PlacementEntry(
            kind=Placement.CONTAINER,
            container="oempro_mysql",
            image="mysql:8.0",
            image_digest="mysql@sha256:00",
            command=("mysqld", "--report-password=canary"),
            mounts=(Mount(source=Path("/opt/data"), destination=PurePosixPath("/var/lib/mysql")),),
            address=Address(host="127.0.0.1"),
        ),
        "variables": {"datadir": "/var/lib/mysql/", "report_password": "canary"},
        "persisted_variables": {"max_connections": "500"},
        "server_paths": {"data": PurePosixPath("/var/lib/mysql")},
        "host_paths": {"data": Path("/opt/data")},
        "data_owner": DataOwner(uid=999, gid=999, mode="0750"),
        "schemas": ("oempro",),
        "tablespaces": (
            Tablespace(space_id=0, name="innodb_system", size_bytes=12, kind=TablespaceKind.SYSTEM),
            Tablespace(space_id=7, name="oempro/users", size_bytes=99, path="./oempro/users.ibd"),
        ),
        "other_tables": (EngineTable(schema="oempro", table="log", engine="MyISAM", file_stem="log"),),
        "engine_counts": {"InnoDB": 40, "MyISAM": 1},
        "fingerprint": {"oempro": SchemaEntry(tables=41, approximate_rows=12_000)},
    }
    return ServerPart(**values | fields)


def make_manifest(**fields: Any) -> Manifest:
    name = "octeth-backup-2026-11-22_02-00-00.tar.zst"
    lsn = LsnPosition(current_lsn=18_000, checkpoint_lsn=17_000, taken_at=START)
    values: dict[str, Any] = {
        "daemon_version": "0.1.0",
        "installation_id": "11111111-2222-3333-4444-555555555555",
        "backup_id": "oempro-2026-11-22_02-00-00",
        "run_id": "run-1",
        "tier": Tier.WEEKLY,
        "tiers": frozenset({Tier.WEEKLY, Tier.DAILY}),
        "trigger": Trigger.SCHEDULE,
        "mode": Mode.PREPARED,
        "slots": (Slot(server="oempro", schedule="daily", tier=Tier.DAILY, due_at=START),),
        "times": TimesPart(run_started_at=START, taken_at=START, engine_finished_at=START, finished_at=START),
        "archive": ArchivePart(
            name=name,
            sha256="ab" * 32,
            size_bytes=2_000,
            listing_sha256="cd" * 32,
            file_count=212,
            top_directory=name.removesuffix(".tar.zst"),
            compression=CompressionPart(algorithm="zstd", level=3),
        ),
        "sizes": SizesPart(data_bytes=10_000, raw_bytes=10_100, prepared_bytes=10_200, archive_bytes=2_000),
        "engine": EnginePart(
            name="xtrabackup",
            version="8.0.35",
            version_text="xtrabackup version 8.0.35-31",
            runner="host",
            options=("--backup", "--parallel=2"),
        ),
        "position": PositionPart(
            from_lsn=0,
            to_lsn=19_000,
            last_lsn=19_500,
            before=lsn,
            after=lsn,
            gtid="3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5",
            binlog_file="binlog.000002",
            binlog_position=157,
        ),
        "postconditions": {"completed_ok": CheckStatus.PASSED},
        "server": make_server_part(),
    }
    return Manifest(**values | fields)
