"""Whether each server has a backup that is good enough, asked of the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.freshness import judge, verified_backups
from octeth_backupd.domain.notices.overdue import CLOCK_MARGIN
from octeth_backupd.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.freshness import Freshness, Requirements
    from octeth_backupd.pipeline.parts import Parts

_PAGE = 50
_SAYING_NOTHING = {RunStatus.SKIPPED, RunStatus.CANCELLED}
"""Outcomes that do not tell whether backups work: what was known before them still holds."""


def freshness_of(servers: Iterable[str], requirements: Requirements, *, parts: Parts, clock: Clock) -> list[Freshness]:
    """Return the judgement of each server.

    Raises:
        InvalidRequestError: There is no storage backend of that name.
    """
    remote = {storage.name: storage.is_remote for storage in parts.storages}
    if requirements.storage and requirements.storage not in remote:
        raise InvalidRequestError(
            f"no storage {requirements.storage!r} is configured", hint=f"Configured: {', '.join(remote)}."
        )
    now = clock.now()
    return [
        judge(
            server,
            verified_backups(parts.catalog.stock.of(server, remote=remote), storages=remote),
            requirements,
            now=now,
            last_run=_last_telling_run(parts.catalog, server, until=now + CLOCK_MARGIN),
        )
        for server in servers
    ]


def _last_telling_run(catalog: Catalog, server: str, *, until: datetime) -> Run | None:
    before: str | None = None
    while page := catalog.runs(server=server, limit=_PAGE, before=before):
        for run in page:
            is_telling = run.operation is Operation.BACKUP and run.status not in _SAYING_NOTHING
            if is_telling and run.status.is_final and run.created_at <= until:
                return run
        before = page[-1].run_id
    return None
