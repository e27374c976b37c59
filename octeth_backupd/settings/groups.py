"""Groups that the control socket is for, looked up before a start depends on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.control.access import group_id
from octeth_backupd.settings.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def group_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each group that is named and does not exist.

    A missing ``group`` leaves the socket to root, which is a warning, and only for one that was named: the usual group
    is made by the packages alone. With a missing ``admin_group`` the daemon would not start.
    """
    control = values.get("control")
    for key, is_warning in (("group", True), ("admin_group", False)):
        name = control.get(key) if isinstance(control, dict) else None
        if isinstance(name, str) and name and "\0" not in name and group_id(name) is None:
            yield Problem(
                path=f"control.{key}",
                message=f"there is no group {name}",
                hint=f"Create it with: groupadd --system {name}",
                is_warning=is_warning,
            )
