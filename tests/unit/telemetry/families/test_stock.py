"""Metrics of copies, uploads, restores and room."""

from datetime import timedelta

from tests.fakes.figures import GIB, NOW, make_figures, make_full_figures
from tests.unit.telemetry.families.values import series


def test_copies_are_counted_by_state_and_states_that_are_empty_are_zero() -> None:
    copies = series("octeth_backup_copies", make_full_figures())

    assert copies["oempro", "daily", "local", "present"] == 7.0
    assert copies["oempro", "daily", "s3", "pending"] == 1.0
    assert copies["oempro", "daily", "s3", "corrupt"] == 0.0
    assert len(copies) == 2 * 6
    assert series("octeth_backup_copy_bytes", make_full_figures())["oempro", "daily", "local", "present"] == 14 * GIB


def test_copies_that_the_first_backup_will_make_are_zero_before_it() -> None:
    copies = series("octeth_backup_copies", make_figures())

    assert {(storage, value) for (_, _, storage, _), value in copies.items()} == {("local", 0.0), ("s3", 0.0)}


def test_what_waits_tells_since_when() -> None:
    figures = make_full_figures()

    assert series("octeth_backup_pending_uploads", figures) == {("oempro", "local"): 0.0, ("oempro", "s3"): 1.0}
    assert series("octeth_backup_pending_upload_since_timestamp_seconds", figures) == {
        ("oempro", "local"): 0.0,
        ("oempro", "s3"): (NOW - timedelta(hours=8)).timestamp(),
    }


def test_safety_copies_of_a_server_that_is_gone_are_told_of() -> None:
    assert series("octeth_backup_safety_copies", make_full_figures(servers=())) == {("oempro",): 2.0}


def test_levels_that_were_never_proven_are_zero() -> None:
    proven = series("octeth_backup_last_proof_timestamp_seconds", make_full_figures())

    assert proven == {("oempro", "L3"): (NOW - timedelta(hours=48)).timestamp(), ("oempro", "L4"): 0.0}


def test_holds_are_counted() -> None:
    assert series("octeth_backup_holds", make_full_figures()) == {("oempro",): 1.0}
    assert series("octeth_backup_holds", make_figures()) == {("oempro",): 0.0}


def test_free_room_is_told_by_place() -> None:
    assert series("octeth_backup_filesystem_free_bytes", make_full_figures()) == {("backups",): float(GIB)}
