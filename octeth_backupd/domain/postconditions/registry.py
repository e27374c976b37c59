"""The only list of post-conditions, and how it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.postconditions import archive, content, engine_runs, metadata, origin, plausibility
from octeth_backupd.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.domain.postconditions.base import PostCondition, Stage
    from octeth_backupd.domain.postconditions.evidence import Evidence

POSTCONDITIONS: tuple[PostCondition, ...] = (
    *engine_runs.CONDITIONS,
    *metadata.CONDITIONS,
    *origin.CONDITIONS,
    *content.CONDITIONS,
    *archive.CONDITIONS,
    *plausibility.CONDITIONS,
)


def evaluate(evidence: Evidence, stage: Stage) -> tuple[CheckResult, ...]:
    """Answer every post-condition of a stage that applies; none hides another."""
    return tuple(
        condition.evaluate(evidence)
        for condition in POSTCONDITIONS
        if condition.stage is stage and condition.applies(evidence)
    )


def raise_on_failure(results: Iterable[CheckResult]) -> None:
    """Pass when every condition holds or is merely doubted.

    Raises:
        VerificationError: At least one failed or could not be judged; the message names all of them.
    """
    bad = [result for result in results if result.status in {CheckStatus.FAILED, CheckStatus.UNKNOWN}]
    if bad:
        raise VerificationError(
            "this is not a good backup: " + "; ".join(f"{result.name}: {result.summary}" for result in bad),
            hint=next((result.fix for result in bad if result.fix), "Take a new backup."),
        )


def suspicion(results: Iterable[CheckResult]) -> str:
    """Return why a backup is suspect, in words; empty when it is not."""
    return "; ".join(result.summary for result in results if result.status is CheckStatus.WARNING)
