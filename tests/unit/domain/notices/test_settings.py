"""From when on something is a problem."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.notices.settings import NoticesSettings


def test_a_tiers_own_limit_is_its_own() -> None:
    settings = NoticesSettings.model_validate({"overdue_after_seconds": {"weekly": 700_000}})

    assert settings.overdue_after_seconds.of(Tier.WEEKLY) == 700_000
    assert settings.overdue_after_seconds.of(Tier.DAILY) is None
    assert settings.overdue_after_seconds.of(Tier.MANUAL) is None


@pytest.mark.parametrize("wrong", [{"overdue_after_seconds": {"daily": 0}}, {"disk_full_days": -1}, {"grace": 1}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NoticesSettings.model_validate(wrong)
