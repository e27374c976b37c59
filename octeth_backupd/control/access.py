"""Who may read and who may change: the decision alone, over the kernel's facts about the peer."""

from __future__ import annotations

import grp
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import ConfigurationError, PermissionDeniedError

if TYPE_CHECKING:
    from octeth_backupd.control.peers import Peer
    from octeth_backupd.control.settings import ControlSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The rule of the socket.

    Attributes:
        own_uid: The daemon's own user, who may do everything, as uid 0 may.
        group: Name of the group that may read.
        group_gid: Its id; None when there is no such group.
        admin_group: Name of the group that may change as well; None: no group may.
        admin_gid: Its id.
    """

    own_uid: int
    group: str
    group_gid: int | None
    admin_group: str | None = None
    admin_gid: int | None = None

    def is_owner(self, peer: Peer) -> bool:
        """Return whether the peer is root or the daemon's own user."""
        return peer.uid in {0, self.own_uid}

    def check_read(self, peer: Peer) -> None:
        """Allow the peer to see how things stand.

        Raises:
            PermissionDeniedError: It is in none of the groups.
        """
        if not (self.is_owner(peer) or _is_member(peer, self.group_gid) or _is_member(peer, self.admin_gid)):
            raise PermissionDeniedError(
                f"{peer} may not read: not a member of the group {self.group}",
                hint=f"Run it as root, or add the user to the group {self.group} and log in again.",
            )

    def check_change(self, peer: Peer) -> None:
        """Allow the peer to start, cancel or pause something.

        Raises:
            PermissionDeniedError: It is neither root nor in the admin group.
        """
        if self.is_owner(peer) or _is_member(peer, self.admin_gid):
            return
        if self.admin_group is None:
            raise PermissionDeniedError(
                f"{peer} may not change anything: only root may, no control.admin_group is configured",
                hint="Run it as root, or name a group in control.admin_group and add the user to it.",
            )
        raise PermissionDeniedError(
            f"{peer} may not change anything: not a member of the group {self.admin_group}",
            hint=f"Run it as root, or add the user to the group {self.admin_group} and log in again.",
        )


def access_from(settings: ControlSettings) -> Access:
    """Look the groups up.

    A missing ``group`` is no error: then the socket belongs to root alone.

    Raises:
        ConfigurationError: ``admin_group`` does not exist; somebody relies on it.
    """
    admin_gid = None if settings.admin_group is None else group_id(settings.admin_group)
    if settings.admin_group is not None and admin_gid is None:
        raise ConfigurationError(
            f"control.admin_group: there is no group {settings.admin_group}",
            hint=f"Create it with: groupadd --system {settings.admin_group}",
        )
    return Access(
        own_uid=os.geteuid(),
        group=settings.group,
        group_gid=group_id(settings.group),
        admin_group=settings.admin_group,
        admin_gid=admin_gid,
    )


def group_id(name: str) -> int | None:
    """Return the id of a group, or None when there is none of that name."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def _is_member(peer: Peer, gid: int | None) -> bool:
    return gid is not None and gid in peer.groups
