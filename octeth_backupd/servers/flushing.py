"""Let a server write its dirty pages before it is stopped, so that the stop is quick."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from octeth_backupd.errors import ServerError
from octeth_backupd.servers.sql_errors import PrivilegeMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.servers.session import Session

_LIMIT = "innodb_max_dirty_pages_pct"
_LOW_WATER = "innodb_max_dirty_pages_pct_lwm"
_PREVIOUS = re.compile(r"(?P<limit>\d+(?:\.\d+)?)(?:/(?P<low_water>\d+(?:\.\d+)?))?")
_ALLOWED = f"SHOW GLOBAL VARIABLES LIKE '{_LIMIT}%'"
_DIRTY = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
_WAIT = "SELECT SLEEP(0.1)"
_LOOKS_WITHOUT_PROGRESS = 10


def dirty_pages_allowed(variables: Mapping[str, str]) -> str:
    """Return how many dirty pages a server allows, for ``restore_dirty_pages``: ``limit/low water``, in percent.

    Args:
        variables: Of ``SHOW GLOBAL VARIABLES``; the result is empty when they do not say.
    """
    limit, low_water = variables.get(_LIMIT, ""), variables.get(_LOW_WATER, "")
    return f"{limit}/{low_water}" if limit and low_water else limit


def flush_dirty_pages(session: Session, *, seconds: float, clock: Clock) -> str:
    """Let the server write its dirty pages, and return what it allowed before.

    Ends early when none is left, and when writers make as many as the server writes. What stays in force until the
    server's end, or until ``restore_dirty_pages``, is that it writes each page soon.

    Args:
        session: Of the server that will be stopped.
        seconds: How long at most; 0: nothing is done.
        clock: For the limit.

    Returns:
        For ``restore_dirty_pages``; empty when nothing was changed, as for an account that may not.

    Raises:
        ServerUnreachableError: The connection was lost.
        ServerError: The server refused for another reason.

    Source:
        MySQL 8.4 manual, ``innodb_max_dirty_pages_pct``; setting it below ``innodb_max_dirty_pages_pct_lwm`` lowers
        that as well, with a warning (``innodb_max_dirty_pages_pct_update`` in ``ha_innodb.cc``, MariaDB alike).
    """
    if seconds <= 0:
        return ""
    deadline = clock.monotonic_seconds() + seconds
    rows = session.rows(_ALLOWED)
    previous = dirty_pages_allowed({str(row["Variable_name"]): str(row["Value"]) for row in rows})
    try:
        session.rows(f"SET GLOBAL {_LIMIT} = 0")
    except PrivilegeMissingError:
        return ""
    fewest, looks_without_progress = _dirty_pages(session), 0
    while fewest and looks_without_progress < _LOOKS_WITHOUT_PROGRESS and clock.monotonic_seconds() < deadline:
        session.rows(_WAIT)
        now = _dirty_pages(session)
        looks_without_progress = 0 if now < fewest else looks_without_progress + 1
        fewest = min(fewest, now)
    return previous


def restore_dirty_pages(session: Session, value: str) -> None:
    """Put back what ``flush_dirty_pages`` returned; nothing to do for an empty value.

    Raises:
        ServerError: The server refused, or the value is none.
    """
    if not value:
        return
    previous = _PREVIOUS.fullmatch(value)
    if previous is None:
        raise ServerError(f"{value!r} says nothing about dirty pages")
    session.rows(f"SET GLOBAL {_LIMIT} = {previous['limit']}")
    if previous["low_water"]:
        session.rows(f"SET GLOBAL {_LOW_WATER} = {previous['low_water']}")


def _dirty_pages(session: Session) -> int:
    return next((int(row["Value"]) for row in session.rows(_DIRTY)), 0)
