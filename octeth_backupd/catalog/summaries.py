"""Pages of backups as JSON text: a catalog of ten thousand must be listed in a fraction of a second.

SQLite keeps every backup's summary rendered (``schema_2``); a page is those texts between brackets.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octeth_backupd.catalog.schema import summaries

if TYPE_CHECKING:
    from datetime import datetime

_AT_ONCE = 100


def summaries_json(
    connection: sa.Connection,
    *,
    server: str | None,
    limit: int | None,
    after_time: datetime | None,
    after_id: str | None,
) -> bytes:
    """Return a JSON array of ``domain.summary.backup_summary``, newest first.

    Args:
        connection: Inside a transaction.
        server: Only this server's.
        limit: At most so many; None for all.
        after_time: ``taken_at`` of the last backup of the page before; None for the first page.
        after_id: Its id.
    """
    query = sa.select(summaries.c.summary).order_by(summaries.c.taken_at.desc(), summaries.c.backup_id.desc())
    if limit is not None:
        query = query.limit(limit)
    if server is not None:
        query = query.where(summaries.c.server == server)
    if after_time is not None:
        last = sa.tuple_(sa.literal(after_time, summaries.c.taken_at.type), sa.literal(after_id))
        query = query.where(sa.tuple_(summaries.c.taken_at, summaries.c.backup_id) < last)
    page = BytesIO()
    for summary in connection.scalars(query.execution_options(yield_per=_AT_ONCE)):
        page.write(b"," if page.tell() else b"[")
        page.write(summary.encode())
    page.write(b"]" if page.tell() else b"[]")
    return page.getvalue()
