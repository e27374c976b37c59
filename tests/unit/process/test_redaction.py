"""process.redaction."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octeth_backupd.process.redaction import Redactor


def test_known_secret_is_masked_wherever_it_stands() -> None:
    assert Redactor(["hunter2x"]).redact("a hunter2x b,hunter2xhunter2x") == "a *** b,******"


def test_secret_that_contains_another_goes_as_a_whole() -> None:
    assert Redactor(["word", "password-word"]).redact("it is password-word.") == "it is ***."


@pytest.mark.parametrize("spelt", ["pa\"ss\\wo'rd", "pa\\\"ss\\\\wo'rd", quote("pa\"ss\\wo'rd", safe="")])
def test_escaped_forms_of_a_secret_are_masked(spelt: str) -> None:
    assert Redactor(["pa\"ss\\wo'rd"]).redact(f"x {spelt} y") == "x *** y"


def test_short_secret_does_not_mutilate_the_line_that_decides() -> None:
    assert Redactor(["OK", "", "e"]).redact("completed OK!") == "completed OK!"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "GRANT RELOAD ON *.* TO `bk` IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'",
            "GRANT RELOAD ON *.* TO `bk` IDENTIFIED BY PASSWORD '***'",
        ),
        ("CREATE USER 'a'@'%' IDENTIFIED BY 'it''s'", "CREATE USER 'a'@'%' IDENTIFIED BY '***'"),
        (
            "IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$\x01abc' REQUIRE NONE",
            "IDENTIFIED WITH 'caching_sha2_password' AS '***' REQUIRE NONE",
        ),
        (
            "IDENTIFIED VIA mysql_native_password USING '*ABC' OR unix_socket",
            "IDENTIFIED VIA mysql_native_password USING '***' OR unix_socket",
        ),
        ("SET PASSWORD = PASSWORD('abc')", "SET PASSWORD = PASSWORD('***')"),
        ("hash *2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19 seen", "hash *** seen"),
        ("xtrabackup --user=root --password=abc --port=1", "xtrabackup --user=root --password=*** --port=1"),
        ('password = "a b"', "password = ***"),
        ("https://me:pw@host/path", "https://me:***@host/path"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, expected: str) -> None:
    assert Redactor().redact(text) == expected


@pytest.mark.parametrize(
    "line",
    [
        "[00] 2026-11-22 11:10:24 completed OK!",
        "[00] 2026-11-22 11:10:24 Connecting to MariaDB server host: localhost, user: bk, password: set, port: not set",
        "[01] 2026-11-22 11:10:25 Copying ./oempro/users.ibd to /backup/oempro/users.ibd",
        "Access denied for user 'bk'@'localhost' (using password: YES)",
    ],
)
def test_ordinary_line_stays_as_it_is(line: str) -> None:
    assert Redactor(["hunter2x"]).redact(line) == line


_TEXT = st.characters(exclude_characters="*\0", exclude_categories=["Cs"])


@given(secret=st.text(_TEXT, min_size=4), before=st.text(_TEXT), after=st.text(_TEXT))
def test_secret_never_survives(secret: str, before: str, after: str) -> None:
    redacted = Redactor([secret]).redact(f"{before}{secret}{after}")

    assert secret not in redacted.replace("***", "\0")
