"""One line for monitoring systems."""

from typing import Any

from octeth_backupd.cli.ctl.nagios import status_line, unknown_line


def _document(**changes: Any) -> dict[str, Any]:
    server = {
        "server": "oempro",
        "backup": {"size_bytes": 1024},
        "age_seconds": 18000.4,
    }
    return {"verdict": "ok", "servers": [server | changes]}


def test_the_line_has_words_a_bar_and_performance_data_with_limits() -> None:
    line = status_line(_document(), "fine", max_age_seconds=93600, min_size_bytes=512)

    assert line == "OCTETH BACKUP OK - fine | oempro_age=18000s;;93600;0; oempro_size=1024B;;512:;0;"


def test_limits_that_were_not_given_are_left_out() -> None:
    line = status_line(_document(), "fine", max_age_seconds=None, min_size_bytes=None)

    assert line.endswith("| oempro_age=18000s;;;0; oempro_size=1024B;;;0;")


def test_without_a_backup_there_is_no_performance_data() -> None:
    line = status_line(_document(backup=None, age_seconds=None), "none", max_age_seconds=1, min_size_bytes=None)

    assert line == "OCTETH BACKUP OK - none"


def test_whatever_the_words_hold_it_is_one_line_with_one_bar() -> None:
    words = "failed: a | b\nand\r\nmore \x1b[31m" + "x" * 5000

    line = status_line(_document(), words, max_age_seconds=1, min_size_bytes=None)

    assert line.count("|") == 1
    assert not set(line) & {"\n", "\r", "\x1b"}
    assert len(line) < 1200


def test_unknown_is_a_line_too() -> None:
    assert unknown_line("no daemon\nat all") == "OCTETH BACKUP UNKNOWN - no daemon at all"
