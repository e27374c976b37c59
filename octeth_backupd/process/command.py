"""A program with its arguments, as a value: built by pure functions, run elsewhere."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from octeth_backupd.process.cancellation import Cancellation


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPolicy:
    """How a program is asked to end: signals in turn, each with a grace, then KILL.

    mariadb-backup blocks TERM and HUP and runs on to "completed OK!"; only INT ends it.

    Source:
        facts measured on mariadb-backup 10.11; a real XtraBackup 2.3 ends on TERM at once.
    """

    signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    grace_seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program with its arguments. Never holds a secret: neither here nor in ``environment``.

    Attributes:
        program: Name looked up in PATH, or an absolute path.
        environment: Added to the minimal environment children get (PATH, LC_ALL=C, TZ=UTC, the run's mark).
        low_priority: Run with low CPU and I/O priority.
    """

    program: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: Path | None = None
    stop: StopPolicy = field(default_factory=StopPolicy)
    low_priority: bool = True
    open_files_limit: int = 0

    @property
    def vector(self) -> tuple[str, ...]:
        """Return the whole argument vector."""
        return (self.program, *self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a program ended.

    Attributes:
        exit_code: As the shell would say it, negative for a signal.
        output: The last lines it printed (both streams), redacted, oldest first.
    """

    program: str
    exit_code: int
    output: tuple[str, ...] = ()


class Runner(Protocol):
    """Where a program runs: ``process.host.HostRunner`` or ``process.sidecar.SidecarRunner``.

    Contract: ``run`` returns only when the program *and everything it started* has ended, however it ended. It spawns
    from the calling thread and stays in it until the end (XtraBackup dies with the thread that spawned it). Every line
    of both output streams goes to ``on_line`` once, redacted, in order, without its line end; an error that it raises
    ends the program and comes through. A cancelled token ends the program by its stop policy, then KILL, and ``run``
    raises the token's reason. A non-zero exit is *returned*, not raised: what it means is the caller's business.
    """

    name: str

    def run(
        self,
        command: Command,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        timeout_seconds: float = 0,
    ) -> Completed:
        """Run a program to its end.

        Args:
            command: What to run.
            on_line: Called for each line, in a thread of the runner's.
            cancellation: The run's token.
            timeout_seconds: End it after this long; 0 for never.

        Raises:
            ProgramError: It is not installed or cannot be started.
            ProgramTimeoutError: The time was over; the program has been ended.
            BackupdError: The token's reason when cancelled.
        """
