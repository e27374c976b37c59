"""The confirmation of what replaces data."""

import pytest

from octeth_backupd.control.confirmation import check_confirmation
from octeth_backupd.errors import InvalidRequestError


def test_the_servers_name_confirms() -> None:
    assert check_confirmation("oempro", server="oempro") is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("confirm", ["", "Oempro", "oempro ", "oempr", "yes", "other", "x" * 10_000])
def test_anything_else_does_not_and_the_hint_says_what_would(confirm: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_confirmation(confirm, server="oempro")

    assert "oempro" in caught.value.hint
    assert len(caught.value.message) < 200
