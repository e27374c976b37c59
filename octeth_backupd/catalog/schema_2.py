"""Schema 2 of the catalog: what is said of finished backups, uploads that were begun, adopted installations.

What an operator took back stays as a row that says when; only an upload's row goes when the upload is over.
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
        'origin', b.origin,
        'pinned', json(CASE
            WHEN EXISTS (SELECT 1 FROM pins AS p WHERE p.backup_id = b.backup_id AND p.unpinned_at IS NULL)
            THEN 'true' ELSE 'false'
        END),
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
            'verified_at', {_SECONDS.format(column="c.verified_at")},
            'detail', c.detail
        )) FILTER (WHERE c.storage IS NOT NULL)
    )
"""
"""A backup as ``domain.summary.backup_summary`` renders it; a test holds the two together."""


def _render(where: str) -> str:
    return f"""
        INSERT OR REPLACE INTO summaries (taken_at, backup_id, server, summary)
        SELECT b.taken_at, b.backup_id, b.server, {_SUMMARY}
        FROM backups AS b LEFT JOIN copies AS c ON c.backup_id = b.backup_id
        WHERE {where}
        GROUP BY b.backup_id
    """


def _summarised(when: str, table: str) -> tuple[str, str]:
    """Return what replaces the trigger that renders a backup's summary anew when something of it changes."""
    name = f"summary_after_{when.lower()}_of_{table}"
    return (
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} AFTER {when} ON {table} BEGIN {_render('b.backup_id = NEW.backup_id')}; END",
    )


def _kept(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_are_kept BEFORE DELETE ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'nothing is removed from history'); END"
    )


STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE backups ADD COLUMN origin TEXT NOT NULL DEFAULT ''",
    # A file of two backups would go when the first of them expires.
    """CREATE UNIQUE INDEX copies_of_one_backup ON copies (storage, "key") WHERE state <> 'deleted'""",
    """
    CREATE TABLE pins (
        position INTEGER NOT NULL PRIMARY KEY,
        backup_id TEXT NOT NULL REFERENCES backups (backup_id),
        note TEXT NOT NULL,
        pinned_by TEXT NOT NULL,
        pinned_at TEXT NOT NULL,
        unpinned_by TEXT NOT NULL,
        unpinned_at TEXT
    )
    """,
    "CREATE UNIQUE INDEX pins_in_force ON pins (backup_id) WHERE unpinned_at IS NULL",
    """
    CREATE TABLE holds (
        hold_id INTEGER NOT NULL PRIMARY KEY,
        server TEXT NOT NULL,
        reason TEXT NOT NULL,
        backup_id TEXT NOT NULL,
        protected TEXT NOT NULL,
        begun_at TEXT NOT NULL,
        ended_at TEXT,
        ended_by TEXT NOT NULL,
        detail TEXT NOT NULL
    )
    """,
    "CREATE INDEX holds_open ON holds (server, hold_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE accepts (
        backup_id TEXT NOT NULL REFERENCES backups (backup_id),
        accepted_at TEXT NOT NULL,
        doubt TEXT NOT NULL,
        note TEXT NOT NULL,
        accepted_by TEXT NOT NULL,
        PRIMARY KEY (backup_id, accepted_at)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE proofs (
        position INTEGER NOT NULL PRIMARY KEY,
        backup_id TEXT NOT NULL REFERENCES backups (backup_id),
        level TEXT NOT NULL,
        storage TEXT NOT NULL,
        proven_at TEXT NOT NULL,
        run_id TEXT NOT NULL,
        detail TEXT NOT NULL
    )
    """,
    "CREATE INDEX proofs_by_backup ON proofs (backup_id, position)",
    """
    CREATE TABLE adopted_installations (
        installation_id TEXT NOT NULL PRIMARY KEY,
        adopted_by TEXT NOT NULL,
        adopted_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE uploads (
        storage TEXT NOT NULL,
        "key" TEXT NOT NULL,
        upload_id TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        part_bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        begun_at TEXT NOT NULL,
        PRIMARY KEY (storage, "key")
    ) WITHOUT ROWID
    """,
    *(
        statement
        for table in ("backups", "copies")
        for when in ("INSERT", "UPDATE")
        for statement in _summarised(when, table)
    ),
    *(statement for when in ("INSERT", "UPDATE") for statement in _summarised(when, "pins")),
    _render("true"),
    *(_kept(table) for table in ("pins", "holds", "accepts", "proofs", "adopted_installations")),
)
