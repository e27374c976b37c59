"""Ids from outside."""

import pytest

from octeth_backupd.control.identifiers import checked_part
from octeth_backupd.errors import InvalidRequestError


@pytest.mark.parametrize("part", ["latest", "oempro-2026-11-22_02-00-00", "02-00", "a.b", "01JD"])
def test_what_ids_are_made_of_passes(part: str) -> None:
    assert checked_part(part) == part


@pytest.mark.parametrize(
    "part", ["", "..", "../etc/passwd", "a/b", "a..b", "x" * 201, "a\x00", "a b", "a%2fb", "\n", "ü"]
)
def test_everything_else_is_refused(part: str) -> None:
    with pytest.raises(InvalidRequestError, match="not an id"):
        checked_part(part)


def test_a_long_id_is_not_repeated_in_full() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        checked_part("x" * 5000)

    assert len(caught.value.message) < 120
