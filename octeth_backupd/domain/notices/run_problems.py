"""Operations whose last run was not as it should be: each a problem until one is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.words import count_words, moment_words

if TYPE_CHECKING:
    from collections.abc import Collection

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.notices.standing import Series, ServerFacts

FOLLOWED = frozenset({Operation.BACKUP, Operation.RETENTION, Operation.EXPIRE})
"""Operations that come again by themselves; what else fails is told once, to whoever ordered it."""

_HOW_A_HOOK_FAILED = {" ran longer than ": "time_limit", " was not run: ": "not_run"}
"""By the words of its error, which ``pipeline.hooks.running`` writes; whatever is left ended with an exit code."""
_CHECK_NAME = re.compile(r"([a-z_]+): ", re.ASCII)


def run_problem_key(run: Run) -> str:
    """Return the key of the problem that a run with this end is, or would be: by what it failed of.

    A run that fails of something else than the one before is another problem, and is told.
    """
    subject = f"failing:{run.operation}:{run.server}"
    if run.status is not RunStatus.FAILED:
        return f"{subject}/{run.status}"
    return f"{subject}/{run.error_code or 'failed'}{_narrower(run)}"


def _narrower(run: Run) -> str:
    """Return what sets causes of one error code apart: the check that failed, or how a hook did."""
    match run.error_code:
        case "preflight_failed" if (check := _CHECK_NAME.match(run.error)) is not None:
            return f".{check[1]}"
        case "hook_failed":
            said = run.error.partition(" ended with exit code ")[0]  # the program's own words follow
            return next((f".{how}" for words, how in _HOW_A_HOOK_FAILED.items() if words in said), "")
        case _:
            return ""


def backup_subject(server: str) -> str:
    """Return the subject of what is wrong with a server's backup runs."""
    return f"failing:{Operation.BACKUP}:{server}"


def degraded_causes(run: Run, storages: Collection[str]) -> tuple[str, ...]:
    """Return why a run is degraded, but for copies that were not uploaded: those are the storage backend's problem.

    Args:
        run: Its end.
        storages: Names of all storage backends.
    """
    causes = tuple(str(cause) for cause in run.detail.get("degraded", ()))
    return tuple(cause for cause in causes if not any(cause.startswith(f"{name}: ") for name in storages))


def is_same_cause(run: Run, other: Run, storages: Collection[str]) -> bool:
    """Return whether two runs of one operation ended alike, and for the same cause.

    Args:
        run: The end of one.
        other: The end of another.
        storages: Names of all storage backends.
    """
    if run_problem_key(run) != run_problem_key(other):
        return False
    mine, theirs = (_what_degraded(one, storages) for one in (run, other))
    return mine == theirs or bool(mine & theirs)


def _what_degraded(run: Run, storages: Collection[str]) -> frozenset[str]:
    """Return what degraded a run beside uploads: ``retention``, ``hook after_backup``."""
    return frozenset(cause.partition(":")[0] for cause in degraded_causes(run, storages))


def run_problems(server: ServerFacts, *, storages: Collection[str]) -> list[CurrentProblem]:
    """Return the operations of a server whose last run was not as it should be.

    Args:
        server: Which.
        storages: Names of all storage backends.
    """
    found = []
    for series in server.series:
        is_degraded = series.last.status is RunStatus.DEGRADED
        if is_degraded and not degraded_causes(series.last, storages):
            continue
        found.append(_problem(server, series, is_degraded=is_degraded))
    return found


def _problem(server: ServerFacts, series: Series, *, is_degraded: bool) -> CurrentProblem:
    run = series.last
    what = f"{server.name}: {run.operation}"
    times = "" if series.count == 1 else f", {count_words(series.count, 'run')} in a row"
    in_step = f" in step {series.last_step}" if series.last_step else ""
    words = {RunStatus.DEGRADED: "is degraded", RunStatus.INTERRUPTED: "was interrupted"}.get(run.status, "fails")
    cause = run.error or str(run.status)
    before = ""
    if series.failure is not None:
        before = "; before that it failed"
        cause = f"{cause}. Before that it failed: {series.failure.error or series.failure.error_code}"
    if run.operation is Operation.BACKUP and server.last_good is not None:
        good = server.last_good
        cause = f"{cause}. The last good backup is {good.backup_id} of {moment_words(good.taken_at)}"
    return CurrentProblem(
        key=run_problem_key(run),
        kind=NoticeKind.DEGRADED if is_degraded else NoticeKind.FAILURE,
        severity=Severity.ERROR if run.status is RunStatus.FAILED else Severity.WARNING,
        server=server.name,
        title=f"{what} {words}{in_step}{times}{before}",
        cause=cause,
        hint=run.hint,
        command=f"octeth-backupctl watch {run.run_id}",
        since=series.since,
    )
