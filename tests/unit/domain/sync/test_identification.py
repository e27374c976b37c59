"""Which backup an archive is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Tier
from octeth_backupd.domain.sync.identification import identify, is_same, problem_of
from octeth_backupd.domain.sync.known import KnownBackups
from octeth_backupd.domain.sync.places import FoundArchive, FoundFile
from octeth_backupd.domain.sync.report import FindingKind, Repair
from octeth_backupd.pipeline.record import backup_from_manifest
from tests.fakes.catalog_values import START
from tests.fakes.stored_backups import OTHER, OWN, key_of, stored_manifest

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.domain.manifest import Manifest

MANIFEST = stored_manifest()
KEY = key_of(MANIFEST)


def found(key: str = KEY, size_bytes: int | None = 7) -> FoundArchive:
    return FoundArchive(
        key=key,
        archive=None if size_bytes is None else FoundFile(key=key, size_bytes=size_bytes, modified_at=START),
        manifest=FoundFile(key=f"{key}.json", size_bytes=1, modified_at=START),
    )


def recorded(manifest: Manifest = MANIFEST, *storages: str) -> Backup:
    return replace(backup_from_manifest(manifest, storages=storages, at=START), manifest={})


def test_a_manifest_belongs_where_it_says() -> None:
    assert problem_of(MANIFEST, KEY) == ""
    assert problem_of(MANIFEST, key_of(MANIFEST, below=OWN[:8])) == ""


@pytest.mark.parametrize(
    ("manifest", "key", "says"),
    [
        (stored_manifest(server="shop"), KEY, "belongs to shop/daily"),
        (stored_manifest(tier=Tier.WEEKLY), KEY, "belongs to oempro/weekly"),
        (stored_manifest(START + timedelta(days=1)), KEY, "belongs to"),
        (MANIFEST, key_of(MANIFEST, below=OTHER[:8]), "directory of another"),
        (MANIFEST.model_copy(update={"backup_id": "x"}), KEY, "do not fit together"),
        (
            MANIFEST.model_copy(update={"times": stored_manifest(START + timedelta(hours=1)).times}),
            KEY,
            "do not fit together",
        ),
        (
            MANIFEST.model_copy(update={"archive": MANIFEST.archive.model_copy(update={"name": "../x"})}),
            KEY,
            "names the archive '../x'",
        ),
        (
            MANIFEST.model_copy(update={"sizes": MANIFEST.sizes.model_copy(update={"archive_bytes": 1})}),
            KEY,
            "two sizes",
        ),
    ],
)
def test_a_manifest_that_does_not_belong_there_says_why(manifest: Manifest, key: str, says: str) -> None:
    assert says in problem_of(manifest, key)


def test_an_unknown_backup_is_added() -> None:
    result = identify(MANIFEST, found(), KnownBackups([]), storage="s3")

    assert (result.add_as, result.state, result.findings) == (MANIFEST.backup_id, CopyState.PRESENT, ())


def test_an_unknown_backup_of_another_size_is_added_as_corrupt() -> None:
    result = identify(MANIFEST, found(size_bytes=3), KnownBackups([]), storage="s3")

    assert (result.add_as, result.state) == (MANIFEST.backup_id, CopyState.CORRUPT)
    assert [finding.kind for finding in result.findings] == [FindingKind.CORRUPT]


def test_a_known_backup_gets_another_copy() -> None:
    backup = recorded(MANIFEST, "local")

    assert identify(MANIFEST, found(), KnownBackups([backup]), storage="s3").copy_of == backup


def test_an_id_that_another_installation_has_gets_a_tail() -> None:
    foreign = stored_manifest(installation_id=OTHER, content=b"other bytes")

    result = identify(foreign, found(size_bytes=11), KnownBackups([recorded()]), storage="s3")

    assert result.add_as == f"{MANIFEST.backup_id}-{OTHER[:8]}"


def test_another_archive_under_a_known_id_of_the_same_installation_is_not_believed() -> None:
    other = stored_manifest(content=b"other bytes")

    result = identify(other, found(size_bytes=11), KnownBackups([recorded()]), storage="s3")

    assert (result.add_as, result.copy_of) == ("", None)
    assert [finding.kind for finding in result.findings] == [FindingKind.UNUSABLE]


def test_an_id_whose_tail_is_taken_too_is_not_believed() -> None:
    foreign = stored_manifest(installation_id=OTHER)
    tail = replace(recorded(), backup_id=f"{MANIFEST.backup_id}-{OTHER[:8]}", installation_id="3" * 32)

    result = identify(foreign, found(), KnownBackups([recorded(), tail]), storage="s3")

    assert [finding.kind for finding in result.findings] == [FindingKind.UNUSABLE]


def test_a_manifest_without_its_archive_is_an_orphan_of_its_installation() -> None:
    result = identify(MANIFEST, found(size_bytes=None), KnownBackups([]), storage="s3")

    (orphan,) = result.findings
    assert (orphan.kind, orphan.repair, orphan.installation_id) == (FindingKind.ORPHANED, Repair.REMOVE, OWN)
    assert orphan.key == f"{KEY}.json"


@pytest.mark.parametrize(
    ("state", "kind"), [(CopyState.PRESENT, FindingKind.UNKNOWN), (CopyState.DELETED, FindingKind.RETURNED)]
)
def test_a_second_archive_of_a_copy_is_reported(state: CopyState, kind: FindingKind) -> None:
    backup = recorded(MANIFEST, "s3")
    known = KnownBackups([replace(backup, copies=(replace(backup.copies[0], state=state),))])

    result = identify(MANIFEST, found(key_of(MANIFEST, below=OWN[:8])), known, storage="s3")

    assert [finding.kind for finding in result.findings] == [kind]


def test_a_missing_copy_that_lies_elsewhere_is_found_there() -> None:
    backup = recorded(MANIFEST, "s3")
    known = KnownBackups([replace(backup, copies=(replace(backup.copies[0], state=CopyState.MISSING),))])
    elsewhere = key_of(MANIFEST, below=OWN[:8])

    result = identify(MANIFEST, found(elsewhere), known, storage="s3")

    assert result.change is not None
    assert (result.change.key, result.change.state) == (elsewhere, CopyState.PRESENT)


def test_the_same_backup_has_installation_run_and_digest_in_common() -> None:
    assert is_same(MANIFEST, recorded())
    assert not is_same(stored_manifest(installation_id=OTHER), recorded())
    assert not is_same(stored_manifest(run_id="another"), recorded())
    assert not is_same(stored_manifest(content=b"x"), recorded())
