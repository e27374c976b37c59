"""Run every check, and report every failure at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import PreflightError
from octeth_backupd.preflight.registry import CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from octeth_backupd.preflight.base import Check, Subject

FIXES_SHOWN = 3


def run_checks(subject: Subject, checks: Sequence[Check] = CHECKS) -> tuple[CheckResult, ...]:
    """Return the answer of every check, in order; none hides another."""
    return tuple(check.run(subject) for check in checks)


def raise_on_failure(results: Iterable[CheckResult]) -> None:
    """Pass when nothing stands against a backup.

    Raises:
        PreflightError: A check failed, or one could not be asked; the message names all that failed.
    """
    listed = tuple(results)
    bad = [result for result in listed if result.status is CheckStatus.FAILED]
    # What could not be asked is a consequence of what failed; alone it is a reason of its own.
    bad = bad or [result for result in listed if result.status is CheckStatus.UNKNOWN]
    if not bad:
        return
    fixes = dict.fromkeys(_fix(result) for result in bad if result.fix)
    hint = " ".join(list(fixes)[:FIXES_SHOWN])
    raise PreflightError("; ".join(f"{result.name}: {result.summary}" for result in bad), hint=hint)


def _fix(result: CheckResult) -> str:
    if not result.command:
        return result.fix
    command = "; ".join(line.rstrip(";") for line in result.command.splitlines())
    return f"{result.fix} Run: {command}"
