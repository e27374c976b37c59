"""Names that others made, on one line."""

from __future__ import annotations

from octeth_backupd.domain.setup.one_line import one_line


def test_line_breaks_and_what_a_terminal_obeys_are_shown_as_replaced() -> None:
    assert one_line("a\nb\r\x1b[2K\x9bc\u2028d") == "a�b��[2K�c�d"


def test_names_of_all_languages_and_tabs_stay() -> None:
    assert one_line("Ünïcode 数据\t`x`") == "Ünïcode 数据\t`x`"
