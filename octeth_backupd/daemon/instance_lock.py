"""One daemon per state directory: an flock that the kernel releases however the daemon dies."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from octeth_backupd.errors import BusyError
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

LOCK_NAME = "lock"


class InstanceLock:
    """Hold the state directory for the length of a ``with`` block.

    Raises:
        BusyError: Another process holds it; the message names its pid.
        StorageError: The lock file cannot be opened or locked.
    """

    def __init__(self, state_directory: Path) -> None:
        self._path = state_directory / LOCK_NAME
        self._descriptor = -1

    def __enter__(self) -> InstanceLock:
        with translated_os_errors(self._path), ExitStack() as stack:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as exc:
                holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
                raise BusyError(
                    f"another octeth-backupd (pid {holder}) uses the state directory {self._path.parent}",
                    hint="One daemon per state directory: stop the other one, or set another [daemon] state_directory.",
                ) from exc
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
            stack.pop_all()
            self._descriptor = descriptor
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
        self._descriptor = -1
