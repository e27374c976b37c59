"""Tables of the manifest take the domain's values as they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.manifest_parts import (
    ArchivePart,
    CompressionPart,
    EngineTableEntry,
    MountEntry,
    PlacementEntry,
    SlotEntry,
    TablespaceEntry,
)
from octeth_backupd.domain.masking import MASK
from octeth_backupd.domain.server import Address, EngineTable, Mount, Placement, Tablespace
from tests.fakes.catalog_values import make_slot
from tests.fakes.manifests import make_server_part


def test_tablespace_is_taken_as_it_is() -> None:
    entry = TablespaceEntry.model_validate(Tablespace(space_id=7, name="a/b", size_bytes=5, path="./a/b.ibd"))

    assert entry.model_dump(mode="json") == {
        "space_id": 7,
        "name": "a/b",
        "size_bytes": 5,
        "kind": "single",
        "path": "./a/b.ibd",
        "discarded": False,
    }


def test_table_of_another_engine_keeps_the_word_schema_in_the_file() -> None:
    entry = EngineTableEntry.model_validate(EngineTable(schema="s", table="t", engine="MyISAM", file_stem="t"))

    assert entry.model_dump(by_alias=True)["schema"] == "s"


def test_paths_of_a_mount_become_text() -> None:
    entry = MountEntry.model_validate(Mount(source=Path("/a"), destination=PurePosixPath("/b")))

    assert (entry.source, entry.destination) == ("/a", "/b")


def test_address_becomes_text() -> None:
    placement = PlacementEntry(kind=Placement.ADDRESS, address=Address(host="::1"))

    assert placement.address == "[::1]:3306"


def test_slot_leaves_out_what_only_the_catalog_needs() -> None:
    entry = SlotEntry.model_validate(make_slot())

    assert set(entry.model_dump()) == {"schedule", "tier", "due_at"}


def test_times_are_kept_in_utc() -> None:
    local = datetime(2026, 11, 22, 3, 0, tzinfo=timezone(timedelta(hours=1)))

    entry = SlotEntry.model_validate(make_slot(local))

    assert entry.due_at == local
    assert entry.due_at.tzinfo == UTC


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        SlotEntry.model_validate({"schedule": "daily", "tier": "daily", "due_at": "2026-11-22T02:00:00"})


def test_secrets_in_variables_and_arguments_are_masked_when_a_part_is_made() -> None:
    server = make_server_part(persisted_variables={"report_password": "canary"})

    assert server.variables["report_password"] == MASK
    assert server.persisted_variables["report_password"] == MASK
    assert server.placement.command == ("mysqld", f"--report-password={MASK}")


@pytest.mark.parametrize("sha256", ["", "ab", "G" * 64, "AB" * 32])
def test_checksum_that_is_none_is_refused(sha256: str) -> None:
    with pytest.raises(ValidationError):
        ArchivePart(name="x.tar", sha256=sha256, size_bytes=1, compression=CompressionPart(algorithm="none"))
