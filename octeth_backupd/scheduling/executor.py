"""APScheduler's executor that runs nothing: it notes which entries fired, for the scheduler to tell the daemon."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from apscheduler.executors.base import BaseExecutor

if TYPE_CHECKING:
    from datetime import datetime


class NotingExecutor(BaseExecutor):  # type: ignore[misc]  # the library has no types
    """Take server and schedule of each entry that fires.

    An entry is over at once. So none is dropped because an earlier one still runs or a pool is full, and a stop has
    nothing to wait for.
    """

    def __init__(self) -> None:
        super().__init__()
        self._fired: deque[tuple[str, str]] = deque()

    def take(self) -> list[tuple[str, str]]:
        """Return and forget what has fired, oldest first, each once."""
        fired: dict[tuple[str, str], None] = {}
        while self._fired:
            fired[self._fired.popleft()] = None
        return list(fired)

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:  # noqa: ARG002
        server, schedule = job.args
        self._fired.append((server, schedule))
        self._run_job_success(job.id, [])
