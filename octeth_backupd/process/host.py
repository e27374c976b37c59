"""Running programs on this host."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, BinaryIO, Self

from octeth_backupd.errors import ProgramError, ProgramTimeoutError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.child import Child, spawn
from octeth_backupd.process.command import Completed
from octeth_backupd.process.output import LineSink, OutputReader
from octeth_backupd.process.packages import install_hint
from octeth_backupd.process.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.process.command import Command
    from octeth_backupd.process.mark import RunMark
    from octeth_backupd.process.redaction import Redactor

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class HostRunner:
    """See process.command.Runner."""

    name = "host"

    def __init__(self, *, mark: RunMark, redactor: Redactor, path: str | None = None) -> None:
        self._mark = mark
        self._redactor = redactor
        self._path = path or DEFAULT_PATH

    def run(
        self,
        command: Command,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        timeout_seconds: float = 0,
    ) -> Completed:
        """See Runner.run."""
        cancellation.raise_if_cancelled()
        wakeup = Wakeup()
        sink = LineSink(self._redactor, on_line=on_line, on_failure=wakeup.set)
        try:
            with self._spawn(command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT) as child:
                reader = OutputReader(child.stdout.fileno(), sink)
                reader.start()
                try:
                    with cancellation.on_cancel(wakeup.set):
                        ended_by_itself = child.wait(timeout_seconds=timeout_seconds, wakeup=wakeup)
                    child.end(command.stop)
                finally:
                    reader.finish()
                exit_code = child.reap()
        finally:
            wakeup.close()
        cancellation.raise_if_cancelled()
        if sink.failure is not None:
            raise sink.failure
        if not ended_by_itself:
            raise ProgramTimeoutError(
                f"{command.program} ran longer than {timeout_seconds:g} s and was ended",
                hint="Raise the time limit in the configuration, or set it to 0 for none.",
            )
        return Completed(program=command.program, exit_code=exit_code, output=sink.tail)

    def pipe(
        self, command: Command, *, stdin: IO[bytes] | None = None, cancellation: Cancellation | None = None
    ) -> PipedProgram:
        """Return a program whose standard output is a stream of bytes; it starts when the block is entered.

        Args:
            command: What to run. Its stop policy is not used: tar and compressors have nothing to put in order, so
                that they are ended by KILL.
            stdin: An open file that it reads; None for no input.
            cancellation: Ends it when cancelled; the stream then ends too, and ``wait`` raises the reason.

        """
        token = cancellation or Cancellation()

        def start() -> Child:
            return self._spawn(command, stdin=subprocess.DEVNULL if stdin is None else stdin, stderr=subprocess.PIPE)

        return PipedProgram(start, program=command.program, redactor=self._redactor, cancellation=token)

    def finds(self, program: str) -> bool:
        """Return whether a program is installed here."""
        return shutil.which(program, path=self._path) is not None

    def _spawn(self, command: Command, *, stdin: int | IO[bytes], stderr: int) -> Child:
        executable = shutil.which(command.program, path=self._path)
        if executable is None:
            raise ProgramError(f"{command.program} is not installed", hint=install_hint(command.program))
        child = spawn(
            (PurePath(command.program).name, *command.arguments),
            executable=executable,
            environment=self._environment(command),
            working_directory=command.working_directory,
            stdin=stdin,
            stderr=stderr,
        )
        try:
            if command.low_priority:
                child.set_low_priority()
            if command.open_files_limit:
                child.raise_open_files_limit(command.open_files_limit)
        except OSError:
            pass  # it has ended already, or changed its user: no reason to fail a backup
        return child

    def _environment(self, command: Command) -> dict[str, str]:
        """Return a minimal environment: no NOTIFY_SOCKET, no credentials, and no ~/.my.cnf to be read."""
        return {
            "PATH": self._path,
            "LC_ALL": "C",
            "TZ": "UTC",
            "HOME": "/nonexistent",
            **command.environment,
            **self._mark.environment(),
        }


class PipedProgram:
    """A program that prints a stream of bytes, running within a ``with`` block.

    Read ``stdout`` to its end, then call ``wait``. Leaving the block without that, by an exception or not, ends the
    program and everything it started. Entering it raises ProgramError when the program cannot be started.
    """

    def __init__(
        self, start: Callable[[], Child], *, program: str, redactor: Redactor, cancellation: Cancellation
    ) -> None:
        self._start = start
        self._program = program
        self._cancellation = cancellation
        self._sink = LineSink(redactor, on_line=lambda _: None)
        self._stack = ExitStack()

    @property
    def stdout(self) -> BinaryIO:
        """Return the stream of what it prints."""
        return self._child.stdout

    def __enter__(self) -> Self:
        self._cancellation.raise_if_cancelled()
        with ExitStack() as stack:
            self._child = stack.enter_context(self._start())
            self._reader = OutputReader(self._child.stderr.fileno(), self._sink)
            self._reader.start()
            stack.callback(self._reader.finish)
            stack.callback(self._child.kill)
            stack.enter_context(self._cancellation.on_cancel(self._child.send_kill))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def wait(self) -> Completed:
        """Wait for its end; ``stdout`` is closed, so that it cannot wait for a reader.

        Raises:
            BackupdError: The token's reason when cancelled.
        """
        self._child.stdout.close()
        self._child.wait()
        self._child.kill()
        self._reader.finish()
        exit_code = self._child.reap()
        self._cancellation.raise_if_cancelled()
        return Completed(program=self._program, exit_code=exit_code, output=self._sink.tail)
