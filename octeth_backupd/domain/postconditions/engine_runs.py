"""Post-conditions on what an engine's program said and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.engine_log import claims_success
from octeth_backupd.domain.postconditions.base import Answer, PostCondition, Stage, failed, needed, passed

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.postconditions.evidence import JudgedRun, PrepareEvidence

LINE_LENGTH = 300


def _run(evidence: PrepareEvidence, stage: Stage) -> JudgedRun:
    run = evidence.backup_run if stage is Stage.BACKUP else evidence.prepare_run
    return needed(run, f"the engine's {stage} left no record")


def exit_code(evidence: PrepareEvidence, stage: Stage) -> Answer:
    """Answer whether the engine's program ended with 0."""
    run = _run(evidence, stage)
    code = run.completed.exit_code
    if code != 0:
        reason = run.error_lines[0] if run.error_lines else run.last_line
        return failed(
            f"{run.completed.program} ended its {stage} with exit code {code}: {reason[:LINE_LENGTH]}",
            cause="The engine itself says that this backup is not complete.",
            fix="Remove the cause that the engine names, then take a new backup.",
        )
    return passed(f"{run.completed.program} ended its {stage} with exit code 0")


def completed_ok(evidence: PrepareEvidence, stage: Stage) -> Answer:
    """Answer whether the last line of the log is the engine's word of success."""
    run = _run(evidence, stage)
    if not claims_success(run.last_line):
        shown = run.last_line[:LINE_LENGTH] or "(nothing)"
        return failed(
            f"the last line of the {stage} is not 'completed OK!' but: {shown}",
            cause="The engine was ended or gave up before it had finished.",
        )
    return passed(f"the log of the {stage} ends in 'completed OK!'")


def no_error_line(evidence: PrepareEvidence, stage: Stage) -> Answer:
    """Answer whether the log is free of error lines, whatever the exit code says."""
    run = _run(evidence, stage)
    if run.error_lines:
        count = len(run.error_lines)
        return failed(
            f"the log of the {stage} holds {count} error line{'s' if count > 1 else ''}: "
            f"{run.error_lines[0][:LINE_LENGTH]}",
            cause="Engines have reported success after losing their redo log; an error line is believed first.",
            fix="Remove the cause that the line names, then take a new backup.",
        )
    return passed(f"the log of the {stage} holds no error line")


def _condition(
    name: str, stage: Stage, question: str, answer: Callable[[PrepareEvidence, Stage], Answer]
) -> PostCondition:
    return PostCondition(name=name, stage=stage, question=question, answer=lambda evidence: answer(evidence, stage))


CONDITIONS = tuple(
    condition
    for stage in (Stage.BACKUP, Stage.PREPARE)
    for condition in (
        _condition("exit_code", stage, "Did the engine's program end with 0?", exit_code),
        _condition("completed_ok", stage, "Is the last line of its log 'completed OK!'?", completed_ok),
        _condition("no_error_line", stage, "Is its log free of error lines?", no_error_line),
    )
)
