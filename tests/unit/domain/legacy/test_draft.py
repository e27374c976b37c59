"""The draft of a configuration."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.legacy.report import Fate
from tests.unit.domain.legacy.build import SECRETS, draft, said


def test_taken_value_is_in_its_table_and_in_the_report() -> None:
    found = draft("BACKUP_DIR=/b\n")

    found.take("BACKUP_DIR", "local.directory", "/b", remark="as before")

    assert found.tables == {"local": {"directory": "/b"}}
    assert [str(note) for note in found.notes] == ['BACKUP_DIR: [local] directory = "/b"; as before (.env:1)']


def test_uncertain_value_is_reported_once_without_any_part_of_it() -> None:
    found = draft("SECRET=hunter$two\n")

    assert found.text("SECRET", instead="[x] y") == ""
    assert found.text("SECRET") == ""

    assert len(found.notes) == 1
    assert "write what is meant as [x] y" in found.notes[0].message
    assert "hunter" not in str(found.notes[0])


def test_secret_goes_into_a_file_of_its_own() -> None:
    found = draft("PASSWORD=hunter2\n")

    found.take_secret("PASSWORD", "servers.a.password_file", "a.password")

    assert found.tables == {"servers": {"a": {"password_file": str(SECRETS / "a.password")}}}
    assert found.secrets[0].text == "hunter2"
    assert "hunter2" not in f"{found.secrets} {found.notes}"


def test_secret_is_written_with_its_blanks() -> None:
    found = draft("PASSWORD=' hunter2 '\n")

    found.take_secret("PASSWORD", "servers.a.password_file", "a.password")

    assert found.secrets[0].text == " hunter2 "


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("10", 10), ("0", None), ("11", None), ("x", None)])
def test_number_is_taken_within_its_bounds_and_refused_outside(text: str, number: int | None) -> None:
    found = draft(f"N={text}\n")

    assert found.number("N", lowest=1, highest=10, default="5 holds") == number

    assert ("N" in said(found, Fate.IGNORED)) == (number is None)


def test_blank_number_is_reported_and_an_absent_one_is_not() -> None:
    found = draft("N=\n")

    assert found.number("N", lowest=1, highest=2, default="1 holds") is None
    assert found.number("M", lowest=1, highest=2, default="1 holds") is None

    assert said(found, Fate.IGNORED) == {"N": "is empty; 1 holds"}
