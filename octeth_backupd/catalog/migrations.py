"""How the catalog's tables came to be, release by release.

Each migration is plain SQL and final once released: a change is a new migration at the end. All missing ones run in one
transaction, after a copy of the file was put beside it. Pins, holds and proofs get their tables with the release that
writes them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step from a version of the schema to the next.

    Attributes:
        version: The schema's version afterwards; the first is 1.
        statements: One SQL statement each, run in order, foreign keys not enforced until the end.
    """

    version: int
    statements: tuple[str, ...]


def _kept(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_are_kept BEFORE DELETE ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'nothing is removed from history'); END"
    )


_FIRST = Migration(
    version=1,
    statements=(
        "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """
        CREATE TABLE servers (
            name TEXT NOT NULL PRIMARY KEY,
            first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE server_identities (
            position INTEGER NOT NULL PRIMARY KEY,
            server TEXT NOT NULL REFERENCES servers (name),
            vendor TEXT NOT NULL,
            server_uuid TEXT NOT NULL,
            server_id TEXT NOT NULL,
            hostname TEXT NOT NULL,
            data_device TEXT NOT NULL,
            data_inode TEXT NOT NULL,
            first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL
        )
        """,
        "CREATE INDEX server_identities_by_server ON server_identities (server, position)",
        """
        CREATE TABLE runs (
            run_id TEXT NOT NULL PRIMARY KEY,
            operation TEXT NOT NULL,
            server TEXT NOT NULL,
            "trigger" TEXT NOT NULL,
            tiers TEXT NOT NULL,
            status TEXT NOT NULL,
            created_at TEXT NOT NULL,
            requested_by TEXT NOT NULL,
            started_at TEXT,
            finished_at TEXT,
            step TEXT NOT NULL,
            backup_id TEXT,
            error_code TEXT NOT NULL,
            error TEXT NOT NULL,
            hint TEXT NOT NULL,
            detail TEXT NOT NULL
        )
        """,
        "CREATE INDEX runs_by_time ON runs (created_at, run_id)",
        "CREATE INDEX runs_by_server ON runs (server, created_at, run_id)",
        "CREATE INDEX runs_unfinished ON runs (created_at, run_id) WHERE status IN ('queued', 'running')",
        """
        CREATE TABLE steps (
            run_id TEXT NOT NULL REFERENCES runs (run_id),
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            status TEXT NOT NULL,
            started_at TEXT NOT NULL,
            finished_at TEXT,
            detail TEXT NOT NULL,
            PRIMARY KEY (run_id, position)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE backups (
            backup_id TEXT NOT NULL PRIMARY KEY,
            server TEXT NOT NULL,
            taken_at TEXT NOT NULL,
            finished_at TEXT NOT NULL,
            tier TEXT NOT NULL,
            tiers TEXT NOT NULL,
            "trigger" TEXT NOT NULL,
            mode TEXT NOT NULL,
            run_id TEXT NOT NULL,
            installation_id TEXT NOT NULL,
            archive_name TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            data_bytes INTEGER NOT NULL,
            archive_bytes INTEGER NOT NULL,
            vendor TEXT NOT NULL,
            server_version TEXT NOT NULL,
            engine TEXT NOT NULL,
            engine_version TEXT NOT NULL,
            to_lsn INTEGER NOT NULL,
            last_lsn INTEGER NOT NULL,
            suspect TEXT NOT NULL
        )
        """,
        "CREATE INDEX backups_by_time ON backups (taken_at, backup_id)",
        "CREATE INDEX backups_by_server ON backups (server, taken_at, backup_id)",
        """
        CREATE TABLE manifests (
            backup_id TEXT NOT NULL PRIMARY KEY REFERENCES backups (backup_id),
            manifest BLOB NOT NULL
        )
        """,
        """
        CREATE TABLE copies (
            backup_id TEXT NOT NULL REFERENCES backups (backup_id),
            storage TEXT NOT NULL,
            "key" TEXT NOT NULL,
            state TEXT NOT NULL,
            size_bytes INTEGER NOT NULL,
            updated_at TEXT NOT NULL,
            verified_at TEXT,
            detail TEXT NOT NULL,
            PRIMARY KEY (backup_id, storage)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE slots (
            server TEXT NOT NULL,
            schedule TEXT NOT NULL,
            due_at TEXT NOT NULL,
            tier TEXT NOT NULL,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            run_id TEXT,
            detail TEXT NOT NULL,
            decided_at TEXT,
            PRIMARY KEY (server, schedule, due_at)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX slots_undecided ON slots (server, due_at) WHERE state = 'due'",
        """
        CREATE TABLE schedule_states (
            server TEXT NOT NULL,
            schedule TEXT NOT NULL,
            definition TEXT NOT NULL,
            known_since TEXT NOT NULL,
            paused INTEGER NOT NULL,
            paused_by TEXT NOT NULL,
            paused_at TEXT,
            PRIMARY KEY (server, schedule)
        ) WITHOUT ROWID
        """,
        *(
            _kept(table)
            for table in (
                "servers",
                "server_identities",
                "runs",
                "steps",
                "backups",
                "manifests",
                "copies",
                "slots",
            )
        ),
    ),
)

MIGRATIONS: tuple[Migration, ...] = (_FIRST,)
"""Every migration there is, in order."""
