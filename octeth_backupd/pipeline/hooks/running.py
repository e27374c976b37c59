"""Running the programs of one hook, as a step of the run."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from octeth_backupd.domain.hooks import Hook, hook_environment
from octeth_backupd.errors import BackupdError, HookError, ProgramTimeoutError
from octeth_backupd.pipeline.hooks.trust import ROOT_ALONE, distrust
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command, StopPolicy
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.hooks import HookFacts
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.hooks.settings import HookCommand
    from octeth_backupd.pipeline.parts import Parts

_GRACE_SECONDS = 2.0
_WHILE_STOPPING_SECONDS = 8
_OWNER_HINT = "The program and the directories above it must belong to root, and nobody else may write them."
_HINTS = {
    Hook.BEFORE_BACKUP: "No backup was made. Correct the program, or take it out of [hooks] before_backup and reload.",
    Hook.BEFORE_RESTORE: (
        "Nothing was touched. Correct the program, or take it out of [hooks] before_restore and reload."
    ),
}


def run_before(context: RunContext, parts: Parts, facts: HookFacts) -> None:
    """Run the programs of a hook that may stop the run; the first one that fails does.

    Raises:
        HookError: One of them must not be run, failed or took too long.
        BackupdError: The reason of a cancellation.
    """
    commands = parts.hooks.commands(facts.hook)
    if commands:
        with StepRunner(context).step(f"hook {facts.hook}"):
            for command in commands:
                _run(context, parts, facts, command, context.cancellation, parts.hooks.timeout_seconds)


def run_after(context: RunContext, parts: Parts, facts: HookFacts) -> tuple[str, ...]:
    """Run all programs of a hook, whatever becomes of each; return what went wrong.

    When the run was cancelled, or is meanwhile, they have a few seconds: somebody, or systemd, waits for its end.
    """
    commands = parts.hooks.commands(facts.hook)
    if not commands:
        return ()
    seconds = parts.hooks.timeout_seconds
    if context.cancellation.is_cancelled:
        seconds = min(seconds, max(1, _WHILE_STOPPING_SECONDS // len(commands)))
    problems: list[str] = []
    try:
        with (
            StepRunner(context).step(f"hook {facts.hook}", cancellable=False),
            _ended_soon_after(context.cancellation, facts.hook) as token,
        ):
            for command in commands:
                try:
                    _run(context, parts, facts, command, token, seconds)
                except BackupdError as exc:
                    problems.append(exc.message)
            _require_none(problems)
    except HookError:
        return tuple(problems)
    return ()


@contextmanager
def _ended_soon_after(cancellation: Cancellation, hook: Hook) -> Iterator[Cancellation]:
    """Give a token that is cancelled a few seconds after the run's own.

    What a cancelled run began must be put in order all the same; but a run that outlasts the daemon's stop is
    interrupted, however good its backup is.
    """
    token = Cancellation()
    words = f"hook {hook} was ended, for the run was cancelled {_WHILE_STOPPING_SECONDS} s before"
    timer = threading.Timer(_WHILE_STOPPING_SECONDS, token.cancel, (HookError(words),))
    timer.daemon = True
    with cancellation.on_cancel(timer.start):
        try:
            yield token
        finally:
            timer.cancel()


def _require_none(problems: list[str]) -> None:
    if problems:
        raise HookError("; ".join(problems))


def _run(
    context: RunContext,
    parts: Parts,
    facts: HookFacts,
    command: HookCommand,
    cancellation: Cancellation,
    timeout_seconds: int,
) -> None:
    program, *arguments = command
    hint = _HINTS.get(facts.hook, "")
    # A daemon that is not root can do no more than its own user, whose programs it may run.
    reason = distrust(program, owners=ROOT_ALONE | {os.geteuid()})
    if reason:
        raise HookError(f"hook {facts.hook} was not run: {reason}", hint=f"{hint} {_OWNER_HINT}".strip())
    redact = Redactor(parts.secrets).redact
    told = replace(facts, error=redact(facts.error), hint=redact(facts.hint))
    runner = Programs(parts, installation_id=context.installation_id, run_id=context.run.run_id).host
    try:
        completed = runner.run(
            Command(
                program=program,
                arguments=tuple(arguments),
                environment=hook_environment(told),
                working_directory=Path("/"),
                stop=StopPolicy(grace_seconds=_GRACE_SECONDS),
            ),
            on_line=context.output_of(PurePath(program).name),
            cancellation=cancellation,
            timeout_seconds=timeout_seconds,
        )
    except ProgramTimeoutError as exc:
        raise HookError(
            f"hook {facts.hook}: {program} ran longer than {timeout_seconds} s and was ended",
            hint=f"{hint} The limit is [hooks] timeout_seconds.".strip(),
        ) from exc
    if completed.exit_code:
        last = f": {completed.output[-1]}" if completed.output else ""
        raise HookError(f"hook {facts.hook}: {program} ended with exit code {completed.exit_code}{last}", hint=hint)
