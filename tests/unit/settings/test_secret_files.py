from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.settings.secret_files import both_given, read_secret_file, secrets_named_by_keys
from tests.unit.settings.conftest import only

KEY = "servers.oempro.password_file"


def secret_file(directory: Path, data: bytes, mode: int = 0o600) -> Path:
    path = directory / "secret"
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("data", "secret"),
    [(b"p", "p"), (b"p\n", "p"), (b" p \n", " p "), ("pä$\"'\\\n".encode(), "pä$\"'\\")],
)
def test_only_one_newline_at_the_end_is_removed(tmp_path: Path, data: bytes, secret: str) -> None:
    found = read_secret_file(secret_file(tmp_path, data), key=KEY)

    assert (found.secret, found.problems) == (secret, ())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"p\n\n", "several lines"),
        (b"p\r\n", "several lines or control characters"),
        (b"p\nq\n", "several lines"),
        (b"p\0\n", "control characters"),
        (b"\xff\n", "not UTF-8"),
        (b"x" * 70_000, "larger than 64 KiB"),
    ],
)
def test_file_without_one_good_line_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    found = read_secret_file(secret_file(tmp_path, data), key=KEY)

    problem = only(found.problems)
    assert message in problem.message
    assert problem.path == KEY
    assert not problem.is_warning
    assert found.secret == ""


def test_missing_file_is_refused(tmp_path: Path) -> None:
    assert only(read_secret_file(tmp_path / "absent", key=KEY).problems).message.endswith("does not exist")


def test_directory_is_refused(tmp_path: Path) -> None:
    assert only(read_secret_file(tmp_path, key=KEY).problems).message.endswith("is not a regular file")


def test_file_that_everybody_may_read_works_with_a_warning(tmp_path: Path) -> None:
    found = read_secret_file(secret_file(tmp_path, b"p\n", mode=0o644), key=KEY)

    assert found.secret == "p"
    assert only(found.problems).is_warning


def test_file_that_everybody_may_write_works_with_a_warning(tmp_path: Path) -> None:
    problem = only(read_secret_file(secret_file(tmp_path, b"p\n", mode=0o602), key=KEY).problems)

    assert problem.is_warning
    assert problem.message.startswith("every user may write ")


def test_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = secret_file(tmp_path, b"p\n")
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything, so the refusal is injected

    assert "may not read" in only(read_secret_file(path, key=KEY).problems).message


def test_keys_with_files_stand_for_the_key_without_the_suffix(tmp_path: Path) -> None:
    path = secret_file(tmp_path, b"p\n")
    values = {"servers": {"a": {"password_file": str(path)}, "b": {"password_file": "relative"}, "c": 5}}

    [(target, found)] = secrets_named_by_keys(values)

    assert target == ("servers", "a", "password")
    assert found.secret == "p"


def test_secret_and_its_file_exclude_each_other() -> None:
    [problem] = both_given({"servers": {"a": {"password": "p", "password_file": "/x"}, "b": {"password": "p"}}})

    assert problem.path == "servers.a.password"
