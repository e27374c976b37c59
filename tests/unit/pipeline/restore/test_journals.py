"""Journals on the disk."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from octeth_backupd.domain.restore.machine import State
from octeth_backupd.errors import MetadataError, NotFoundError
from octeth_backupd.pipeline.restore.journals import Journals
from tests.unit.domain.restore.test_journal import AT, JOURNAL

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def journals(tmp_path: Path) -> Journals:
    """No journal yet."""
    return Journals(tmp_path / "restores")


def test_a_journal_is_read_as_it_was_written(journals: Journals) -> None:
    journals.write(JOURNAL)

    assert journals.get(JOURNAL.restore_id) == JOURNAL


def test_a_later_state_replaces_the_earlier_one(journals: Journals) -> None:
    journals.write(JOURNAL)
    journals.write(JOURNAL.moved_to(State.FENCING, AT))

    assert [journal.state for journal in journals.all()] == [State.FENCING]


def test_a_journal_is_for_root_only_and_begins_with_words(journals: Journals) -> None:
    journals.write(JOURNAL)

    path = journals.path(JOURNAL.restore_id)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert next(iter(json.loads(path.read_text()))) == "if_the_daemon_never_comes_back"


def test_there_is_none_before_the_first(journals: Journals) -> None:
    assert journals.all() == ()
    with pytest.raises(NotFoundError, match="no restore"):
        journals.get("20261122-000000-000000")


def test_they_are_listed_newest_first(journals: Journals) -> None:
    older = replace(JOURNAL, restore_id="a", created_at=AT - timedelta(hours=1))
    for journal in (older, JOURNAL):
        journals.write(journal)

    assert [journal.restore_id for journal in journals.all()] == [JOURNAL.restore_id, "a"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 1}', "\udcff"])
def test_one_that_cannot_be_read_is_told_and_does_not_hide_the_others(journals: Journals, text: str) -> None:
    journals.write(JOURNAL)
    (journals.directory / "bad.json").write_text(text, errors="surrogateescape")

    with capture_logs() as logs:
        found = journals.all()

    assert [journal.restore_id for journal in found] == [JOURNAL.restore_id]
    assert [entry["event"] for entry in logs] == ["restore.journal_unreadable"]
    with pytest.raises(MetadataError, match=r"bad\.json"):
        journals.get("bad")


def test_one_that_cannot_be_read_is_logged_once_until_that_changes(journals: Journals) -> None:
    journals.write(JOURNAL)
    whole = journals.path(JOURNAL.restore_id).read_text()

    with capture_logs() as logs:
        for text in ("{", "{", whole, "{"):
            journals.path(JOURNAL.restore_id).write_text(text)
            journals.all()

    assert len(logs) == 2


def test_other_files_are_not_looked_at(journals: Journals) -> None:
    journals.write(JOURNAL)
    (journals.directory / ".x.json.partial").write_text("{")

    assert len(journals.all()) == 1


def test_the_open_one_of_a_server_is_found(journals: Journals) -> None:
    journals.write(replace(JOURNAL, restore_id="done", state=State.COMMITTED))
    journals.write(replace(JOURNAL, restore_id="other", server="shop", state=State.GATING))
    journals.write(replace(JOURNAL, restore_id="open", state=State.GATING))

    found = journals.open_of("oempro")
    assert found is not None
    assert found.restore_id == "open"


def test_safety_copies_are_those_still_there(journals: Journals) -> None:
    journals.write(replace(JOURNAL, restore_id="there", state=State.COMMITTED, has_swapped=True))
    journals.write(replace(JOURNAL, restore_id="gone", state=State.COMMITTED, has_swapped=True, removed_at=AT))

    assert [journal.restore_id for journal in journals.safety_copies_of("oempro")] == ["there"]
