"""The operations "retention" and "delete", and what a backup does after its success."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, RunStatus
from octeth_backupd.domain.retention.deletability import why_not_deletable
from octeth_backupd.domain.retention.order import DeleteOrder, RetentionOrder
from octeth_backupd.errors import BackupdError, InvalidRequestError, NotFoundError
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.retention.confirmation import confirm, why_unconfirmed
from octeth_backupd.pipeline.retention.doubts import hold_forgotten_doubts
from octeth_backupd.pipeline.retention.expiry import Deletion
from octeth_backupd.pipeline.retention.inventory import take_inventory
from octeth_backupd.pipeline.retention.local_keeping import confirm_local_keeping
from octeth_backupd.pipeline.retention.unbegun import release_unbegun
from octeth_backupd.pipeline.step_runner import StepRunner

if TYPE_CHECKING:
    from octeth_backupd.domain.retention.decisions import CopyDecision, RetentionPlan
    from octeth_backupd.domain.retention.facts import BackupFacts
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts


def apply_retention(context: RunContext, parts: Parts) -> RunResult:
    """Expire what the policy does not keep of a server's backups.

    Returns:
        Skipped while the policy in force is not confirmed; degraded when something could not be deleted, which the
        next run tries again.
    """
    order = context.order if isinstance(context.order, RetentionOrder) else RetentionOrder(confirm=False)
    server, steps = context.run.server, StepRunner(context)
    with steps.step("plan"):
        if order.confirm:
            confirm(parts.catalog, parts.retention)
            if order.keep_local == parts.keep_local:
                confirm_local_keeping(parts.catalog, keep_local=parts.keep_local)
        waits = why_unconfirmed(parts.catalog, parts.retention)
        release_unbegun(context, parts)
        hold_forgotten_doubts(server, parts, context.clock.now())
        if order.despite_hold:
            parts.catalog.holdings.end_holds(
                server, by=context.run.requested_by, detail="retention applied despite it", at=context.clock.now()
            )
        inventory = take_inventory(server, parts, context.clock.now())
    if waits:
        return RunResult(status=RunStatus.SKIPPED, detail={"reason": waits, "outcome": waits})
    with steps.step("expire"):
        deleted = Deletion(context, parts).carry_out(inventory.plan.expiring)
    return deleted.result()


def expire_after_backup(context: RunContext, parts: Parts, result: RunResult) -> RunResult:
    """Expire after a good backup, and return the run's result: what goes wrong here degrades it, and no more.

    Args:
        context: The backup's run.
        parts: Its configuration.
        result: What the backup came to.
    """
    try:
        if why_unconfirmed(parts.catalog, parts.retention):
            return result
        release_unbegun(context, parts)
        hold_forgotten_doubts(context.run.server, parts, context.clock.now())
        inventory = take_inventory(context.run.server, parts, context.clock.now())
        deleted = Deletion(context, parts).carry_out(inventory.plan.expiring)
        problems, words = deleted.problems, deleted.words
    except BackupdError as exc:
        problems, words = [f"retention: {exc.message}"], "retention failed"
    detail = {**result.detail, "retention": words}
    if not problems:
        return replace(result, detail=detail)
    degraded = [*result.detail.get("degraded", ()), *problems]
    return replace(result, status=RunStatus.DEGRADED, detail={**detail, "degraded": degraded})


def delete_backup(context: RunContext, parts: Parts) -> RunResult:
    """Delete every copy of one backup, remote ones first; the catalog keeps its history.

    Whoever deletes a doubted backup has answered the doubt: holds about it end when nothing of it is left.

    Raises:
        InvalidRequestError: It is pinned, of another installation, or needs force; nothing was touched.
        NotFoundError: No copy is left.
    """
    order = context.order if isinstance(context.order, DeleteOrder) else DeleteOrder()
    backup_id, steps = context.run.backup_id or "", StepRunner(context)
    with steps.step("plan"):
        release_unbegun(context, parts)
        inventory = take_inventory(context.run.server, parts, context.clock.now())
        facts = next((one for one in inventory.backups if one.backup_id == backup_id), None)
        if facts is None:
            raise NotFoundError(f"backup {backup_id} has no copy left")
        require_deletable_backup(facts, inventory.plan, force=order.force)
    with steps.step("delete"):
        wanted = [one for one in _all_copies(facts, inventory.plan) if not _call_off(context, parts, one)]
        deleted = Deletion(context, parts).carry_out(wanted)
        deleted.problems.extend(f"{storage}: its copy is locked" for _, storage in deleted.retained)
        if all(copy.state is CopyState.DELETED for copy in parts.catalog.backup(backup_id).copies):
            parts.catalog.holdings.end_holds(
                context.run.server,
                by=context.run.requested_by,
                detail="the doubted backup was deleted",
                at=context.clock.now(),
                backup_id=backup_id,
            )
    return replace(deleted.result(), backup_id=backup_id)


def require_deletable_backup(facts: BackupFacts, plan: RetentionPlan, *, force: bool) -> None:
    """Raise unless an operator may delete a backup.

    Raises:
        InvalidRequestError: He may not; the hint says what it takes.
    """
    reason = why_not_deletable(facts, plan, force=force)
    if not reason:
        return
    if why_not_deletable(facts, plan, force=True):
        hint = "A pinned backup is unpinned first: octeth-backupctl unpin ID." if facts.is_pinned else ""
    else:
        hint = "Nothing was touched. If it is to go all the same, give --force."
    raise InvalidRequestError(f"{facts.backup_id} is not deleted: {reason}", hint=hint)


def _call_off(context: RunContext, parts: Parts, copy: CopyDecision) -> bool:
    """Note that what never was uploaded to a storage that is not configured any more is not wanted there, either.

    Returns:
        Whether it was such a copy: there is nothing to delete then.
    """
    if any(storage.name == copy.storage for storage in parts.storages):
        return False
    return parts.catalog.uploads.end_copy(
        copy.backup_id,
        copy.storage,
        CopyState.DELETED,
        at=context.clock.now(),
        detail=f"by run {context.run.run_id}, before it was uploaded",
    )


def _all_copies(facts: BackupFacts, plan: RetentionPlan) -> list[CopyDecision]:
    """Return every copy of a backup as something that goes, remote ones first."""
    copies = (one for one in plan.decisions if one.backup_id == facts.backup_id)
    return [
        replace(one, expires=True, after=(), staying=()) for one in sorted(copies, key=lambda one: not one.is_remote)
    ]
