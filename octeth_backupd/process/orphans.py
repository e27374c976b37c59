"""Ending what a killed daemon left: marked processes on the host, labelled sidecars in Docker."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import ProgramError
from octeth_backupd.process.procfs import marked_processes, read_mark, read_stat, read_variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.process.mark import RunMark

# mariadb-backup blocks TERM, other programs may ignore INT.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_KILL_LIMIT_SECONDS = 60.0
# What was being forked during one look at /proc is seen by the next.
_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A process of a run that nobody watches any more."""

    pid: int
    run_id: str
    program: str


def end_orphans(
    installation_id: str, *, keep: frozenset[str] = frozenset(), grace_seconds: float = 10.0
) -> tuple[Orphan, ...]:
    """End every process that carries this installation's mark, and return when they are gone.

    Args:
        installation_id: Whose processes; those of another daemon on this host are left alone.
        keep: Ids of runs that are alive; theirs are spared, and so is the calling process.
        grace_seconds: How long after INT and TERM before KILL.

    Returns:
        What was found.

    Raises:
        ProgramError: A process did not end even on KILL.
    """

    def is_orphan(pid: int, mark: RunMark) -> bool:
        return mark.installation_id == installation_id and mark.run_id not in keep and pid != os.getpid()

    return _end_all(is_orphan, grace_seconds)


def end_stragglers(mark: RunMark, variable: str, *, grace_seconds: float) -> tuple[Orphan, ...]:
    """End what an ended program of a living run left, in whatever session, and return when it is gone.

    Args:
        mark: The run's; its other programs are left alone.
        variable: In the environment of that program and its children, and of no other of the run.
        grace_seconds: How long after INT and TERM before KILL.

    Returns:
        What was found.

    Raises:
        ProgramError: A process did not end even on KILL.
    """

    def is_straggler(pid: int, its_mark: RunMark) -> bool:
        return its_mark == mark and read_variable(pid, variable) is not None and pid != os.getpid()

    return _end_all(is_straggler, grace_seconds)


def _end_all(is_meant: Callable[[int, RunMark], bool], grace_seconds: float) -> tuple[Orphan, ...]:
    ended: list[Orphan] = []
    for _ in range(_ROUNDS):
        with ExitStack() as stack:
            found = _find(is_meant, stack)
            if not found:
                break
            _end(found, grace_seconds)
            ended += found.values()
    return tuple(ended)


def _find(is_meant: Callable[[int, RunMark], bool], stack: ExitStack) -> dict[int, Orphan]:
    """Return what is meant by process descriptor; the descriptors are closed with the stack."""
    found: dict[int, Orphan] = {}
    for pid, mark in marked_processes():
        if not is_meant(pid, mark):
            continue
        descriptor = _open_process(pid)
        if descriptor is None:
            continue
        stack.callback(os.close, descriptor)
        # Only now is it sure that the descriptor is of the process that was read: its number may have been reused.
        if read_mark(pid) == mark and is_meant(pid, mark):
            found[descriptor] = Orphan(pid=pid, run_id=mark.run_id, program=_program_of(pid))
    return found


def _end(orphans: dict[int, Orphan], grace_seconds: float) -> None:
    for number in _SIGNALS:
        _signal(orphans, number)
    left = _wait(orphans, grace_seconds)
    _signal(left, signal.SIGKILL)
    left = _wait(left, _KILL_LIMIT_SECONDS)
    if left:
        names = ", ".join(f"{orphan.program} ({orphan.pid})" for orphan in left.values())
        raise ProgramError(
            f"left over from an earlier run and not to be ended: {names}",
            hint="They hang in the kernel, usually on a disk that does not answer; restart the machine when it does.",
        )


def _wait(orphans: dict[int, Orphan], seconds: float) -> dict[int, Orphan]:
    """Wait until all have ended or the time is over; return those that have not."""
    limit = time.monotonic() + seconds
    left = dict(orphans)
    while left:
        poll = select.poll()
        for descriptor in left:
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(max(0.0, limit - time.monotonic()) * 1000):
            left.pop(descriptor)
        if time.monotonic() >= limit:
            break
    return left


def _signal(orphans: dict[int, Orphan], number: signal.Signals) -> None:
    for descriptor in orphans:
        try:
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            continue


def _open_process(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _program_of(pid: int) -> str:
    stat = read_stat(pid)
    return stat.program if stat is not None else "?"
