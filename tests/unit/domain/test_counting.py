"""Numbers of things in words."""

from octeth_backupd.domain.counting import counted


def test_one_of_a_kind_is_told_as_one() -> None:
    assert [counted(count, "day") for count in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
