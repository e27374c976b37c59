"""Whether a server is configured already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.errors import ServerUnreachableError
from octeth_backupd.servers.survey import Survey
from octeth_backupd.settings.settings import Settings
from octeth_backupd.setup import same_server
from octeth_backupd.setup.same_server import same_server_notes
from tests.fakes.server_facts import make_facts
from tests.unit.setup.build import Host
from tests.unit.setup.servers import MemoryServer

FACTS = make_facts("8.0.36")


def _notes(directory: Path, monkeypatch: pytest.MonkeyPatch, there: Survey, **added: Any) -> tuple[str, ...]:
    monkeypatch.setattr(MemoryServer, "survey", lambda _: there)
    monkeypatch.setattr(same_server, "Server", MemoryServer)
    settings = Settings.model_validate(
        {"servers": {"one": {"container": "db"}, "two": {"socket": "/s"}}, "schedules": {"timezone": "UTC"}}
    )
    facts = replace(FACTS, identity=replace(FACTS.identity, **added))
    return same_server_notes(Host(directory=directory).machine(), settings, "two", facts)


def _survey(**identity: Any) -> Survey:
    return Survey(facts=replace(FACTS, identity=replace(FACTS.identity, **identity)))


@pytest.mark.parametrize("same", [{"data_device": 1, "data_inode": 2}, {"server_uuid": "u"}])
def test_server_with_the_same_files_or_uuid_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same: dict[str, Any]
) -> None:
    [note] = _notes(tmp_path, monkeypatch, _survey(**same), **same)

    assert note.startswith("two is the same server as one, which is configured already")


@pytest.mark.parametrize(
    ("there", "added"),
    [
        ({}, {}),
        ({"server_uuid": "u"}, {"server_uuid": "v"}),
        ({"data_device": 1, "data_inode": 2}, {"data_device": 2, "data_inode": 2}),
        (
            {"data_device": 1, "data_inode": 2, "server_uuid": "u"},
            {"data_device": 1, "data_inode": 3, "server_uuid": "u"},
        ),
    ],
)
def test_another_server_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: dict[str, Any], added: dict[str, Any]
) -> None:
    assert _notes(tmp_path, monkeypatch, _survey(**there), **added) == ()


def test_server_that_does_not_answer_keeps_nobody_from_adding_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Survey(error=ServerUnreachableError("no server answers"), error_stage="login")

    assert _notes(tmp_path, monkeypatch, silent, server_uuid="u") == ()
