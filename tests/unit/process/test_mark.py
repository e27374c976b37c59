"""process.mark."""

from __future__ import annotations

import pytest

from octeth_backupd.process.mark import ENVIRONMENT_NAME, RunMark, parse_mark


def test_mark_comes_back_from_an_environment() -> None:
    mark = RunMark("1f3e", "run-7")

    assert parse_mark(mark.environment()[ENVIRONMENT_NAME]) == mark


def test_labels_name_installation_and_run() -> None:
    assert RunMark("1f3e", "run-7").labels() == {
        "octeth-backupd.installation": "1f3e",
        "octeth-backupd.run": "run-7",
    }


@pytest.mark.parametrize("text", ["", "1f3e", "/run-7", "1f3e/"])
def test_what_is_no_mark_is_none(text: str) -> None:
    assert parse_mark(text) is None
