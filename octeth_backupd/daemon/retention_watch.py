"""The daily retention: submitted for each server when its cron rule came due since it was last applied."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import Operation, RunStatus, Trigger
from octeth_backupd.errors import BackupdError, BusyError
from octeth_backupd.pipeline.retention.confirmation import confirm_if_there_is_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.pipeline.parts import Parts

_log = structlog.get_logger("retention")

REQUESTED_BY = "schedule"
_RUNS_LOOKED_AT = 200


class RetentionWatch:
    """Submit retention where it is due; looks at the catalog alone, so that a missed time is made up for.

    A paused schedule of backups does not keep it from running: it counts backups, not days, so that a pause expires
    nothing that would otherwise stay, but for what was made by hand and is old enough.
    """

    def __init__(
        self,
        *,
        coordinator: Coordinator,
        clock: Clock,
        parts: Callable[[], Parts],
    ) -> None:
        self._coordinator = coordinator
        self._clock = clock
        self._parts = parts

    def look(self) -> None:
        """Look at all servers; what fails is logged and tried again at the next look."""
        parts = self._parts()
        try:
            confirm_if_there_is_nothing(parts.catalog, parts.retention)
        except BackupdError as exc:
            _log.error("retention.look_failed", error=exc.message, hint=exc.hint)
            return
        waiting = {a.run.server for a in self._coordinator.active() if a.run.operation is Operation.RETENTION}
        for server in parts.servers:
            if server in waiting:
                continue
            try:
                if self._is_due(server, parts):
                    self._submit(server)
            except BusyError:
                return  # the daemon stops; it is made up for at the next start
            except BackupdError as exc:
                _log.error("retention.look_failed", server=server, error=exc.message, hint=exc.hint)

    def _is_due(self, server: str, parts: Parts) -> bool:
        rule = parts.retention_rule
        if rule is None or not parts.catalog.backups(server=server, limit=1):
            return False
        now = self._clock.now()
        return rule.next_after(_last_applied(server, parts, now)) <= now

    def _submit(self, server: str) -> None:
        self._coordinator.submit(
            Operation.RETENTION, server=server, trigger=Trigger.DAEMON, requested_by=REQUESTED_BY, wait=True
        )


def _last_applied(server: str, parts: Parts, now: datetime) -> datetime:
    """Return when retention last ran to an end, or since when it could have; what is dated after now does not count.

    It is not looked for behind very many other runs: then it runs once more, which does no harm.
    """
    ended = (
        run.created_at
        for run in parts.catalog.runs(server=server, limit=_RUNS_LOOKED_AT)
        if run.operation is Operation.RETENTION
        and run.status.is_final
        and run.status is not RunStatus.INTERRUPTED
        and run.created_at <= now
    )
    return next(ended, None) or _known_since(server, parts, now)


def _known_since(server: str, parts: Parts, now: datetime) -> datetime:
    """Return when the server was first looked at: as a schedule, retention of a new server begins then."""
    name = f"retention.known_since.{server}"
    text = parts.catalog.meta(name)
    since = datetime.fromisoformat(text) if text else now
    if not text or since > now:
        parts.catalog.set_meta(name, now.isoformat())
    return min(since, now)
