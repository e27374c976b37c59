"""What was ordered of retention: the wishes of the operator that go along with a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionOrder:
    """Retention as an operator applies it.

    Attributes:
        confirm: The policy in force is confirmed: from now on it expires by itself.
        despite_hold: Open holds of the server end.
        keep_local: What the configuration said of local copies when this was ordered: of what came into force while it
            waited, nothing was confirmed.
    """

    confirm: bool = True
    keep_local: bool = True
    despite_hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOrder:
    """One backup is deleted, whatever the policy says.

    Attributes:
        force: Even the newest good one, one that a hold protects, or a parent of another.
    """

    force: bool = False
