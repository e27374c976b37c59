"""All metrics: names by the conventions, labels that are bounded, no series that comes and goes."""

import re

import pytest

from octeth_backupd.telemetry.families.base import Family
from octeth_backupd.telemetry.families.registry import FAMILIES
from tests.fakes.figures import make_figures, make_full_figures

_BASE_UNITS = re.compile(r"_(seconds|bytes|total|ratio|info)$")
_COUNTS = {
    "octeth_backup_copies",
    "octeth_backup_pending_uploads",
    "octeth_backup_holds",
    "octeth_backup_open_restores",
    "octeth_backup_safety_copies",
    "octeth_backupd_warnings",
}
_FLAGS = {
    "octeth_backup_last_run_success",
    "octeth_backup_last_run_result",
    "octeth_backup_schedule_paused",
    "octeth_backupd_scheduler_alive",
    "octeth_backupd_configuration_in_force",
}


def test_names_are_unique() -> None:
    names = [family.name for family in FAMILIES]

    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_name_says_its_unit_and_only_counters_end_in_total(family: Family) -> None:
    assert re.fullmatch(r"octeth_backupd?_[a-z_]+", family.name)
    assert _BASE_UNITS.search(family.name) or family.name in _COUNTS | _FLAGS
    assert family.name.endswith("_total") == (family.kind == "counter")
    assert "job" not in family.labels
    assert "instance" not in family.labels
    assert family.text.endswith(".")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_has_series_that_fit_its_labels_and_differ(family: Family) -> None:
    samples = list(family.samples(make_full_figures()))

    assert samples
    assert all(len(labels) == len(family.labels) for labels, _ in samples)
    assert len({labels for labels, _ in samples}) == len(samples)


def test_only_what_says_so_is_absent_before_the_first_backup() -> None:
    absent = {family.name for family in FAMILIES if not list(family.samples(make_figures()))}

    assert absent == {family.name for family in FAMILIES if re.search(r"\babsent\b", family.text)} - {
        "octeth_backup_next_due_timestamp_seconds",
        "octeth_backup_filesystem_free_bytes",
    } | {"octeth_backup_filesystem_free_bytes", "octeth_backup_filesystem_size_bytes"}
