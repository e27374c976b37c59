"""Passwords, read or made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.setup.passwords import new_password, read_password

if TYPE_CHECKING:
    from pathlib import Path


def test_password_is_the_first_line_of_a_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("  s p'ace\" \n")

    assert read_password(str(tmp_path / "p"), str) == "  s p'ace\" "


def test_dash_reads_standard_input() -> None:
    assert read_password("-", lambda: "typed\n") == "typed"


@pytest.mark.parametrize("text", ["", "\n", "one\ntwo\n"])
def test_file_that_holds_no_single_password_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "p").write_text(text)

    with pytest.raises(InvalidRequestError):
        read_password(str(tmp_path / "p"), str)


def test_file_that_is_not_there_is_named_and_what_to_give_instead(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"the file .*/nowhere does not exist") as caught:
        read_password(str(tmp_path / "nowhere"), str)

    assert "a file with the password on its only line" in caught.value.hint


def test_directory_is_no_file_of_a_password(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="is a directory"):
        read_password(str(tmp_path), str)


def test_new_passwords_differ_satisfy_policies_and_need_no_quotes() -> None:
    passwords = {new_password() for _ in range(50)}

    assert len(passwords) == 50
    for password in passwords:
        assert len(password) == 32
        assert any(map(str.islower, password))
        assert any(map(str.isupper, password))
        assert any(map(str.isdigit, password))
        assert set(password) & set("-_.+")
        assert not set(password) & set("'\"\\#%$` ")
        assert password[0].isalnum()
