"""A unit and the server that answers."""

from __future__ import annotations

import pytest

from octeth_backupd.servers.unit_standing import UnitStanding


@pytest.mark.parametrize(
    ("answering", "other"), [("", ""), ("mysql@a.service", ""), ("mysql@b.service", "mysql@b.service")]
)
def test_server_in_another_unit_is_told_from_one_that_nobody_knows(answering: str, other: str) -> None:
    assert UnitStanding(name="mysql@a.service", answering=answering).other == other
