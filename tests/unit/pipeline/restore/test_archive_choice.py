"""The one archive that is restored."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import Backup, CopyState, Origin
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.domain.restore.plan import ArchiveFormat, ArchiveSource, Refusal
from octeth_backupd.errors import NotFoundError
from octeth_backupd.pipeline.restore import archive_choice
from octeth_backupd.pipeline.restore.archive_choice import choose_archive
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.manifests import make_manifest
from tests.fakes.unsteady_storage import UnsteadyStorage

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

DIGEST = "ef" * 32
NAME = "octeth-backup-2026-11-22_02-00-00.tar.gz"


def entered(bench: Bench, *, size_bytes: int = 2_000, **fields: Any) -> Backup:
    """Return a backup in the catalog whose archive is a file of this size; 0: there is none."""
    backup = make_backup(**{"manifest": make_manifest().to_mapping(), **fields})
    if size_bytes:
        path = bench.backups / f"oempro/daily/{backup.archive_name}"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * size_bytes)
    bench.catalog.add_backup(backup)
    return backup


def chosen(bench: Bench, backup: Backup) -> tuple[ArchiveSource | None, tuple[Refusal, ...]]:
    return choose_archive(RestoreOrder(backup_id=backup.backup_id), bench.parts())


def from_file(bench: Bench, path: Path, **order: Any) -> tuple[ArchiveSource | None, list[str]]:
    source, refusals = choose_archive(RestoreOrder(archive=path, **order), bench.parts())
    return source, [refusal.code for refusal in refusals]


def test_a_copy_on_this_host_is_taken_with_all_that_the_manifest_knows(bench: Bench) -> None:
    backup = entered(bench)

    source, refusals = chosen(bench, backup)

    assert refusals == ()
    assert source is not None
    assert (source.storage, source.key, source.path) == ("local", backup.copies[0].key, None)
    assert Path(source.place) == bench.backups / "oempro/daily" / backup.archive_name
    assert (source.is_remote, source.fetch_bytes) == (False, 0)
    assert (source.sha256, source.sha256_from) == (backup.sha256, "manifest")
    assert source.unpacked_bytes == make_manifest().sizes.prepared_bytes
    assert source.archive_format is ArchiveFormat.TAR
    assert "never read back" in source.reason


def test_the_reason_says_when_a_copy_was_read_back(bench: Bench) -> None:
    backup = entered(bench)
    read_back_at = START + timedelta(hours=1)
    bench.catalog.set_copy_state(backup.backup_id, "local", CopyState.PRESENT, at=START, verified_at=read_back_at)

    source, _ = chosen(bench, backup)

    assert source is not None
    assert "2026-11-22 03:00 UTC" in source.reason


@pytest.mark.parametrize("state", [CopyState.PENDING, CopyState.UPLOADING, CopyState.DELETED])
def test_a_copy_in_any_other_state_is_not_read(bench: Bench, state: CopyState) -> None:
    backup = entered(bench, copies={"local": state})

    source, [refusal] = chosen(bench, backup)

    assert source is None
    assert refusal.code == "no_copy"
    assert state.value in refusal.message


def test_a_copy_that_is_gone_or_cut_is_not_read(bench: Bench) -> None:
    gone = entered(bench, size_bytes=0)
    assert chosen(bench, gone)[0] is None

    path = bench.backups / gone.copies[0].key
    path.parent.mkdir(parents=True)
    path.write_bytes(b"short")

    source, [refusal] = chosen(bench, gone)
    assert source is None
    assert "has 5 bytes instead of 2000" in refusal.message


def test_a_copy_elsewhere_is_named(bench: Bench) -> None:
    backup = entered(bench, copies={"s3": CopyState.PRESENT}, size_bytes=0)

    _, [refusal] = chosen(bench, backup)

    assert "the copy in s3 is out of reach: the configuration names no such storage" in refusal.message
    assert "Write [s3] into the configuration again" in refusal.hint


def test_a_backup_that_the_catalog_does_not_know_is_an_error(bench: Bench) -> None:
    with pytest.raises(NotFoundError):
        choose_archive(RestoreOrder(backup_id="nothing"), bench.parts())


def test_a_backup_without_manifest_is_as_large_as_the_catalog_says(bench: Bench) -> None:
    source, _ = chosen(bench, entered(bench, manifest={}))

    assert source is not None
    assert (source.manifest, source.unpacked_bytes) == (None, 10_000)


ADOPTED: dict[str, Any] = {"manifest": {}, "origin": Origin.LEGACY, "data_bytes": 0}


def test_an_adopted_archive_is_taken_with_the_checksum_that_lay_beside_it_and_a_guessed_size(bench: Bench) -> None:
    source, refusals = chosen(bench, entered(bench, **ADOPTED))

    assert refusals == ()
    assert source is not None
    assert (source.sha256, source.sha256_from, source.unpacked_bytes) == ("ab" * 32, "checksum file", 16_000)


def test_an_adopted_archive_without_checksum_needs_force(bench: Bench) -> None:
    backup = entered(bench, sha256="", **ADOPTED)

    source, [refusal] = chosen(bench, backup)
    forced, refusals = choose_archive(RestoreOrder(backup_id=backup.backup_id, force=True), bench.parts())

    assert source == forced
    assert (refusal.code, refusal.flag, refusals) == ("checksum_missing", "--force", ())
    assert "verify --deep" in refusal.hint


def test_a_remote_copy_is_named_with_its_key_and_what_comes_over_the_network(bench: Bench) -> None:
    backup = entered(bench, copies={"s3": CopyState.PRESENT}, size_bytes=0)
    s3 = UnsteadyStorage("s3")
    s3.files[backup.copies[0].key] = bytes(2_000)

    source, refusals = choose_archive(
        RestoreOrder(backup_id=backup.backup_id), bench.parts(storages=(bench.storage, s3))
    )

    assert refusals == ()
    assert source is not None
    assert (source.storage, source.key, source.place) == ("s3", backup.copies[0].key, backup.copies[0].key)
    assert (source.is_remote, source.fetch_bytes, source.path) == (True, 2_000, None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "elsewhere" / NAME
    file.parent.mkdir()
    file.write_bytes(b"x" * 100)
    return file


@pytest.mark.parametrize("text", [f"{DIGEST}  {NAME}\n", f"{DIGEST.upper()} *{NAME}\n", f"{DIGEST}\n"])
def test_a_file_is_taken_with_the_checksum_beside_it(bench: Bench, path: Path, text: str) -> None:
    path.with_name(f"{NAME}.sha256").write_text(text)

    source, codes = from_file(bench, path)

    assert codes == []
    assert source is not None
    assert (source.sha256, source.sha256_from, source.storage) == (DIGEST, "checksum file", "")
    assert source.unpacked_bytes == 800


def test_a_file_is_taken_with_the_manifest_beside_it(bench: Bench, path: Path) -> None:
    manifest = make_manifest()
    path.with_name(f"{NAME}.json").write_text(manifest.to_json_text())

    source, codes = from_file(bench, path)

    assert codes == []
    assert source is not None
    assert (source.manifest, source.sha256_from) == (manifest, "manifest")


def test_checksums_that_contradict_each_other_are_refused(bench: Bench, path: Path) -> None:
    path.with_name(f"{NAME}.json").write_text(make_manifest().to_json_text())
    path.with_name(f"{NAME}.sha256").write_text(f"{DIGEST}  {NAME}\n")

    assert from_file(bench, path)[1] == ["checksum_conflict"]
    assert from_file(bench, path, force=True)[1] == []


@pytest.mark.parametrize("text", [None, "", "no digest\n", "abc\n"])
def test_a_file_without_checksum_needs_force(bench: Bench, path: Path, text: str | None) -> None:
    if text is not None:
        path.with_name(f"{NAME}.sha256").write_text(text)

    assert from_file(bench, path)[1] == ["checksum_missing"]
    source, codes = from_file(bench, path, force=True)
    assert source is not None
    assert (codes, source.sha256) == ([], "")


def test_a_manifest_that_cannot_be_read_is_left_aside_and_said(bench: Bench, path: Path) -> None:
    path.with_name(f"{NAME}.json").write_text("{")

    source, _ = from_file(bench, path)

    assert source is not None
    assert source.manifest is None
    assert "is left aside" in source.reason


def test_what_is_no_file_is_refused(bench: Bench, tmp_path: Path) -> None:
    directory = tmp_path / "d.tar"
    directory.mkdir()

    assert from_file(bench, tmp_path / "gone.tar") == (None, ["no_copy"])
    assert from_file(bench, directory) == (None, ["no_copy"])


@pytest.mark.parametrize(("name", "code"), [("x.tar.zst.age", "encrypted"), ("x.rar", "unknown_format")])
def test_what_cannot_be_unpacked_is_refused(bench: Bench, tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / name).write_bytes(b"x")

    assert from_file(bench, tmp_path / name) == (None, [code])


def test_a_file_that_the_daemon_does_not_see_is_refused_with_the_reason(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Refusal(code="private_directory", message="its own", hint="Name another.")
    monkeypatch.setattr(archive_choice, "out_of_sight", lambda _path: hidden)

    assert choose_archive(RestoreOrder(archive=tmp_path / "x.tar"), bench.parts()) == (None, (hidden,))
