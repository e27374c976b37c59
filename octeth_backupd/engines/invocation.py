"""Running an engine's program and keeping the evidence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from octeth_backupd.domain.engine_log import LogJudge
from octeth_backupd.domain.server import parse_version
from octeth_backupd.engines.base import EngineRun, EngineVersion
from octeth_backupd.errors import EngineError
from octeth_backupd.process.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.command import Runner

_VERSION_TIMEOUT_SECONDS = 60


def run_judged(
    runner: Runner,
    command: Command,
    *,
    on_line: Callable[[str], None],
    cancellation: Cancellation,
    timeout_seconds: float = 0,
) -> EngineRun:
    """Run a program and judge every line of its log while it comes."""
    judge = LogJudge()

    def take(line: str) -> None:
        judge.feed(line)
        on_line(line)

    completed = runner.run(command, on_line=take, cancellation=cancellation, timeout_seconds=timeout_seconds)
    return EngineRun(
        completed=completed, last_line=judge.last_line, error_lines=judge.error_lines, options=command.arguments
    )


def ask_version(
    runner: Runner, program: str, *, pattern: re.Pattern[str], product: str, cancellation: Cancellation
) -> EngineVersion:
    """Run ``program --version`` and find the line that says it.

    Args:
        runner: Where.
        program: What to run.
        pattern: Fits the line; its group ``version`` is ``x.y.z``.
        product: What it should be, for the message.
        cancellation: The run's token.

    Raises:
        ProgramError: It is missing.
        EngineError: It says something else.
    """
    lines: list[str] = []
    completed = runner.run(
        Command(program=program, arguments=("--version",), low_priority=False),
        on_line=lines.append,
        cancellation=cancellation,
        timeout_seconds=_VERSION_TIMEOUT_SECONDS,
    )
    for line in lines:
        match = pattern.search(line)
        if match is not None:
            return EngineVersion(version=parse_version(match["version"]), text=line.strip())
    said = lines[-1].strip() if lines else "nothing"
    raise EngineError(
        f"{program} --version ended with {completed.exit_code} and does not say that it is {product}: {said[:200]}",
        hint=f"Install {product}, or name it: program in the engine's own table of [engines].",
    )
