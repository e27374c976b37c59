from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.postconditions.size_bounds import SizeBounds
from octeth_backupd.pipeline.settings import BackupSettings


def test_defaults_keep_a_disk_from_filling() -> None:
    settings = BackupSettings()

    assert (settings.max_disk_usage_percent, int(settings.min_free), int(settings.space_margin)) == (
        85,
        1024**3,
        5 * 1024**3,
    )


def test_empty_workspace_means_none_given() -> None:
    assert BackupSettings.model_validate({"workspace_directory": ""}).workspace_directory is None
    assert BackupSettings.model_validate({"workspace_directory": "/x"}).workspace_directory == Path("/x")


@pytest.mark.parametrize("value", ["auto", 1, 64])
def test_parallel_is_a_number_or_auto(value: object) -> None:
    assert BackupSettings.model_validate({"parallel": value}).parallel == value


@pytest.mark.parametrize("value", [0, 65, "many"])
def test_impossible_parallel_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        BackupSettings.model_validate({"parallel": value})


def test_sizes_are_read_with_their_unit() -> None:
    assert int(BackupSettings.model_validate({"min_free": "500 MB"}).min_free) == 500_000_000


def test_bounds_of_suspicion_are_settings_half_and_double_by_default() -> None:
    assert BackupSettings().size_bounds == SizeBounds(lowest_percent=50, highest_percent=200, slack_bytes=16 << 20)
    settings = {"suspect_below_percent": 10, "suspect_above_percent": 1000, "suspect_slack": "1 GiB"}
    assert BackupSettings.model_validate(settings).size_bounds == SizeBounds(
        lowest_percent=10, highest_percent=1000, slack_bytes=1 << 30
    )


@pytest.mark.parametrize("bounds", [{"suspect_below_percent": 101}, {"suspect_above_percent": 99}])
def test_bounds_that_would_doubt_every_backup_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        BackupSettings.model_validate(bounds)
