"""What retention notes at a copy is read back as it was written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from octeth_backupd.domain.retention.copy_detail import EXPIRING, locked_detail, locked_until

UNTIL = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_lock_is_read_back_with_its_time() -> None:
    assert locked_until(locked_detail(UNTIL)) == UNTIL


@pytest.mark.parametrize("detail", ["", EXPIRING, locked_detail(None), "locked by its storage until tomorrow", "x"])
def test_other_details_tell_of_no_time(detail: str) -> None:
    assert locked_until(detail) is None
