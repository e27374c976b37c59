"""What a sync found, for people."""

from typing import Any

from octeth_backupd.cli.ctl.sync_drawing import draw_sync
from tests.fakes.sync_reports import make_report
from tests.fakes.terminal import MemoryScreen


def drawn(report: dict[str, Any] | None, *, with_all: bool = False) -> str:
    screen = MemoryScreen()
    draw_sync(report, screen, with_all=with_all)
    return screen.shown


def test_each_storage_has_a_line_with_a_column_for_each_kind_that_was_found() -> None:
    lines = drawn(make_report()).splitlines()

    header = next(line for line in lines if line.startswith("STORAGE"))
    bucket = next(line for line in lines if line.startswith("s3 "))
    assert header.split()[:5] == ["STORAGE", "ARCHIVES", "SIZE", "NEW", "CHANGED"]
    assert header.split()[5:] == ["MISSING", "INCOMPLETE", "ORPHANED", "UNKNOWN"]
    assert bucket.split() == ["s3", "3", "3.0", "GiB", "2", "1", "1", "1", "1", "12"]


def test_a_storage_that_could_not_be_compared_says_why_and_what_to_do() -> None:
    assert "local: nothing is mounted\n  Mount it.\n" in drawn(make_report())


def test_findings_say_what_a_repair_would_do_or_did() -> None:
    text = drawn(make_report())

    assert "remove: with --repair, where it is ours" in text
    assert "      written\n" in text
    assert "4 pins, holds, accepts, proofs and doubts were taken over" in text


def test_only_the_first_of_each_kind_are_shown_unless_all_are_wanted() -> None:
    assert "and 2 more: octeth-backupctl sync --last --all" in drawn(make_report())
    assert "note-9" in drawn(make_report())
    assert "note-11" not in drawn(make_report())
    assert "note-11" in drawn(make_report(), with_all=True)


def test_installations_are_shown_where_there_are_others() -> None:
    alone = make_report(installations=())

    assert "--adopt INSTALLATION" in drawn(make_report())
    assert "INSTALLATION" not in drawn(alone)


def test_what_is_only_in_the_log_is_said() -> None:
    assert "3 more findings are in the log only" in drawn(make_report() | {"findings_left_out": 3})


def test_before_the_first_sync_it_says_how_to_make_one() -> None:
    assert "octeth-backupctl sync" in drawn(None)
