"""Metrics of the daemon itself."""

from tests.fakes.figures import NOW, make_figures
from tests.unit.telemetry.families.values import series


def test_the_version_is_a_label() -> None:
    assert series("octeth_backupd_build_info", make_figures()) == {("0.1.0",): 1.0}


def test_when_the_figures_were_taken_is_told() -> None:
    assert series("octeth_backupd_figures_timestamp_seconds", make_figures()) == {(): NOW.timestamp()}


def test_a_refused_reload_and_a_dead_scheduler_are_told() -> None:
    figures = make_figures(configuration_in_force=False, scheduler_alive=False)

    assert series("octeth_backupd_configuration_in_force", figures) == {(): 0.0}
    assert series("octeth_backupd_scheduler_alive", figures) == {(): 0.0}
