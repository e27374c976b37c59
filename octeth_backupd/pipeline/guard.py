"""The disk guard of a running backup: the limits of preflight, looked at again every second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.space import guard_verdict
from octeth_backupd.pipeline.inspection import file_systems, space_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.servers.survey import Survey


def disk_guard(parts: Parts, survey: Survey) -> Callable[[], str | None]:
    """Return a function that says why the run must end now, or None while all file systems are within their limits.

    A file system that was there at the start and cannot be measured any more is a reason as well.
    """
    policy = space_policy(parts)
    expected = {place.role for place in file_systems(parts, survey)}

    def look() -> str | None:
        places = file_systems(parts, survey)
        gone = expected - {place.role for place in places}
        if gone:
            return f"the file system of the {' and the '.join(sorted(gone))} cannot be measured any more"
        return guard_verdict(places, policy)

    return look
