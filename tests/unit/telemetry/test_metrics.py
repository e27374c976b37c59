"""Metrics as text."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from octeth_backupd.domain.figures import Figures
from octeth_backupd.telemetry.families.registry import FAMILIES
from octeth_backupd.telemetry.metrics import exposition, registry_of
from tests.fakes.figures import NOW, make_full_figures


def _parsed(text: bytes) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    return {
        family.name: {tuple(sorted(sample.labels.items())): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(text.decode())
    }


def test_every_metric_is_written_and_can_be_read_back() -> None:
    found = _parsed(exposition(make_full_figures()))

    assert {name.removesuffix("_total") for name in found} == {
        family.name.removesuffix("_total") for family in FAMILIES
    }
    assert found["octeth_backup_last_success_age_seconds"] == {(("server", "oempro"),): 36000.0}


def test_no_counter_has_a_series_of_its_creation() -> None:
    assert b"_created" not in exposition(make_full_figures())


def test_each_scrape_takes_the_figures_anew() -> None:
    figures = [make_full_figures(), replace(make_full_figures(), taken_at=NOW + timedelta(hours=1))]
    registry = registry_of(lambda: figures.pop(0))

    ages = [registry.get_sample_value("octeth_backup_last_success_age_seconds", {"server": "oempro"}) for _ in (1, 2)]

    assert ages == [36000.0, 39600.0]


def test_registering_takes_no_figures() -> None:
    def take() -> Figures:
        raise AssertionError("nobody has scraped yet")

    registry = registry_of(take)

    with pytest.raises(AssertionError, match="nobody has scraped yet"):
        registry.get_sample_value("octeth_backupd_warnings")
