"""What an archive is worth, and its entry in the catalog."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from octeth_backupd.domain.backup import CopyState, Mode, Origin, Tier, Trigger
from octeth_backupd.domain.legacy.adoption import (
    ArchiveFacts,
    ArchiveState,
    Found,
    adopted_backup,
    checksum_in,
    content_facts,
)

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
TAKEN = datetime(2025, 1, 15, 1, 0, tzinfo=UTC)
DIGEST, OTHER = "ab" * 32, "cd" * 32
PREPARED = "backup_type = full-prepared\nfrom_lsn = 0\nto_lsn = 100\nlast_lsn = 109\n"
INFO = "tool_name = xtrabackup\ntool_version = 8.0.35\nserver_version = 8.0.36\n"


def _found(checksum: str = DIGEST, **facts: Any) -> Found:
    values: dict[str, Any] = {"size_bytes": 1000, "sha256": DIGEST, "is_prepared": True, "engine": "xtrabackup"}
    return Found(
        storage="local",
        key="daily/octeth-backup-2025-01-15_02-00-00.tar.gz",
        name="octeth-backup-2025-01-15_02-00-00.tar.gz",
        tier=Tier.DAILY,
        taken_at=TAKEN,
        checksum=checksum,
        facts=ArchiveFacts(**(values | facts)),
    )


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (_found(), ArchiveState.VERIFIED),
        (_found(checksum=""), ArchiveState.UNVERIFIED),
        (_found(checksum=OTHER), ArchiveState.BAD),
        (_found(damage="cut"), ArchiveState.BAD),
        (_found(checksum="", damage="cut"), ArchiveState.PARTIAL),
        (_found(sha256=""), ArchiveState.UNREAD),
        (_found(checksum="", sha256=""), ArchiveState.UNREAD),
    ],
)
def test_state_follows_from_checksum_and_damage(found: Found, state: ArchiveState) -> None:
    assert found.state is state
    assert bool(found.detail) == (state is not ArchiveState.VERIFIED)


def test_adopted_backup_counts_by_its_time_and_has_no_manifest() -> None:
    backup = adopted_backup(_found(), server="oempro", installation_id="f" * 32, now=NOW)

    assert backup.backup_id == "oempro-2025-01-15_01-00-00"
    assert (backup.tier, backup.tiers, backup.trigger) == (Tier.DAILY, frozenset({Tier.DAILY}), Trigger.SCHEDULE)
    assert (backup.origin, backup.manifest, backup.mode) == (Origin.LEGACY, {}, Mode.PREPARED)
    assert (backup.installation_id, backup.suspect, backup.sha256) == ("f" * 32, "", DIGEST)


@pytest.mark.parametrize(
    ("found", "state", "is_verified"),
    [
        (_found(), CopyState.PRESENT, True),
        (_found(checksum=""), CopyState.PRESENT, False),
        (_found(damage="cut"), CopyState.CORRUPT, False),
        (_found(sha256=""), CopyState.PRESENT, False),
    ],
)
def test_what_was_found_is_the_state_of_the_copy(found: Found, state: CopyState, is_verified: bool) -> None:
    [copy] = adopted_backup(found, server="oempro", installation_id="", now=NOW).copies

    assert copy.state is state
    assert copy.verified_at == (NOW if is_verified else None)
    assert copy.key == found.key


def test_checksum_of_a_bad_archive_is_the_one_it_should_have() -> None:
    assert adopted_backup(_found(checksum=OTHER), server="a", installation_id="", now=NOW).sha256 == OTHER


@pytest.mark.parametrize(
    ("text", "digest"),
    [(f"{DIGEST}  name\n", DIGEST), (f"{DIGEST.upper()} *name\n", DIGEST), ("", ""), ("abc  name\n", "")],
)
def test_checksum_file_is_read_as_sha256sum_does(text: str, digest: str) -> None:
    assert checksum_in(text) == digest


def test_content_says_engine_server_and_state() -> None:
    texts = {"xtrabackup_checkpoints": PREPARED, "xtrabackup_info": INFO}

    facts = content_facts(texts, size_bytes=1, sha256=DIGEST, data_bytes=5)

    assert (facts.is_prepared, facts.engine, facts.vendor, facts.server_version) == (
        True,
        "xtrabackup",
        "mysql",
        "8.0.36",
    )
    assert (facts.to_lsn, facts.last_lsn, facts.data_bytes, facts.damage) == (100, 109, 5, "")


@pytest.mark.parametrize(
    ("texts", "is_prepared"),
    [
        ({"xtrabackup_checkpoints": PREPARED.replace("full-prepared", "full-backuped")}, False),
        ({"xtrabackup_checkpoints": PREPARED}, True),
        ({"xtrabackup_checkpoints": PREPARED, "xtrabackup_info": "nonsense"}, True),
        (
            {
                "mariadb_backup_checkpoints": PREPARED.replace("full-prepared", "log-applied"),
                "mariadb_backup_info": "tool_version = 11.4.2-MariaDB\nserver_version = 11.4.2-MariaDB\n",
            },
            True,
        ),
    ],
)
def test_prepared_or_not_is_what_the_checkpoints_say(texts: dict[str, str], is_prepared: bool) -> None:
    facts = content_facts(texts, size_bytes=1, sha256=DIGEST, data_bytes=5)

    assert (facts.is_prepared, facts.damage) == (is_prepared, "")


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"xtrabackup_info": INFO},
        {"xtrabackup_checkpoints": "nonsense"},
        {"xtrabackup_checkpoints": PREPARED.replace("full-prepared", "incremental")},
    ],
)
def test_what_is_no_full_backup_is_damaged(texts: dict[str, str]) -> None:
    assert content_facts(texts, size_bytes=1, sha256=DIGEST, data_bytes=5).damage
