"""What the daemon offers to monitoring systems; a part of ``control.services.Services``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octeth_backupd.domain.freshness import Freshness, Requirements


class MonitoringServices(Protocol):
    """What monitoring systems ask; may block, called from worker threads."""

    def metrics(self) -> bytes:
        """Return all metrics as of now, in Prometheus' text format."""

    def freshness(self, *, server: str | None, requirements: Requirements) -> list[Freshness]:
        """Return for one server, or for each, whether it has a backup that is good enough.

        Raises:
            NotFoundError: No such server.
            InvalidRequestError: There is no storage backend of that name.
        """
