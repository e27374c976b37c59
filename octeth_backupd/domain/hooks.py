"""When an operator's own programs run, and what they are told: facts, never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from octeth_backupd.domain.summary import sorted_tiers

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run

PREFIX = "OCTETH_BACKUPD_"
HOOK_VARIABLE = f"{PREFIX}HOOK"
"""Set for the programs of hooks, and for no other program of a run."""
FAILED_HOOKS = "failed_hooks"
"""In the detail of a run that succeeded: the programs after it that did not, in words."""
LONGEST_CHARACTERS = 4096
"""Of a value: the kernel takes 128 KiB at most, and nobody reads more of an error."""


class Hook(StrEnum):
    """A moment at which programs of the operator run."""

    BEFORE_BACKUP = "before_backup"
    AFTER_BACKUP = "after_backup"
    ON_FAILURE = "on_failure"
    BEFORE_RESTORE = "before_restore"
    AFTER_RESTORE = "after_restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFacts:
    """What a hook's programs are told.

    Attributes:
        outcome: How the run ended, as far as that is known: success, degraded, failed, cancelled; empty before it.
        backup_id: Empty where there is none yet.
        archive: Path of the backup's archive on this host; empty where there is none.
        error: What went wrong, in words; empty when nothing did.
    """

    hook: Hook
    run: Run
    outcome: str = ""
    backup_id: str = ""
    archive: str = ""
    error: str = ""
    error_code: str = ""
    hint: str = ""


def hook_environment(facts: HookFacts) -> dict[str, str]:
    """Return the variables that a hook's programs get; all of them each time, empty where there is nothing to say."""
    run = facts.run
    values = {
        "HOOK": facts.hook.value,
        "RUN_ID": run.run_id,
        "OPERATION": run.operation.value,
        "SERVER": run.server,
        "TRIGGER": run.trigger.value,
        "TIERS": " ".join(tier.value for tier in sorted_tiers(run.tiers)),
        "REQUESTED_BY": run.requested_by,
        "OUTCOME": facts.outcome,
        "BACKUP_ID": facts.backup_id,
        "ARCHIVE": facts.archive,
        "ERROR": facts.error,
        "ERROR_CODE": facts.error_code,
        "HINT": facts.hint,
    }
    return {f"{PREFIX}{name}": _fitting(value) for name, value in values.items()}


def _fitting(value: str) -> str:
    text = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if len(text) <= LONGEST_CHARACTERS else f"{text[: LONGEST_CHARACTERS - 1]}…"
