"""Doubts about content begin holds: what the policy keeps at that moment stays until an operator has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.pipeline.retention.inventory import take_inventory

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.holdings import Hold
    from octeth_backupd.domain.retention.facts import BackupFacts
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts

_log = structlog.get_logger("retention")


def begin_hold(context: RunContext, parts: Parts, backup_id: str, reason: str) -> None:
    """Begin a hold about a backup whose content is doubted; one that is open already goes on as it is.

    Never for want of space or of a connection: these say nothing of any content, and a hold would keep the disk full.
    Nor about another installation's backup, which stands for nothing here.
    """
    if parts.catalog.backup(backup_id).installation_id not in parts.catalog.installations.ours():
        return
    hold = _begin(context.run.server, parts, backup_id, reason, context.clock.now())
    if hold is not None:
        context.warn(f"what the retention policy keeps is held until this is answered: {backup_id}: {reason}")


def hold_forgotten_doubts(server: str, parts: Parts, now: datetime) -> None:
    """Begin the holds that a crash between a doubt and its hold left out, or that came in with a foreign catalog."""
    asked = {hold.backup_id for hold in parts.catalog.holdings.holds(server, open_only=False)}
    for backup in take_inventory(server, parts, now).backups:
        reason = _doubt_of(backup)
        if reason and backup.is_ours and backup.backup_id not in asked:
            _begin(server, parts, backup.backup_id, reason, now)


def _begin(server: str, parts: Parts, backup_id: str, reason: str, now: datetime) -> Hold | None:
    hold = parts.catalog.holdings.begin_hold(
        server, reason=reason, backup_id=backup_id, protected=take_inventory(server, parts, now).protected, at=now
    )
    if hold is not None:
        _log.warning("retention.held", server=server, backup_id=backup_id, reason=reason, backups=len(hold.protected))
    return hold


def _doubt_of(backup: BackupFacts) -> str:
    """Return what is doubted about a backup, empty when nothing is."""
    if backup.suspect or backup.is_adopted:  # an archive that came in damaged says nothing of those made here
        return backup.suspect
    damaged = (copy for copy in backup.copies if copy.state is CopyState.CORRUPT)
    return next((f"the copy in {copy.storage} is damaged" for copy in damaged), "")
