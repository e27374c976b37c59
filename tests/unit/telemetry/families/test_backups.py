"""Metrics of backups, runs and schedules."""

from dataclasses import replace
from datetime import timedelta

import pytest

from octeth_backupd.domain.backup import RunStatus, Tier
from octeth_backupd.domain.figures import ScheduleFigures
from tests.fakes.figures import GIB, NOW, make_figures, make_full_figures
from tests.unit.telemetry.families.values import series


def test_a_server_without_a_backup_is_infinitely_old_and_not_absent() -> None:
    figures = make_figures()

    assert series("octeth_backup_last_success_timestamp_seconds", figures) == {("oempro",): 0.0}
    assert series("octeth_backup_last_success_age_seconds", figures) == {("oempro",): float("inf")}
    assert series("octeth_backup_tier_last_success_timestamp_seconds", figures) == {("oempro", "daily"): 0.0}
    assert series("octeth_backup_tier_last_success_age_seconds", figures) == {("oempro", "daily"): float("inf")}


def test_time_and_age_of_the_last_success_are_told() -> None:
    figures = make_full_figures()
    taken = (NOW - timedelta(hours=10)).timestamp()

    assert series("octeth_backup_last_success_timestamp_seconds", figures) == {("oempro",): taken}
    assert series("octeth_backup_last_success_age_seconds", figures) == {("oempro",): 36000.0}


def test_the_ratio_is_data_by_archive() -> None:
    assert series("octeth_backup_last_compression_ratio", make_full_figures()) == {("oempro",): 2.5}


def test_exactly_one_result_of_the_last_run_is_one() -> None:
    results = series("octeth_backup_last_run_result", make_full_figures())

    assert results["oempro", "degraded"] == 1.0
    assert sum(results.values()) == 1.0
    assert len(results) == 5
    assert series("octeth_backup_last_run_success", make_full_figures()) == {("oempro",): 1.0}


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.INTERRUPTED, RunStatus.CANCELLED])
def test_a_run_without_a_good_backup_is_no_success_and_cancelling_one_clears_no_alarm(status: RunStatus) -> None:
    figures = make_full_figures()
    ended = {server: replace(run, status=status) for server, run in figures.catalog.ended.items()}
    figures = replace(figures, catalog=replace(figures.catalog, ended=ended))

    assert series("octeth_backup_last_run_success", figures) == {("oempro",): 0.0}


def test_steps_tell_duration_and_bytes_where_they_count_any() -> None:
    figures = make_full_figures()

    assert series("octeth_backup_last_run_step_duration_seconds", figures) == {
        ("oempro", "preflight"): 1.5,
        ("oempro", "archive"): 60.0,
    }
    assert series("octeth_backup_last_run_step_bytes", figures) == {("oempro", "archive"): float(2 * GIB)}


def test_totals_are_there_from_the_start_with_zero() -> None:
    runs = series("octeth_backup_runs_total", make_full_figures())

    assert runs["oempro", "backup", "failed"] == 3.0
    assert runs["oempro", "backup", "success"] == 0.0
    assert runs["", "sync", "success"] == 1.0
    assert ("oempro", "sync", "success") not in runs


def test_missed_slots_are_counted_by_tier() -> None:
    slots = series("octeth_backup_slots_total", make_full_figures())

    assert slots == {
        ("oempro", "daily", "served"): 0.0,
        ("oempro", "daily", "cancelled"): 0.0,
        ("oempro", "daily", "skipped"): 0.0,
        ("oempro", "daily", "missed"): 2.0,
    }


def test_what_runs_now_tells_for_how_long() -> None:
    running = series("octeth_backup_running_seconds", make_full_figures())

    assert running["oempro", "restore"] == 3600.0
    assert running["oempro", "backup"] == 0.0


def test_a_run_that_has_just_begun_is_not_taken_for_none() -> None:
    figures = make_full_figures()
    just_begun = replace(figures, running=dict.fromkeys(figures.running, NOW))

    assert series("octeth_backup_running_seconds", just_begun)["oempro", "restore"] > 0


def test_a_paused_schedule_has_no_next_due_time() -> None:
    paused = ScheduleFigures(server="oempro", tier=Tier.DAILY, next_due=None, paused=True)
    figures = make_figures(schedules=(paused,))

    assert series("octeth_backup_next_due_timestamp_seconds", figures) == {("oempro", "daily"): 0.0}
    assert series("octeth_backup_schedule_paused", figures) == {("oempro", "daily"): 1.0}


def test_a_server_that_is_not_configured_any_more_is_not_told_of() -> None:
    figures = make_full_figures(servers=("other",))

    assert series("octeth_backup_last_success_age_seconds", figures) == {("other",): float("inf")}
