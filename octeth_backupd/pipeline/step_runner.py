"""Timing, events and cancellation around each step of a run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import StepFinished, StepStarted
from octeth_backupd.domain.shortening import shortened
from octeth_backupd.errors import BackupdError, CancelledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.pipeline.context import RunContext


class StepRunner:
    """Wrap each step: it begins and ends on the bus, takes time, and does not begin once the run is cancelled."""

    def __init__(self, context: RunContext) -> None:
        self._context = context

    @contextmanager
    def step(self, name: str, *, cancellable: bool = True) -> Iterator[None]:
        """Run a block as the step ``name``.

        Args:
            name: For people; the same in every run.
            cancellable: Otherwise the block alone knows until when it may be cancelled, and what it finished stands.

        Raises:
            BackupdError: The reason of the cancellation, before or after the block; or what the block raised.
        """
        context = self._context
        if cancellable:
            context.cancellation.raise_if_cancelled()
        run = context.run
        context.bus.publish(StepStarted(run_id=run.run_id, server=run.server, at=context.clock.now(), step=name))
        began = context.clock.monotonic_seconds()
        status, error = RunStatus.FAILED, "internal error"
        try:
            yield
            if cancellable:
                context.cancellation.raise_if_cancelled()
            status, error = RunStatus.SUCCESS, ""
        except CancelledError as exc:
            status, error = RunStatus.CANCELLED, exc.message
            raise
        except BackupdError as exc:
            error = exc.message
            raise
        finally:
            context.bus.publish(
                StepFinished(
                    run_id=run.run_id,
                    server=run.server,
                    at=context.clock.now(),
                    step=name,
                    status=status,
                    duration_seconds=context.clock.monotonic_seconds() - began,
                    error=shortened(error),
                )
            )
