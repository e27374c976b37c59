"""The configuration file as doctor sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.settings.diagnosis import diagnose_configuration
from tests.unit.settings.conftest import GOOD_SERVER, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = GOOD_SERVER + ZONE


def test_good_file_passes(write_config: Callable[[str], Path]) -> None:
    [result] = diagnose_configuration(write_config(GOOD), {})

    assert (result.name, result.status) == ("configuration", CheckStatus.PASSED)


def test_file_that_every_user_may_read_is_a_warning_with_the_command(write_config: Callable[[str], Path]) -> None:
    path = write_config(GOOD)
    path.chmod(0o644)

    [result] = diagnose_configuration(path, {})

    assert result.status is CheckStatus.WARNING
    assert result.fix == f"Run: chmod 640 {path}"


def test_mistake_made_since_the_start_fails(write_config: Callable[[str], Path]) -> None:
    [result] = diagnose_configuration(write_config(GOOD + "timezne = 1\n"), {})

    assert result.status is CheckStatus.FAILED
    assert "timezne" in result.summary
    assert "not start" in result.cause
