"""A thread beside a long step: reports how far it is, and cancels it before a disk fills.

The bash tool's one production incident was a disk that filled. So the file systems of the workspace *and of the server*
are looked at every second while something is written.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from octeth_backupd.errors import SpaceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from octeth_backupd.pipeline.context import RunContext

INTERVAL_SECONDS = 1.0
RATE_WINDOW_SAMPLES = 10


class Watch:
    """Watch a step for the length of a ``with`` block.

    Args:
        context: The run; its cancellation is used when the guard objects.
        step: Name of the step, for the progress events.
        measure: Returns bytes done so far; may be slow, is called once an interval. An OSError leaves that one out.
        total_bytes: Expected bytes; 0 when unknown.
        guard: Returns why the run must end now, or None.
        space_hint: What to do when the guard has ended it.
    """

    def __init__(
        self,
        context: RunContext,
        *,
        step: str,
        measure: Callable[[], int] | None,
        total_bytes: int = 0,
        guard: Callable[[], str | None] = lambda: None,
        space_hint: str = "Free space, or put [backup] workspace_directory on another file system.",
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._context = context
        self._step = step
        self._measure = measure
        self._total_bytes = total_bytes
        self._guard = guard
        self._space_hint = space_hint
        self._interval_seconds = interval_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watch-{step}", daemon=True)
        self._samples: deque[tuple[float, int]] = deque(maxlen=RATE_WINDOW_SAMPLES)

    def __enter__(self) -> Watch:
        self._sample()
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if error is None:
            self._sample()

    def _watch(self) -> None:
        while not self._over.wait(self._interval_seconds):
            try:
                reason = self._guard()
            except Exception as exc:  # noqa: BLE001 - a guard that cannot look must not let the disk fill
                reason = f"free space cannot be read any more: {exc}"
            if reason is not None:
                self._context.cancellation.cancel(
                    SpaceError(
                        f"stopped before the disk was full: {reason}",
                        hint=self._space_hint,
                    )
                )
                return
            self._sample()

    def _sample(self) -> None:
        if self._measure is None:
            return
        try:
            done_bytes = self._measure()
        except OSError:
            return
        now = self._context.clock.monotonic_seconds()
        self._samples.append((now, done_bytes))
        first_at, first_bytes = self._samples[0]
        elapsed = now - first_at
        rate = (done_bytes - first_bytes) / elapsed if elapsed > 0 else 0.0
        self._context.progress(
            self._step, done_bytes=done_bytes, total_bytes=self._total_bytes, rate_bytes_per_second=max(rate, 0.0)
        )
