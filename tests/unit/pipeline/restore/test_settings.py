"""What follows from the settings of restores."""

from __future__ import annotations

from octeth_backupd.pipeline.restore.settings import RestoreSettings


def test_a_restore_is_given_the_time_to_stop_and_to_start_before_it_goes_back() -> None:
    settings = RestoreSettings(stop_timeout_seconds=100, start_timeout_seconds=200)

    assert settings.longest_absence_seconds == 300
