"""What a client wishes to be restored: what contradicts itself, or names a path without the right to, is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.control.identifiers import checked_part
from octeth_backupd.control.services import RestoreRequest
from octeth_backupd.domain.names import LATEST
from octeth_backupd.errors import InvalidRequestError, PermissionDeniedError

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.control.peers import Peer
    from octeth_backupd.control.restore_schemas import RestoreWish

_SAME_NAMES = (
    "server",
    "before",
    "file",
    "to",
    "rehearse",
    "force",
    "force_foreign",
    "keep_server_uuid",
    "cancel_running",
    "old_password",
)


def restore_request(wish: RestoreWish, *, peer: Peer) -> RestoreRequest:
    """Return what is asked of the daemon.

    Args:
        wish: The request's body.
        peer: Who asks.

    Raises:
        InvalidRequestError: The wish contradicts itself, or a path is not absolute.
        PermissionDeniedError: It names a path of this host, and the peer is not root.
    """
    if bool(wish.backup) == (wish.file is not None):
        raise InvalidRequestError(
            "exactly one of a backup and a file can be restored",
            hint="Name a backup (its id or latest), or a file, not both.",
        )
    if wish.before is not None and wish.backup != LATEST:
        raise InvalidRequestError(
            "a time belongs to latest only", hint="Leave the time out, or ask for the latest backup before it."
        )
    _check_path("file", wish.file, peer)
    _check_path("to", wish.to, peer)
    same = {name: getattr(wish, name) for name in _SAME_NAMES}
    return RestoreRequest(backup=checked_part(wish.backup) if wish.backup else "", **same)


def _check_path(name: str, path: Path | None, peer: Peer) -> None:
    if path is None:
        return
    if peer.uid != 0:
        # The daemon reads and writes as root: to name a path is to be root.
        raise PermissionDeniedError(
            f"{peer} may not name a path of this host ({name}): only root may", hint="Run it as root."
        )
    if not path.is_absolute() or ".." in path.parts or "\0" in str(path):
        raise InvalidRequestError(f"{name} is not an absolute path without ..: {str(path)[:200]!r}")
