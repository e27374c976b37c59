"""The sentences of a plan: read by somebody whose database is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.fit import named
from octeth_backupd.domain.restore.site import DataState
from octeth_backupd.domain.restore.swap import ROOM_PREFIX
from octeth_backupd.domain.server import Vendor
from octeth_backupd.domain.space import format_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from octeth_backupd.domain.restore.order import RestoreOrder
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.domain.restore.swap import Swap

_SHOWN = 5


def age_words(taken_at: datetime, now: datetime) -> str:
    """Return what is lost by going back to a backup."""
    minutes = max(0, round((now - taken_at).total_seconds() / 60))
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        age = f"{days} d {hours} h"
    else:
        age = f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
    return f"What was written since {taken_at:%Y-%m-%d %H:%M:%S} UTC, {age} ago, is not in the backup."


def rehearsal_words(site: Site, *, rehearse: bool) -> str:
    """Return whether and how the restored data is tried."""
    if not rehearse:
        return "Left out, as ordered: whether a server starts on the data is seen only once it is live."
    with_what = f"image {site.container.image}" if site.container else f"{named(site.vendor)} {site.version}"
    return (
        f"A server of {with_what} is started on the staged data, cut off from the network, and reads every table. "
        "Only when that went well is the present server stopped."
    )


def accounts_words(user: str, taken_at: datetime | None, order: RestoreOrder) -> str:
    """Return which accounts the restored server will have."""
    when = f"as of {taken_at:%Y-%m-%d %H:%M:%S} UTC" if taken_at else "as of the backup's time"
    if not order.rehearse:
        return f"Accounts and passwords {when}; without a rehearsal nobody tries whether {user} can log in."
    tried = (
        "the configured password, then the old one that was given"
        if order.old_password
        else ("the configured password")
    )
    return (
        f"Accounts and passwords {when}. The rehearsal settles whether {user} can log in ({tried}); it ends the "
        "restore before the server is stopped when nothing opens the account."
    )


def downtime_words(site: Site) -> str:
    """Return how long the server will be down."""
    if not site.is_running:
        return "The server is down now; it is started once the restored data is in place."
    return (
        "As long as the server takes to stop and to start, and less than a second more, whatever the size of the data. "
        "Unpacking, preparing and rehearsing happen before."
    )


def old_data_words(site: Site, swaps: Sequence[Swap], *, size_bytes: int | None, hours: int) -> str:
    """Return what becomes of the data that is there now."""
    if site.data_state in {DataState.ABSENT, DataState.EMPTY}:
        return "There is none now."
    size = "size unknown: it cannot be read" if size_bytes is None else format_bytes(size_bytes)
    places = " and ".join(str(swap.room.parent) for swap in swaps) or "beside the restored data"
    return (
        f"The present data ({size}) is kept as a safety copy for {hours} hours, in {places}, in a directory that is "
        f"called {ROOM_PREFIX} and the run's id. "
        "Until then octeth-backupctl undo puts it back. If the restored server does not pass its checks, that "
        "happens by itself."
    )


def site_warnings(site: Site) -> tuple[str, ...]:
    """Return what about the present state the operator should know before saying yes."""
    words = []
    if site.data_state in {DataState.ABSENT, DataState.EMPTY}:
        words.append(
            f"{site.data_directory} is {'not there' if site.data_state is DataState.ABSENT else 'empty'}. If the data "
            "has a file system of its own, make sure that it is mounted before you go on."
        )
    if site.data_state is DataState.STRAY:
        words.append(
            f"{site.data_directory} holds files but no mysql/. They are kept aside as they are. Do not start the "
            "container before the restore: its image would make a new database among them."
        )
    if not site.is_answering:
        words.append(
            "The server does not take SQL now. Should the restored data fail, the data from before is put back, but "
            "nobody can promise that the server works on it."
        )
    return tuple(words)


def order_warnings(
    site: Site, order: RestoreOrder, *, schemas: Sequence[str] | None, databases: Sequence[str]
) -> tuple[str, ...]:
    """Return what about the order the operator should know.

    Args:
        site: Where the restore goes.
        order: What was ordered.
        schemas: In the backup; None where nobody knows.
        databases: Configured to be looked at.
    """
    words = []
    if order.keep_server_uuid and site.vendor is Vendor.MARIADB:
        words.append("--keep-server-uuid has no effect: MariaDB has no server uuid.")
    if schemas is not None:
        lost = [name for name in site.user_schemas if name not in schemas]
        if lost:
            words.append(f"Not in the backup, and gone after the restore: {_listed(lost)}.")
        missing = [name for name in databases if name not in schemas]
        if missing:
            words.append(f"Configured to be looked at, but not in the backup: {_listed(missing)}.")
    return tuple(words)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{'schemas' if len(names) > 1 else 'schema'} {', '.join(names[:_SHOWN])}{more}"
