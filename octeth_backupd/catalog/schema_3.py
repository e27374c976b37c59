"""Schema 3 of the catalog: problems that people are told of, and the outbox of notices.

Problems stay, with the time at which they ended. Of deliveries only what is over goes, ninety days after its end: what
was told is in the log, and what it was about in the tables of runs, slots and backups.
"""

from __future__ import annotations

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE problems (
        position INTEGER NOT NULL PRIMARY KEY,
        "key" TEXT NOT NULL,
        server TEXT NOT NULL,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        began_at TEXT NOT NULL,
        last_told_at TEXT,
        ended_at TEXT,
        after_delivery INTEGER NOT NULL
    )
    """,
    """CREATE UNIQUE INDEX problems_open ON problems ("key") WHERE ended_at IS NULL""",
    "CREATE TRIGGER problems_are_kept BEFORE DELETE ON problems "
    "BEGIN SELECT RAISE(ABORT, 'nothing is removed from history'); END",
    """
    CREATE TABLE deliveries (
        delivery_id INTEGER NOT NULL PRIMARY KEY,
        notifier TEXT NOT NULL,
        kind TEXT NOT NULL,
        problem TEXT NOT NULL,
        notice TEXT NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL,
        next_try_at TEXT NOT NULL,
        last_error TEXT NOT NULL,
        last_failed_at TEXT,
        created_at TEXT NOT NULL,
        ended_at TEXT
    )
    """,
    "CREATE INDEX deliveries_waiting ON deliveries (notifier, delivery_id) WHERE state = 'waiting'",
    "CREATE INDEX deliveries_told ON deliveries (problem, notifier, delivery_id) WHERE problem <> ''",
    "CREATE INDEX deliveries_over ON deliveries (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE TRIGGER waiting_deliveries_are_kept BEFORE DELETE ON deliveries WHEN OLD.state = 'waiting' "
    "BEGIN SELECT RAISE(ABORT, 'what waits is not removed'); END",
)
