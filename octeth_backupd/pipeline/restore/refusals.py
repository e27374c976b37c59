"""The refusals of a plan as one error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.domain.restore.plan import RestorePlan


def refusal_message(plan: RestorePlan) -> str:
    """Return what stands in the way, all of it."""
    return "the restore is refused: " + "; ".join(refusal.message for refusal in plan.refusals)


def refusal_hint(plan: RestorePlan) -> str:
    """Return what to do about each."""
    return "\n".join(
        " ".join(part for part in (refusal.hint, f"Or order it with {refusal.flag}." if refusal.flag else "") if part)
        for refusal in plan.refusals
    )
