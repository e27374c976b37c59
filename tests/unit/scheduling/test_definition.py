"""Definitions: what makes two of them the same."""

from __future__ import annotations

from octeth_backupd.domain.backup import Tier
from octeth_backupd.scheduling.definition import rule_of_canonical
from tests.unit.scheduling.builders import definition


def test_canonical_text_says_what_the_rule_is() -> None:
    berlin = definition(expression="0  2 * * *", timezone="Europe/Berlin")

    assert rule_of_canonical(berlin.canonical) == berlin.rule


def test_canonical_text_and_fingerprint_change_with_rule_and_timezone_only() -> None:
    base = definition()

    for changed in (definition(expression="0 3 * * *"), definition(timezone="Europe/Berlin")):
        assert changed.canonical != base.canonical
        assert changed.fingerprint != base.fingerprint
    for same in (definition(catch_up_seconds=1), definition(expression=" 0 2 * *  *")):
        assert same.canonical == base.canonical
        assert same.fingerprint == base.fingerprint


def test_fingerprints_of_servers_and_schedules_differ() -> None:
    fingerprints = {
        definition(server=server, tier=tier, expression="0 2 * * *").fingerprint
        for server in ("one", "two")
        for tier in (Tier.DAILY, Tier.WEEKLY)
    }

    assert len(fingerprints) == 4
