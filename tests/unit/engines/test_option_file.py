"""engines.option_file."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from octeth_backupd.engines.option_file import option_file, option_file_text
from octeth_backupd.errors import ConfigurationError


def _unquoted(text: str) -> str:
    """Return a value as the parser of MySQL and MariaDB reads it."""
    inner = text[1:-1]
    out, position = "", 0
    while position < len(inner):
        if inner[position] == "\\" and position + 1 < len(inner):
            escapes = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", '"': '"', "'": "'", "\\": "\\"}
            following = inner[position + 1]
            out += escapes.get(following, "\\" + following)
            position += 2
        else:
            out += inner[position]
            position += 1
    return out


def test_file_is_private_named_after_the_run_and_gone_afterwards(tmp_path: Path) -> None:
    directory = tmp_path / "run"

    with option_file(directory, run_id="run-7", user="bk", password=SecretStr("pw")) as path:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text()

    assert path == directory / "run-7.cnf"
    assert mode == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert text == '[client]\nuser="bk"\npassword="pw"\n'
    assert list(directory.iterdir()) == []


def test_file_is_removed_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(LookupError), option_file(tmp_path, run_id="r", user="u", password=SecretStr("p")):
        raise LookupError

    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_is_replaced_and_a_link_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "r.cnf").symlink_to(victim)

    with option_file(tmp_path / "run", run_id="r", user="u", password=SecretStr("p")) as path:
        is_link = path.is_symlink()

    assert not is_link
    assert victim.read_text() == "precious"


def test_further_options_stand_beside_the_login(tmp_path: Path) -> None:
    with option_file(
        tmp_path, run_id="r", user="u", password=SecretStr("p"), options={"ssl-ca": "/etc/ca.pem"}
    ) as path:
        assert path.read_text().splitlines()[-1] == 'ssl-ca="/etc/ca.pem"'


@pytest.mark.parametrize("password", ["a\nb", "a\rb", "a\0b", "\n[mysqld]"])
def test_line_end_in_a_password_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(ConfigurationError, match="line end") as caught:
        option_file_text({"password": password})

    assert password not in caught.value.message
    assert caught.value.hint


def test_endless_password_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="longer than"):
        option_file_text({"password": "x" * 5000})


@given(st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=200))
def test_any_password_comes_back_as_the_parser_reads_it(password: str) -> None:
    line = option_file_text({"password": password}).split("\n")[1]

    assert _unquoted(line.removeprefix("password=")) == password


@pytest.mark.parametrize(
    "password", ["", "a b", "a#b", "#", "'", '"', "\\", "\\n", "a\\", 'it\'s "so" #1\\end', " x ", "ü"]
)
def test_real_parser_reads_the_password(tmp_path: Path, password: str) -> None:
    program = shutil.which("my_print_defaults")
    assert program, "my_print_defaults is needed for the tests: apt-get install mariadb-server-core"

    with option_file(tmp_path, run_id="r", user="u", password=SecretStr(password)) as path:
        result = subprocess.run([program, f"--defaults-file={path}", "client"], capture_output=True, text=True)

    assert result.stdout.split("\n")[1] == f"--password={password}"
