from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.settings.file import read_file
from tests.unit.settings.conftest import only

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("data", "position", "message", "hint"),
    [
        (b"[local]\ndirectory = /x\n", "2:13", "not TOML: invalid value", "double quotes"),
        (b"a = 1\na = 2\n", "2:6", "not TOML: cannot overwrite a value", "only once"),
        (b"[a]\n[a]\n", "2:3", "not TOML: cannot declare", "opened only once"),
        (b"just words\n", "1:6", "not TOML: expected '=' after a key", "key with its value"),
        (b"a = [1,\n2", "2:2", "not TOML: unclosed array", ""),
        (b'a = "\\d"\n', "1:8", "not TOML: unescaped '\\' in a string", "single quotes"),
        (b'# ok\na = "\xff"\n', "2", "not UTF-8 text", "UTF-8"),
    ],
)
def test_syntax_problem_has_file_line_and_column(
    tmp_path: Path, data: bytes, position: str, message: str, hint: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(data)

    content = read_file(path)

    problem = only(content.problems)
    assert problem.source == f"{path}:{position}"
    assert problem.message.startswith(message)
    assert hint in problem.hint
    assert content.values == {}


def test_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")

    assert read_file(path).values == {"a": 1}


def test_directory_is_refused(tmp_path: Path) -> None:
    assert only(read_file(tmp_path).problems).message == "is not a regular file"


def test_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert only(read_file(tmp_path / "pipe").problems).message == "is not a regular file"


def test_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))

    assert "larger than 1 MiB" in only(read_file(path).problems).message


def test_deep_nesting_is_refused_rather_than_crashing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"a = " + b"[" * 100_000)

    assert only(read_file(path).problems).message


def test_number_too_long_for_python_is_refused_rather_than_crashing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"a = " + b"9" * 5000)

    assert only(read_file(path).problems).message == "holds a number of thousands of digits"


def test_file_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0o666)

    problem = only(read_file(path).problems)

    assert not problem.is_warning
    assert problem.hint == f"Run: chmod o-w {path}"


def test_file_that_belongs_to_a_group_that_may_write_is_doubtful(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("a = 1\n")
    path.chmod(0o660)
    gid = path.stat().st_gid or 1
    try:
        os.chown(path, -1, gid)
    except PermissionError:
        gid = path.stat().st_gid

    content = read_file(path)

    problem = only(content.problems)
    assert problem.is_warning
    assert "the group" in problem.message
    assert content.values == {"a": 1}
