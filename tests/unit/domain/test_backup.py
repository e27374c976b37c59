"""The words for the states of backups and runs."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.backup import RunStatus, Tier, highest_tier

FINAL = set(RunStatus) - {RunStatus.QUEUED, RunStatus.RUNNING}


@pytest.mark.parametrize(
    ("tiers", "highest"),
    [
        (set(), Tier.MANUAL),
        ({Tier.MANUAL}, Tier.MANUAL),
        ({Tier.MANUAL, Tier.DAILY}, Tier.DAILY),
        ({Tier.DAILY, Tier.WEEKLY}, Tier.WEEKLY),
        (set(Tier), Tier.MONTHLY),
    ],
)
def test_a_backup_is_stored_under_its_highest_tier(tiers: set[Tier], highest: Tier) -> None:
    assert highest_tier(frozenset(tiers)) is highest


@pytest.mark.parametrize("status", RunStatus)
def test_a_run_is_over_unless_it_waits_or_goes_on(status: RunStatus) -> None:
    assert status.is_final == (status in FINAL)


@pytest.mark.parametrize("status", RunStatus)
def test_only_success_and_degraded_leave_a_good_backup(status: RunStatus) -> None:
    assert status.made_good_backup == (status in {RunStatus.SUCCESS, RunStatus.DEGRADED})
