"""The function that stored entries name."""

from __future__ import annotations

import pytest
from apscheduler.util import ref_to_obj

from octeth_backupd.scheduling.entry import REFERENCE, look_at_slots


def test_stored_entries_of_every_release_name_the_same_function() -> None:
    assert REFERENCE == "octeth_backupd.scheduling.entry:look_at_slots"
    assert ref_to_obj(REFERENCE) is look_at_slots


def test_function_itself_refuses_to_be_run() -> None:
    with pytest.raises(RuntimeError, match="oempro/daily"):
        look_at_slots("oempro", "daily")
