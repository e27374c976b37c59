"""The name of a systemd unit itself, whatever alias somebody calls it by."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def unit_itself(shown: Mapping[str, str]) -> str:
    """Return the name of the unit that was shown, such as ``mariadb.service`` for Debian's ``mysql.service``.

    An alias of a unit that is masked is an error to systemd, which then names only the file of the mask.

    Args:
        shown: ``Id``, ``LoadState`` and ``FragmentPath`` as ``systemctl show`` prints them.

    Source:
        Seen with systemd 252 on Debian 12.
    """
    if shown.get("LoadState") == "error" and shown.get("FragmentPath"):
        return PurePosixPath(shown["FragmentPath"]).name
    return shown.get("Id", "")
