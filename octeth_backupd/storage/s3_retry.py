"""Trying again for minutes, around botocore's own retries of seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from octeth_backupd.errors import BackupdError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.process.cancellation import Cancellation

_Result = TypeVar("_Result")

PATIENCE_SECONDS = 300.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0


class Insistence:
    """Does something until it succeeds, cannot succeed, or patience is over."""

    def __init__(self, cancellation: Cancellation, clock: Clock, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._cancellation = cancellation
        self._clock = clock
        self._patience_seconds = patience_seconds

    def __call__(self, action: Callable[[], _Result], *, position: Callable[[], int] = lambda: 0) -> _Result:
        """Return what the action returns.

        Args:
            action: Raises a retryable error when it may be done again.
            position: How far the action has come; patience begins anew each time it came further.

        Raises:
            BackupdError: What the action raised last, or the token's reason.
        """
        reached = -1
        while True:
            self._cancellation.raise_if_cancelled()
            try:
                return action()
            except BackupdError as exc:
                self._cancellation.raise_if_cancelled()
                if not exc.retryable:
                    raise
                if position() > reached:
                    reached, pauses, deadline = position(), _pauses_seconds(), self._now() + self._patience_seconds
                pause = next(pauses)
                if self._now() + pause > deadline:
                    raise
            self._cancellation.wait(pause)

    def _now(self) -> float:
        return self._clock.monotonic_seconds()


def _pauses_seconds() -> Iterator[float]:
    pause = _FIRST_PAUSE_SECONDS
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
