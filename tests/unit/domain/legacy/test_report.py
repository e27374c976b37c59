"""The report of an import."""

from __future__ import annotations

from octeth_backupd.domain.legacy.report import Fate, Note, report_lines


def test_report_is_in_the_order_of_urgency_with_a_heading_for_each_fate() -> None:
    notes = [
        Note(fate=Fate.TAKEN, subject="A", message="taken", source=".env:1"),
        Note(fate=Fate.BY_HAND, subject="B", message="is not certain"),
    ]

    assert list(report_lines(notes)) == [
        "To be entered by hand:",
        "  B: is not certain",
        "",
        "Taken over:",
        "  A: taken (.env:1)",
        "",
    ]
