"""The installation's id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.installation import FILE_NAME, installation_id
from octeth_backupd.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_id_is_made_once_and_stays(tmp_path: Path) -> None:
    first = installation_id(tmp_path)

    assert re.fullmatch("[0-9a-f]{32}", first)
    assert installation_id(tmp_path) == first
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_two_installations_have_different_ids(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    assert installation_id(tmp_path / "a") != installation_id(tmp_path / "b")


@pytest.mark.parametrize("content", ["", "not an id", "A" * 32, "a" * 31, "a" * 32 + "\nmore"])
def test_a_file_that_holds_something_else_is_never_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)

    with pytest.raises(ConfigurationError, match="does not hold an installation id"):
        installation_id(tmp_path)

    assert (tmp_path / FILE_NAME).read_text() == content


def test_a_file_that_cannot_be_read_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(StorageError, match="is a directory"):
        installation_id(tmp_path)
