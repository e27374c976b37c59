"""Configuration files in which nobody has set anything."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.blank_configuration import sets_nothing
from octeth_backupd.settings.example import blank_file, example_file


def test_file_of_the_package_sets_nothing() -> None:
    assert sets_nothing(blank_file())


@pytest.mark.parametrize("text", [example_file(), "a = 1\n", "[a.b]\nc = []\n", "[a\n", "[[a]]\n"])
def test_file_with_a_key_or_a_mistake_is_somebodys_work(text: str) -> None:
    assert not sets_nothing(text)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "[servers]\n[local]\n"])
def test_comments_and_heads_of_tables_set_nothing(text: str) -> None:
    assert sets_nothing(text)
