"""The operation "verify" on archives of the bash tool, which have no manifest."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, Tier
from octeth_backupd.domain.legacy.adoption import ArchiveFacts, Found, adopted_backup
from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.verify import verify_backup
from tests.fakes.runs import a_run
from tests.unit.importing.build import NAME, put, tar_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.backup import Copy
    from octeth_backupd.pipeline.result import RunResult
    from tests.fakes.bench import Bench

STREAM = NAME.replace(".tar.gz", ".xbstream.gz")
CONTENTS = {NAME: tar_bytes(), STREAM: gzip.compress(b"XBSTCK01" + b"x" * 5000)}


class Adopted:
    """An archive that an import has entered into the catalog."""

    def __init__(self, bench: Bench, name: str, *, checksum: str | None = "right", sha256: str | None = None) -> None:
        self._bench = bench
        content = CONTENTS[name]
        self.archive: Path = put(bench.backups, f"daily/{name}", content, checksum=checksum)
        digest = hashlib.sha256(content).hexdigest() if sha256 is None else sha256
        found = Found(
            storage="local",
            key=f"daily/{name}",
            name=name,
            tier=Tier.DAILY,
            taken_at=datetime(2025, 1, 15, 2, 0, tzinfo=UTC),
            checksum="",
            facts=ArchiveFacts(size_bytes=len(content), sha256=digest),
        )
        backup = adopted_backup(found, server="oempro", installation_id="f" * 32, now=bench.clock.now())
        self.backup_id = backup.backup_id
        bench.catalog.add_backup(backup)

    def copy(self) -> Copy:
        (copy,) = self._bench.catalog.backup(self.backup_id).copies
        return copy

    def verify(self) -> RunResult:
        run = a_run("verify-1", operation=Operation.VERIFY, backup_id=self.backup_id)
        return verify_backup(self._bench.context(run), self._bench.parts())


@pytest.mark.parametrize("name", CONTENTS)
def test_whole_archive_is_verified_from_now_on(bench: Bench, name: str) -> None:
    adopted = Adopted(bench, name)
    assert adopted.copy().verified_at is None

    result = adopted.verify()

    assert result.status is RunStatus.SUCCESS
    assert (adopted.copy().state, adopted.copy().verified_at) == (CopyState.PRESENT, bench.clock.now())


@pytest.mark.parametrize("name", CONTENTS)
def test_damage_makes_it_corrupt(bench: Bench, name: str) -> None:
    adopted = Adopted(bench, name)
    content = bytearray(CONTENTS[name])
    content[len(content) // 2] ^= 1
    adopted.archive.write_bytes(content)

    with pytest.raises(VerificationError, match="not what the catalog says: local:"):
        adopted.verify()

    assert adopted.copy().state is CopyState.CORRUPT


def test_another_archive_in_its_place_makes_it_corrupt(bench: Bench) -> None:
    adopted = Adopted(bench, NAME)
    adopted.archive.write_bytes(tar_bytes(data=b"y" * 3000))

    with pytest.raises(VerificationError, match="its SHA-256 is"):
        adopted.verify()


def test_checksum_file_that_was_never_there_is_no_flaw(bench: Bench) -> None:
    assert Adopted(bench, NAME, checksum=None).verify().status is RunStatus.SUCCESS


def test_checksum_file_that_says_something_else_degrades_the_run(bench: Bench) -> None:
    result = Adopted(bench, NAME, checksum="cd" * 32).verify()

    assert result.status is RunStatus.DEGRADED
    assert "when the archive was adopted" in result.detail["degraded"][0]


def test_archive_whose_checksum_nobody_knows_is_only_read_to_its_end(bench: Bench) -> None:
    result = Adopted(bench, NAME, checksum=None, sha256="").verify()

    assert result.status is RunStatus.DEGRADED
    assert "nobody knows what its checksum must be" in result.detail["degraded"][0]
