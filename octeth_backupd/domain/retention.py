"""How many backups are kept. This release keeps everything: the plan that expires copies comes with a later one."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from octeth_backupd.domain.section import Section


def _at_least_one(count: int) -> int:
    if count < 1:
        raise ValueError("must be at least 1: keeping none would delete every backup")
    return count


KeepCount = Annotated[int, AfterValidator(_at_least_one)]

_NOT_YET = "This release records the count but deletes nothing yet."


class RetentionSettings(Section):
    """How many backups are kept. Checked, but not applied by this release: nothing expires yet."""

    daily: KeepCount = Field(default=7, description=f"Days of which a backup is kept. {_NOT_YET}")
    weekly: KeepCount = Field(default=4, description=f"Weeks of which a backup is kept. {_NOT_YET}")
    monthly: KeepCount = Field(default=6, description=f"Months of which a backup is kept. {_NOT_YET}")
    keep_manual_days: KeepCount = Field(
        default=7,
        description=f"Days for which a manual backup is kept at least. {_NOT_YET}",
    )
