"""What the daemon offers to the control interface about keeping and deleting; a part of control.services.Services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.holdings import Accept, Hold, Pin, Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupHoldings:
    """What is said of one backup.

    Attributes:
        pin: None while it is not pinned.
        holds: Open holds that are about it or protect it.
        proofs: Oldest first.
        accepts: Oldest first.
    """

    pin: Pin | None = None
    holds: tuple[Hold, ...] = ()
    proofs: tuple[Proof, ...] = ()
    accepts: tuple[Accept, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionStatus:
    """How retention of one server stands.

    Attributes:
        waits_for: Why nothing expires until somebody confirms it; empty: it goes on by itself.
        holds: Those that are open.
        last_run: The newest retention run that has ended.
    """

    waits_for: str = ""
    holds: tuple[Hold, ...] = ()
    last_run: Run | None = None


class RetentionServices(Protocol):
    """See control.services.Services."""

    def retention_json(self, *, server: str | None) -> bytes:
        """Return the retention plan of now as a JSON array, one element a server; quick, touches nothing.

        Args:
            server: Only this server's.

        Raises:
            NotFoundError: No such server.
        """

    def request_retention(self, *, server: str | None, despite_hold: bool, requested_by: str) -> list[Run]:
        """Accept the expiry of what the policy does not keep, one run a server, and return the runs at once.

        The policy in force is confirmed by it, for all servers.

        Args:
            server: Only this server; None: all of them.
            despite_hold: End the open holds first.
            requested_by: Who asks.

        Raises:
            NotFoundError: No such server.
            BusyError: Another run holds a server.
        """

    def request_delete(self, *, backup_id: str, confirm: str, force: bool, requested_by: str) -> Run:
        """Accept the deletion of every copy of a backup and return its run at once.

        Args:
            backup_id: Any unambiguous part of the id; not ``latest``.
            confirm: The name of the backup's server.
            force: Even when nothing else would let it go; never a pinned one, nor another installation's.
            requested_by: Who asks.

        Raises:
            InvalidRequestError: Not confirmed, or refused; the message says why.
            NotFoundError: No such backup.
            AmbiguousIdError: Several fit.
            BusyError: Another run holds the server.
        """

    def pin(self, *, backup_id: str, note: str, requested_by: str) -> str:
        """Keep a backup until it is unpinned; return its whole id.

        Raises:
            InvalidRequestError: It is deleted.
            NotFoundError: No such backup.
            AmbiguousIdError: Several fit.
        """

    def unpin(self, *, backup_id: str, requested_by: str) -> str:
        """Undo ``pin``; no error when it was not pinned. Returns its whole id."""

    def accept(self, *, backup_id: str, note: str, requested_by: str) -> str:
        """Take a doubted backup for good: it is not suspect any more, and holds about it end. Returns its whole id.

        Raises:
            InvalidRequestError: Nothing about it is doubted.
            NotFoundError: No such backup.
            AmbiguousIdError: Several fit.
        """

    def holdings(self, backup_id: str) -> BackupHoldings:
        """Return what is said of a backup, by its whole id."""
