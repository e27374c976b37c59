"""A runner that runs nothing and says what it was told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.process.command import Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from octeth_backupd.errors import BackupdError
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.command import Command


class ScriptedRunner:
    """Prints the same lines for every command and remembers what it was asked to run."""

    name = "scripted"

    def __init__(self, lines: Sequence[str] = (), *, exit_code: int = 0, error: BackupdError | None = None) -> None:
        self._lines = tuple(lines)
        self._exit_code = exit_code
        self._error = error
        self.commands: list[Command] = []
        self.timeouts: list[float] = []

    def run(
        self,
        command: Command,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        timeout_seconds: float = 0,
    ) -> Completed:
        cancellation.raise_if_cancelled()
        self.commands.append(command)
        self.timeouts.append(timeout_seconds)
        if self._error is not None:
            raise self._error
        for line in self._lines:
            on_line(line)
        return Completed(program=command.program, exit_code=self._exit_code, output=self._lines)
