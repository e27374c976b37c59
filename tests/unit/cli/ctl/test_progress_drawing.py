"""How far something is at one moment."""

from octeth_backupd.cli.ctl.progress_drawing import progress_words
from tests.fakes.terminal import MemoryScreen

GIB = 1024**3
PROGRESS = {"done_bytes": GIB, "total_bytes": 4 * GIB, "rate_bytes_per_second": 0.0}
NUMBERS = "1.0 GiB of 4.0 GiB (25 %)"
BAR = "[#####...............]"


def test_a_bar_is_for_terminals_only() -> None:
    assert progress_words(PROGRESS, MemoryScreen(), room=80) == NUMBERS
    assert progress_words(PROGRESS, MemoryScreen(is_live=True), room=80) == f"{BAR} {NUMBERS}"


def test_where_both_have_no_room_the_bar_stands_above() -> None:
    assert progress_words(PROGRESS, MemoryScreen(is_live=True), room=40) == f"{BAR}\n{NUMBERS}"


def test_what_has_no_end_has_no_bar() -> None:
    assert progress_words(PROGRESS | {"total_bytes": 0}, MemoryScreen(is_live=True), room=80) == "1.0 GiB"
