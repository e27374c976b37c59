"""Lengths of time and sizes on the command line."""

import pytest

from octeth_backupd.cli.ctl.amounts import parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400), ("90min", 5400), ("26h", 93600), ("26 h", 93600), ("2d", 172800), ("1.5h", 5400), ("1w", 604800)],
)
def test_a_length_of_time_is_a_number_with_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "26", "h", "-1h", "26x", "1h30m", "1e3s", "26H"])
def test_what_is_no_length_of_time_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 90m, 26h or 2d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 0), ("5B", 5), ("1GiB", 1 << 30), ("500MB", 500_000_000), ("1.5kib", 1536), ("2 TiB", 2 << 40)],
)
def test_a_size_is_a_number_with_or_without_a_unit(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "GiB", "1G", "-5", "1XB"])
def test_what_is_no_size_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 500MB, 1GiB or 1048576"):
        parse_size(text)
