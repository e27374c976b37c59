"""Where the engine runs is told; nowhere is a failure."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import EngineError
from tests.unit.preflight.builder import placement, run, subject


def test_no_place_to_run_fails_with_the_settings_to_change() -> None:
    error = EngineError("the server's image holds no mariadb-backup")

    result = run("engine_placement", subject(placement=None, placement_error=error))

    assert result.status is CheckStatus.FAILED
    assert result.summary == error.message
    assert "sidecar_image" in result.fix


@pytest.mark.parametrize(("kind", "words"), [("host", "on the host"), ("sidecar", "in a sidecar container")])
def test_place_is_told(kind: str, words: str) -> None:
    assert words in run("engine_placement", subject(placement=placement(kind))).summary
