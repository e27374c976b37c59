"""Text as roff prints it."""

from __future__ import annotations

import pytest

from octeth_backupd.cli.manuals import roff


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--wait", r"\-\-wait"),
        ("a\\b", r"a\eb"),
        (".hidden\n'quoted'", "\\&.hidden\n\\&'quoted'"),
        ("~/x ^y", r"\(ti/x \(hay"),
    ],
)
def test_text_stays_as_it_is(text: str, expected: str) -> None:
    assert roff.escaped(text) == expected


def test_what_stands_between_backticks_is_bold() -> None:
    assert roff.prose(" run `check-config` ") == r"run \fBcheck\-config\fR"


def test_page_names_program_and_version() -> None:
    assert roff.title("octeth-backupctl", 1).startswith(r'.TH "OCTETH\-BACKUPCTL" 1 "" "octeth\-backupd ')


def test_lines_that_keep_their_breaks_are_not_filled() -> None:
    assert roff.verbatim("0  good\n1  failed\n") == ".PP\n.nf\n0  good\n1  failed\n.fi"
