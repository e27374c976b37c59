"""What stands in the way of a restore, as one error; and the plan that a run is held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.errors import RestoreRefusedError
from octeth_backupd.pipeline.restore.planning import plan_restore

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.domain.restore.order import RestoreOrder
    from octeth_backupd.domain.restore.plan import Refusal, RestorePlan
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts


def require_plan(context: RunContext, parts: Parts, order: RestoreOrder) -> RestorePlan:
    """Return the plan of a run that has no refusals; its warnings are said.

    Raises:
        RestoreRefusedError: It has; nothing was touched.
        NotFoundError: There is no such backup.
    """
    run = context.run
    plan = plan_restore(
        order,
        run.server,
        parts,
        installation_id=context.installation_id,
        run_id=run.run_id,
        clock=context.clock,
    )
    if plan.refusals:
        raise refused("the restore is refused", plan.refusals)
    for warning in plan.warnings:
        context.warn(warning)
    return plan


def refused(what: str, refusals: Iterable[Refusal]) -> RestoreRefusedError:
    """Return all that stands in the way as one error, each with what to do about it.

    Args:
        what: What cannot be done, as the begin of a sentence.
        refusals: Why.
    """
    known = tuple(refusals)
    return RestoreRefusedError(
        f"{what}: " + "; ".join(refusal.message for refusal in known), hint="\n".join(filter(None, map(_advice, known)))
    )


def _advice(refusal: Refusal) -> str:
    override = f"Or order it with {refusal.flag}." if refusal.flag else ""
    return " ".join(filter(None, (refusal.hint, override)))
