"""compression.base: the settings."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from octeth_backupd.compression.base import CompressionSettings


def test_defaults_are_zstd_on_all_cores() -> None:
    settings = CompressionSettings()

    assert (settings.algorithm, settings.level, settings.threads) == ("zstd", 3, "auto")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"algorithm": "gzip", "level": 10}, "gzip has levels 1 to 9"),
        ({"level": 20}, "less than or equal to 19"),
        ({"threads": 0}, "number from 1"),
        ({"threads": "many"}, "auto"),
        ({"algorithm": "lz4"}, "zstd"),
    ],
)
def test_impossible_value_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        CompressionSettings.model_validate(values)
