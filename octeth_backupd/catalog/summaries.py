"""Backups as JSON text, rendered by SQLite itself: ten thousand rows in a fraction of a second.

The same shape as ``domain.summary.backup_summary``, which says what the keys mean; a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from octeth_backupd.catalog.columns import time_text

if TYPE_CHECKING:
    from datetime import datetime

_SECONDS = "substr({column}, 1, 19) || 'Z'"

_STATUS = """
    CASE
        WHEN count(c.state) > 0 AND sum(c.state <> 'deleted') = 0 THEN 'deleted'
        WHEN b.suspect <> '' THEN 'suspect'
        WHEN sum(c.state IN ('present', 'retained')) > 0 THEN 'good'
        WHEN sum(c.state IN ('pending', 'uploading')) > 0 THEN 'pending'
        WHEN sum(c.state = 'corrupt') > 0 THEN 'corrupt'
        ELSE 'missing'
    END
"""

_SUMMARIES = f"""
    SELECT json_object(
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
        'status', {_STATUS},
        'copies', json_group_array(json_object(
            'storage', c.storage,
            'key', c."key",
            'state', c.state,
            'size_bytes', c.size_bytes,
            'verified_at', {_SECONDS.format(column="c.verified_at")}
        )) FILTER (WHERE c.storage IS NOT NULL)
    )
    FROM backups AS b LEFT JOIN copies AS c ON c.backup_id = b.backup_id
    WHERE {{conditions}}
    GROUP BY b.taken_at, b.backup_id
    ORDER BY b.taken_at DESC, b.backup_id DESC
    LIMIT :limit
"""


def summaries_json(
    connection: sa.Connection,
    *,
    server: str | None,
    limit: int | None,
    after_time: datetime | None,
    after_id: str | None,
) -> bytes:
    """Return a JSON array of summaries, newest first.

    Args:
        connection: Inside a transaction.
        server: Only this server's.
        limit: At most so many; None for all.
        after_time: ``taken_at`` of the last backup of the page before; None for the first page.
        after_id: Its id.
    """
    conditions = ["TRUE"]
    values: dict[str, object] = {"limit": -1 if limit is None else limit}
    if server is not None:
        conditions.append("b.server = :server")
        values["server"] = server
    if after_time is not None:
        conditions.append("(b.taken_at, b.backup_id) < (:after_time, :after_id)")
        values |= {"after_time": time_text(after_time), "after_id": after_id}
    query = _SUMMARIES.format(conditions=" AND ".join(conditions))
    rows = connection.execute(sa.text(query), values).scalars()
    return f"[{','.join(rows)}]".encode()
