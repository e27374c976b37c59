"""A child process and everything it starts: spawned in a session of its own, ended as a whole.

The leader of the session is reaped only after the rest of the session has gone: until then its id, which is the
group's too, cannot be given to a stranger, and a signal to the group reaches nobody else.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from octeth_backupd.errors import ProgramError
from octeth_backupd.process.procfs import session_members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from octeth_backupd.process.command import StopPolicy
    from octeth_backupd.process.wakeup import Wakeup

LOW_PRIORITY_NICENESS = 10
_KILL_LIMIT_SECONDS = 60.0
_SCAN_INTERVAL_SECONDS = 0.02


class Child:
    """A running program; use as a context manager, after which nothing of it runs any more."""

    def __init__(self, popen: subprocess.Popen[bytes], *, program: str) -> None:
        self._popen = popen
        self._program = program
        self._pidfd = os.pidfd_open(popen.pid)
        self._lock = threading.Lock()
        self._reaped = False

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.reap()
        os.close(self._pidfd)
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()

    @property
    def stdout(self) -> BinaryIO:
        """Return the read end of its standard output, which must have been asked for."""
        if self._popen.stdout is None:
            raise ProgramError(f"{self._program}: its output was not asked for")
        return cast("BinaryIO", self._popen.stdout)

    @property
    def stderr(self) -> IO[bytes]:
        """Return the read end of its standard error, which must have been asked for."""
        if self._popen.stderr is None:
            raise ProgramError(f"{self._program}: its error output was not asked for")
        return self._popen.stderr

    def set_low_priority(self) -> None:
        """Let everything else go first, on CPU and disk.

        No ionice is needed: a process without an I/O class of its own takes its I/O priority from its niceness
        (ioprio_get(2): ``(nice + 20) / 5``). Threads that it starts later inherit both.
        """
        os.setpriority(os.PRIO_PROCESS, self._popen.pid, LOW_PRIORITY_NICENESS)

    def raise_open_files_limit(self, limit: int) -> None:
        """Allow at least ``limit`` open files, or as many as we may allow."""
        soft, hard = resource.prlimit(self._popen.pid, resource.RLIMIT_NOFILE)
        if soft >= limit:
            return
        wanted = (limit, max(limit, hard))
        try:
            resource.prlimit(self._popen.pid, resource.RLIMIT_NOFILE, wanted)
        except (PermissionError, ValueError):  # above the hard limit, without CAP_SYS_RESOURCE
            resource.prlimit(self._popen.pid, resource.RLIMIT_NOFILE, (hard, hard))

    def wait(self, *, timeout_seconds: float = 0, wakeup: Wakeup | None = None) -> bool:
        """Wait for the program's own end.

        Args:
            timeout_seconds: How long; 0 for ever.
            wakeup: Ends the waiting when set.

        Returns:
            False when woken, or when the time was over.
        """
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if wakeup is not None:
            poll.register(wakeup.fileno(), select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(timeout_seconds * 1000 if timeout_seconds else None)}
        return self._pidfd in ready

    def end(self, policy: StopPolicy) -> None:
        """End what is left of the session, and return when it has gone; at once when nothing is left.

        Raises:
            ProgramError: Not even KILL ended it.
        """
        if self._has_gone():
            return
        for number in policy.signals:
            self._signal(number)
            if self._wait_until_gone(policy.grace_seconds):
                return
        self.kill()

    def kill(self) -> None:
        """End the session by force, and return when it has gone.

        Raises:
            ProgramError: It is stuck in the kernel.
        """
        limit = time.monotonic() + _KILL_LIMIT_SECONDS
        while not self._has_gone():
            # Again and again: what was being forked during the last signal has not had it.
            self._signal(signal.SIGKILL)
            if time.monotonic() >= limit:
                raise ProgramError(
                    f"{self._program} (process {self._popen.pid}) did not end on KILL in {_KILL_LIMIT_SECONDS:g} s",
                    hint="It hangs in the kernel, usually on a disk or network file system that does not answer.",
                )
            time.sleep(_SCAN_INTERVAL_SECONDS)

    def send_kill(self) -> None:
        """Send KILL to the session from any thread, and do not wait."""
        self._signal(signal.SIGKILL)

    def reap(self) -> int:
        """Wait for the program's end and return its exit code, negative for a signal."""
        self.wait()
        with self._lock:
            self._reaped = True
            return self._popen.wait()

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            if self._reaped:
                return
            os.killpg(self._popen.pid, number)
            for member in session_members(self._popen.pid):
                if member.group != self._popen.pid:
                    try:
                        os.kill(member.pid, number)
                    except ProcessLookupError:
                        continue

    def _has_gone(self) -> bool:
        return self._reaped or not session_members(self._popen.pid)

    def _wait_until_gone(self, seconds: float) -> bool:
        limit = time.monotonic() + seconds
        while not self._has_gone():
            if time.monotonic() >= limit:
                return False
            time.sleep(_SCAN_INTERVAL_SECONDS)
        return True


def spawn(
    vector: Sequence[str],
    *,
    executable: str,
    environment: Mapping[str, str],
    working_directory: Path | None,
    stdin: int | IO[bytes],
    stderr: int,
) -> Child:
    """Start a program from the calling thread, in a session of its own, with its output in a pipe.

    Raises:
        ProgramError: It cannot be started.
    """
    try:
        popen = subprocess.Popen(  # the Child that owns it ends it
            list(vector),
            executable=executable,
            env=dict(environment),
            cwd=working_directory,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramError(
            f"{vector[0]} cannot be started: {error.strerror}",
            hint="Check that it is executable, and that the machine has memory and processes to spare.",
        ) from error
    try:
        return Child(popen, program=vector[0])
    except OSError as error:
        # The whole group, by its number: the leader is not reaped yet, so that it cannot be a stranger's.
        with popen:
            os.killpg(popen.pid, signal.SIGKILL)
        raise ProgramError(
            f"{vector[0]} cannot be watched, and was ended: {os.strerror(error.errno or 0).lower()}",
            hint="Raise LimitNOFILE of the daemon's unit.",
        ) from error
