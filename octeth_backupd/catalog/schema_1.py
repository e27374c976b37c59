"""Schema 1 of the catalog, as it was first released.

Backups are listed far more often than they change, so triggers keep each one's summary as finished JSON text, in the
order in which pages are read: ten thousand rows take as long as reading them.
"""

from __future__ import annotations

_SECONDS = "substr({column}, 1, 19) || 'Z'"

_SUMMARY = f"""
    json_object(
        'id', b.backup_id,
        'server', b.server,
        'taken_at', {_SECONDS.format(column="b.taken_at")},
        'finished_at', {_SECONDS.format(column="b.finished_at")},
        'tier', b.tier,
        'tiers', json(b.tiers),
        'trigger', b."trigger",
        'mode', b.mode,
        'run_id', b.run_id,
        'installation_id', b.installation_id,
        'archive_name', b.archive_name,
        'sha256', b.sha256,
        'data_bytes', b.data_bytes,
        'archive_bytes', b.archive_bytes,
        'vendor', b.vendor,
        'server_version', b.server_version,
        'engine', b.engine,
        'engine_version', b.engine_version,
        'to_lsn', b.to_lsn,
        'last_lsn', b.last_lsn,
        'suspect', b.suspect,
        'status', CASE
            WHEN count(c.state) > 0 AND sum(c.state <> 'deleted') = 0 THEN 'deleted'
            WHEN b.suspect <> '' THEN 'suspect'
            WHEN sum(c.state IN ('present', 'retained')) > 0 THEN 'good'
            WHEN sum(c.state IN ('pending', 'uploading')) > 0 THEN 'pending'
            WHEN sum(c.state = 'corrupt') > 0 THEN 'corrupt'
            ELSE 'missing'
        END,
        'copies', json_group_array(json_object(
            'storage', c.storage,
            'key', c."key",
            'state', c.state,
            'size_bytes', c.size_bytes,
            'verified_at', {_SECONDS.format(column="c.verified_at")}
        )) FILTER (WHERE c.storage IS NOT NULL)
    )
"""
"""A backup as the first release rendered it; schema 2 renders all of them anew."""


def _summarised(when: str, table: str) -> str:
    """Return the trigger that renders a backup's summary anew when something of it changes."""
    return f"""
        CREATE TRIGGER summary_after_{when.lower()}_of_{table} AFTER {when} ON {table} BEGIN
            INSERT OR REPLACE INTO summaries (taken_at, backup_id, server, summary)
            SELECT b.taken_at, b.backup_id, b.server, {_SUMMARY}
            FROM backups AS b LEFT JOIN copies AS c ON c.backup_id = b.backup_id
            WHERE b.backup_id = NEW.backup_id
            GROUP BY b.backup_id;
        END
    """


def _kept(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_are_kept BEFORE DELETE ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'nothing is removed from history'); END"
    )


STATEMENTS: tuple[str, ...] = (
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
    CREATE TABLE summaries (
        taken_at TEXT NOT NULL,
        backup_id TEXT NOT NULL,
        server TEXT NOT NULL,
        summary TEXT NOT NULL,
        PRIMARY KEY (taken_at, backup_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX summaries_by_server ON summaries (server, taken_at, backup_id)",
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
    *(_summarised(when, table) for table in ("backups", "copies") for when in ("INSERT", "UPDATE")),
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
)
