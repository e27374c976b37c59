"""The end of all runs when the daemon stops: backups are cancelled, no server that a restore stopped is left down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import Operation

if TYPE_CHECKING:
    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.daemon.systemd import Systemd
    from octeth_backupd.domain.clock import Clock

_log = structlog.get_logger("daemon")

CANCEL_SECONDS = 25.0
LOOK_SECONDS = 10.0
MOVES_DATA = frozenset({Operation.RESTORE, Operation.UNDO, Operation.RESOLVE})


def end_runs(
    coordinator: Coordinator,
    systemd: Systemd,
    clock: Clock,
    *,
    restore_seconds: float,
    cancel_seconds: float = CANCEL_SECONDS,
) -> None:
    """Cancel every run and wait for their ends.

    A restore that has begun to stop its server cannot be cancelled any more: systemd is asked for more time, and it is
    waited for until the server is up again. What is not over then is resolved at the next start.

    Args:
        coordinator: Accepts nothing from here on.
        systemd: Told that the stop takes longer.
        clock: For the limits.
        restore_seconds: How long a restore is waited for at most.
        cancel_seconds: How long everything else is.
    """
    if coordinator.stop(timeout_seconds=cancel_seconds):
        return
    limit = clock.monotonic_seconds() + restore_seconds
    while any(active.run.operation in MOVES_DATA for active in coordinator.active()):
        if clock.monotonic_seconds() >= limit:
            break
        systemd.extend_stop(3 * LOOK_SECONDS)
        _log.warning("daemon.stop_waits", running=[active.run.run_id for active in coordinator.active()])
        if coordinator.stop(timeout_seconds=LOOK_SECONDS):
            return
    _log.error("daemon.stop_slow", running=[active.run.run_id for active in coordinator.active()])
