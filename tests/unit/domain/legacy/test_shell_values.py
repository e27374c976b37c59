"""Values exactly as bash makes them, or none; compared with bash itself."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octeth_backupd.domain.legacy.shell_values import Variable, read_script

UNDERSTOOD = [
    ("V=plain", "plain"),
    ("V=", ""),
    ("V=''", ""),
    ('V="a b"', "a b"),
    ("V='pa$word'", "pa$word"),
    ('V="pa\\$word"', "pa$word"),
    ("V=a#b", "a#b"),
    ("V=a # comment", "a"),
    ("export V=yes", "yes"),
    ("export V", None),
    ("V='it'\"'\"'s'", "it's"),
    ('V="esc\\nnew"', "esc\\nnew"),
    ("A=/v\nV=$A/tmp", "/v/tmp"),
    ('A=/v\nV="${A}/tmp"', "/v/tmp"),
    ("V=${A:-none}", "none"),
    ("V=a$", "a$"),
    ("V=a=b%c!d^e,f@g[h]{i}", "a=b%c!d^e,f@g[h]{i}"),
    ("V=pässwörd", "pässwörd"),
    ("V=1\nV=2", "2"),
    ("V=1\nunset V", None),
]
NOT_UNDERSTOOD = [
    "V=pa$word",
    'V="pa$word"',
    "V=back\\slash",
    "V=a b",
    "V=a&b",
    "V=a;b",
    "V=$$",
    "V=`id`",
    "V=$(id)",
    "V=it's",
    'V=a"b"c',
    "V=~/x",
    "V=a:~/x",
    "V=$'a'",
    'V="a\nb"',
    "V+=x",
    "if true; then V=1; fi",
    "V=1 true",
    "A=$(id)\nV=${A}x",
    'V="unclosed\nB=1',
]


def _bash(script: str) -> str:
    """Return what bash itself makes of V; each script here is harmless."""
    command = f'{script}\n\nprintf "%s" "${{V-UNSET}}"'
    finished = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    return finished.stdout.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(("script", "value"), UNDERSTOOD)
def test_understood_value_is_what_bash_makes_of_it(script: str, value: str | None) -> None:
    found = read_script(script, file=".env").variables.get("V")

    assert (found.text if found else None) == value
    assert _bash(script) == ("UNSET" if value is None else value)


@pytest.mark.parametrize("script", NOT_UNDERSTOOD)
def test_what_is_not_certain_is_left_with_its_reason(script: str) -> None:
    found = read_script(script, file=".env").variables["V"]

    assert found.text is None
    assert found.problem
    assert found.source.startswith(".env:")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab$'\"\\ #;&|=!{}~:()/-é", min_size=1, max_size=9))
def test_no_value_is_ever_understood_otherwise_than_by_bash(value: str) -> None:
    found = read_script(f"V={value}\n", file=".env").variables.get("V")

    assert found is None or found.text is None or _bash(f"V={value}") == found.text


def test_later_file_sees_what_an_earlier_one_set() -> None:
    first = read_script("BACKUP_DIR=/b", file=".env")

    second = read_script('DAILY="${BACKUP_DIR}/daily"', file="backup.conf", before=first.variables)

    assert second.variables["DAILY"] == Variable(text="/b/daily", source="backup.conf:1")
    assert second.variables["BACKUP_DIR"].source == ".env:1"


def test_windows_line_ends_are_refused_as_a_whole() -> None:
    reading = read_script("V=1\r\nW=2\r\n", file=".env")

    assert not reading.variables
    assert "Windows" in reading.unread[0].message


def test_commands_are_told_with_their_place_and_not_executed() -> None:
    reading = read_script("V=1\n. /etc/other\n", file=".env")

    assert [place.source for place in reading.unread] == [".env:2"]


def test_conditional_assignment_that_is_settled_changes_nothing() -> None:
    reading = read_script("V=1\nif x; then V=2; fi", file="f", settled=lambda one: one.name == "V")

    assert reading.variables["V"].text == "1"


def test_variable_never_shows_its_value() -> None:
    assert "hunter2" not in repr(Variable(text="hunter2", source=".env:1"))
