"""What every step of a run is handed: who it is, how to speak, how to be stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.events import ProgramOutput, StepProgress, Warned

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.backup import Run, Slot
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.restore.order import Order
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.telemetry.bus import EventBus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """One run, seen from inside its steps.

    Attributes:
        slots: The due slots this run serves; empty for manual runs.
        order: What the operator wished, where the operation leaves a choice.
    """

    run: Run
    installation_id: str
    bus: EventBus
    clock: Clock
    cancellation: Cancellation
    slots: tuple[Slot, ...] = ()
    order: Order | None = None

    def output_of(self, program: str) -> Callable[[str], None]:
        """Return a sink for the lines of a program."""

        def publish(line: str) -> None:
            self.bus.publish(
                ProgramOutput(
                    run_id=self.run.run_id, server=self.run.server, at=self.clock.now(), program=program, line=line
                )
            )

        return publish

    def warn(self, message: str) -> None:
        """Say that something is not as it should be while the run goes on."""
        self.bus.publish(Warned(run_id=self.run.run_id, server=self.run.server, at=self.clock.now(), message=message))

    def progress(self, step: str, *, done_bytes: int, total_bytes: int, rate_bytes_per_second: float) -> None:
        """Say how far a step is."""
        self.bus.publish(
            StepProgress(
                run_id=self.run.run_id,
                server=self.run.server,
                at=self.clock.now(),
                step=step,
                done_bytes=done_bytes,
                total_bytes=total_bytes,
                rate_bytes_per_second=rate_bytes_per_second,
            )
        )
