"""What the scheduler's store refers to by name: ``octeth_backupd.scheduling.entry:look_at_slots``.

A public name. APScheduler deletes a stored entry whose function it cannot import, so neither this module nor the
function is ever moved or renamed.
"""

from __future__ import annotations

REFERENCE = "octeth_backupd.scheduling.entry:look_at_slots"


def look_at_slots(server: str, schedule: str, definition: str = "") -> None:
    """Stand for "something may be due" in the store; the executor calls the daemon instead of this.

    Args:
        server: Name of the server.
        schedule: Name of the schedule, or ``retry``.
        definition: Fingerprint of the definition that the entry was made from.

    Raises:
        RuntimeError: Always.
    """
    raise RuntimeError(f"entry {server}/{schedule} ({definition}) was run by a foreign executor")
