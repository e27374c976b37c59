"""The manifest as a file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.manifest import FORMAT_VERSION, Manifest
from octeth_backupd.errors import MetadataError
from tests.fakes.manifests import make_manifest, make_server_part

WHAT_EVERY_MANIFEST_HOLDS = [
    "format_version",
    "daemon_version",
    "installation_id",
    "backup_id",
    "run_id",
    "tier",
    "tiers",
    "trigger",
    "mode",
    "slots",
    "suspect",
    "postconditions",
    "times.run_started_at",
    "times.taken_at",
    "times.engine_finished_at",
    "times.finished_at",
    "archive.sha256",
    "archive.listing_sha256",
    "archive.file_count",
    "archive.compression.algorithm",
    "archive.compression.level",
    "archive.encryption",
    "sizes.data_bytes",
    "sizes.raw_bytes",
    "sizes.prepared_bytes",
    "sizes.archive_bytes",
    "engine.name",
    "engine.version",
    "engine.version_text",
    "engine.runner",
    "engine.options",
    "position.from_lsn",
    "position.to_lsn",
    "position.last_lsn",
    "position.before.checkpoint_lsn",
    "position.after.current_lsn",
    "position.gtid",
    "position.binlog_file",
    "position.binlog_position",
    "server.name",
    "server.identity.server_uuid",
    "server.vendor",
    "server.version_text",
    "server.placement.container",
    "server.placement.image",
    "server.placement.image_digest",
    "server.placement.command",
    "server.placement.mounts",
    "server.variables.datadir",
    "server.persisted_variables.max_connections",
    "server.host_paths.data",
    "server.server_paths.data",
    "server.data_owner.uid",
    "server.tablespaces",
    "server.other_tables",
    "server.engine_counts.InnoDB",
    "server.fingerprint.oempro.tables",
]


def _changed(**changes: Any) -> str:
    return json.dumps(make_manifest().to_mapping() | changes)


@pytest.mark.parametrize("path", WHAT_EVERY_MANIFEST_HOLDS)
def test_file_holds_what_a_rebuilt_catalog_and_a_drill_need(path: str) -> None:
    found: Any = json.loads(make_manifest().to_json_text())
    for key in path.split("."):
        found = found[key]

    assert found is not None


def test_text_can_be_read_again() -> None:
    manifest = make_manifest()

    assert Manifest.from_json_text(manifest.to_json_text()) == manifest


def test_text_is_the_same_for_the_same_backup_however_it_was_put_together() -> None:
    one = make_manifest(server=make_server_part(variables={"a": "1", "b": "2"}, engine_counts={"X": 1, "A": 2}))
    other = make_manifest(server=make_server_part(variables={"b": "2", "a": "1"}, engine_counts={"A": 2, "X": 1}))

    assert one.to_json_text() == other.to_json_text()


def test_text_is_for_people_too() -> None:
    lines = make_manifest(suspect="größer als sonst").to_json_text().splitlines()

    assert lines[0] == "{"
    assert '  "backup_id": "oempro-2026-11-22_02-00-00",' in lines
    assert '  "suspect": "größer als sonst",' in lines
    assert '    "taken_at": "2026-11-22T02:00:00Z",' in lines


def test_tiers_are_written_from_the_lowest_to_the_highest() -> None:
    assert make_manifest().to_mapping()["tiers"] == ["daily", "weekly"]


def test_secrets_of_the_server_are_not_in_the_text() -> None:
    text = make_manifest().to_json_text()

    assert "canary" not in text
    assert "report_password" in text


def test_keys_of_a_later_release_are_ignored() -> None:
    later = make_manifest().to_mapping()
    later["parent"] = "oempro-2026-11-21_02-00-00"
    later["server"]["weather"] = "sunny"

    assert Manifest.from_json_text(json.dumps(later)) == make_manifest()


def test_later_format_is_refused() -> None:
    with pytest.raises(MetadataError, match="format 2") as refused:
        Manifest.from_json_text(_changed(format_version=FORMAT_VERSION + 1))

    assert "newer" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"text"', "{}", _changed(format="something else"), _changed(times={}), _changed(tier="x")],
)
def test_what_is_no_whole_manifest_is_refused(text: str) -> None:
    with pytest.raises(MetadataError):
        Manifest.from_json_text(text)


def test_refusal_names_the_key_and_not_its_content() -> None:
    with pytest.raises(MetadataError, match=r"archive\.sha256") as refused:
        Manifest.from_json_text(_changed(archive=make_manifest().to_mapping()["archive"] | {"sha256": "canary"}))

    assert "canary" not in refused.value.message


def test_manifest_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        make_manifest().suspect = "changed"  # type: ignore[misc]
