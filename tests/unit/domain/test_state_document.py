"""The state file's form."""

from __future__ import annotations

import json

import pytest

from octeth_backupd.domain.holdings import Accept, AdoptedInstallation, Hold, Pin, Proof, ProofLevel
from octeth_backupd.domain.state_document import StateDocument, make_state, owner_of_state_key, parse_state, state_key
from octeth_backupd.errors import MetadataError
from tests.fakes.catalog_values import START

ID = "0123456789abcdef" * 2


def full() -> StateDocument:
    at = START.replace(microsecond=123456)
    return make_state(
        ID,
        "oempro",
        pins=[Pin(backup_id="a", note="größer", pinned_by="root", pinned_at=at)],
        holds=[Hold(hold_id=7, server="oempro", reason="small", backup_id="b", protected=("a",), begun_at=at)],
        accepts=[Accept(backup_id="c", doubt="small", note="fine", accepted_by="root", accepted_at=at)],
        proofs=[Proof(backup_id="d", level=ProofLevel.STARTED, storage="local", proven_at=at)],
        suspects={"f": "large", "e": "small"},
        adopted=[AdoptedInstallation(installation_id="1" * 32, adopted_by="root", adopted_at=at)],
    )


def test_what_was_written_comes_back_to_the_microsecond() -> None:
    assert parse_state(full().to_json_text()) == full()


def test_the_same_state_has_the_same_text() -> None:
    assert full().to_json_text() == full().to_json_text()
    assert list(json.loads(full().to_json_text())["suspects"]) == ["e", "f"]


def test_it_knows_what_it_is_about_and_whether_it_says_anything() -> None:
    assert full().backup_ids() == {"a", "b", "c", "d", "e", "f"}
    assert (full().is_empty, make_state(ID, "oempro").is_empty) == (False, True)


def test_keys_of_a_newer_release_are_ignored() -> None:
    content = json.loads(full().to_json_text()) | {"colour": "blue"}

    assert parse_state(json.dumps(content)) == full()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "top level"),
        ('{"format_version": 99}', "format 99"),
        (json.dumps({"format": "octeth-backupd manifest", "installation_id": ID, "server": "x"}), "format"),
        (json.dumps({"installation_id": ID, "server": "x", "pins": [{"backup_id": "a"}]}), "pins.0.pinned_at"),
    ],
)
def test_what_is_no_state_file_is_refused(text: str, says: str) -> None:
    with pytest.raises(MetadataError, match=says):
        parse_state(text)


def test_the_key_names_server_and_installation() -> None:
    assert owner_of_state_key(state_key("oempro", ID)) == ("oempro", ID)
    assert owner_of_state_key("oempro/state.json") == ("oempro", "")


@pytest.mark.parametrize(
    "key",
    [
        "state.json",
        "../state.json",
        "daily/state.json",
        "oempro/daily/state.json",
        "oempro/state-12.json",
        "a b/state.json",
    ],
)
def test_other_keys_are_no_state_files(key: str) -> None:
    assert owner_of_state_key(key) is None
