"""Limits, compression, the engine."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.domain.legacy.draft import Draft
from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.legacy.run_part import translate_run
from tests.unit.domain.legacy.build import around, draft, said


def _run(env: str) -> Draft:
    found = draft(env)
    translate_run(found, around())
    return found


def test_limits_are_taken_over_with_their_units() -> None:
    tables = _run("MAX_DISK_USAGE=90\nMIN_FREE_SPACE_GB=10\n").tables

    assert tables["backup"] == {"max_disk_usage_percent": 90, "min_free": "10 GiB"}


@pytest.mark.parametrize(
    ("env", "compression"),
    [
        ("COMPRESSION_TOOL=auto\nCOMPRESSION_LEVEL=6\n", None),
        ("", None),
        ("COMPRESSION_TOOL=pigz\nCOMPRESSION_LEVEL=6\n", {"algorithm": "gzip", "level": 6}),
        ("COMPRESSION_TOOL=auto\nCOMPRESSION_LEVEL=9\n", {"algorithm": "gzip", "level": 9}),
        ("COMPRESSION_TOOL=gzip\nCOMPRESSION_LEVEL=99\n", {"algorithm": "gzip", "level": 6}),
        ("COMPRESSION_TOOL=bzip2\n", None),
    ],
)
def test_compression_is_kept_where_it_was_chosen(env: str, compression: dict[str, Any] | None) -> None:
    assert _run(env).tables.get("compression") == compression


def test_limit_that_never_worked_is_not_taken_over() -> None:
    found = _run("BACKUP_TIMEOUT=120\n")

    assert "backup" not in found.tables
    assert "never had an effect" in said(found, Fate.IGNORED)["BACKUP_TIMEOUT"]


def test_options_are_taken_but_for_those_that_break_a_backup() -> None:
    found = _run("XTRABACKUP_EXTRA_OPTS='--throttle=40 --compress --password=hunter2 -phunter2'\n")

    assert found.tables["engines"]["xtrabackup"] == {"extra_options": ["--throttle=40"]}
    refused = [note.message for note in found.notes if note.fate is Fate.IGNORED]
    assert [text.split()[0] for text in refused] == ["--compress", "--password", "one"]
    assert "hunter2" not in str(found.notes)


def test_quotes_within_options_are_left_to_the_operator() -> None:
    found = _run("""XTRABACKUP_EXTRA_OPTS="--x='a b'"\n""")

    assert "XTRABACKUP_EXTRA_OPTS" in said(found, Fate.BY_HAND)
    assert "engines" not in found.tables


@pytest.mark.parametrize(("text", "taken"), [("auto", None), ("4", 4), ("0", None), ("1000", None)])
def test_threads_are_those_of_the_engine(text: str, taken: int | None) -> None:
    assert _run(f"PARALLEL_THREADS={text}\n").tables.get("backup", {}).get("parallel") == taken


def test_program_is_taken_where_it_is_not_the_usual_one() -> None:
    assert "engines" not in _run("XTRABACKUP_BIN=xtrabackup\n").tables
    assert _run("XTRABACKUP_BIN=/opt/x\n").tables["engines"] == {"xtrabackup": {"program": "/opt/x"}}


@pytest.mark.parametrize(("text", "hint"), [("true", False), ("false", True)])
def test_verification_cannot_be_left_out_without_a_word(text: str, hint: bool) -> None:
    note = said(_run(f"VERIFY_BACKUP={text}\n"), Fate.CHANGED)["VERIFY_BACKUP"]

    assert ("leaves out" in note) == hint
