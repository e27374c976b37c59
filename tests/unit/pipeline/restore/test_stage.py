"""pipeline.restore.stage. (With real engines and servers: tests/integration/test_restore_staging.py.)"""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.events import StepProgress, Warned
from octeth_backupd.domain.restore.archives import archive_format_of
from octeth_backupd.domain.restore.plan import ArchiveSource
from octeth_backupd.errors import (
    BackupdError,
    EngineError,
    ProgramError,
    RestoreRefusedError,
    StorageError,
    VerificationError,
)
from octeth_backupd.pipeline.restore.fetch import Fetch
from octeth_backupd.pipeline.restore.stage import Staged, stage
from tests.fakes.engine import CHECKPOINTS, TEXTS
from tests.fakes.xbstreams import xbstream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.fakes.bench import Bench

RAW = {name: text.encode() for name, text in TEXTS.items()} | {
    "ibdata1": b"system",
    "mysql/user.ibd": b"accounts",
    "shop/orders.ibd": b"orders",
    "xtrabackup_logfile": b"redo",
}
PREPARED = RAW | {"xtrabackup_checkpoints": CHECKPOINTS.format("full-prepared").encode()}
LEFT = {"ibdata1", "mysql/user.ibd", "shop/orders.ibd", "xtrabackup_info"}


def _tar(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"octeth-backup-2026-11-22_02-00-00/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


class Staging:
    """An archive and the directory that it is staged in."""

    def __init__(self, bench: Bench, directory: Path) -> None:
        self.bench = bench
        self.directory = directory / "staged"
        self.directory.mkdir()
        self._archives = directory
        self._context = bench.context()

    def archive(self, name: str, content: bytes) -> ArchiveSource:
        path = self._archives / name
        path.write_bytes(content)
        return ArchiveSource(
            path=path,
            storage="",
            place=str(path),
            name=name,
            archive_format=archive_format_of(name)[0],
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            sha256_from="checksum file",
            unpacked_bytes=len(content),
        )

    def stage(self, archive: ArchiveSource, *, force: bool = False) -> Staged:
        return stage(
            self._context,
            self.bench.parts(),
            Fetch(self._context, self.bench.parts(), archive, force=force),
            directory=self.directory,
            site=None,
            guard=lambda: None,
        )

    def files(self) -> set[str]:
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file()}

    def warnings(self) -> list[str]:
        return [event.message for event in self.bench.events if isinstance(event, Warned)]


@pytest.fixture
def staging(bench: Bench, tmp_path: Path) -> Staging:
    return Staging(bench, tmp_path)


def test_prepared_archive_becomes_a_data_directory_without_the_engines_files(staging: Staging) -> None:
    archive = staging.archive("a.tar", _tar(PREPARED))
    staging.bench.engine.version_error = ProgramError("xtrabackup is not needed")

    staged = staging.stage(archive)

    assert staging.files() == LEFT
    assert staged == Staged(
        sha256=archive.sha256,
        checksum_confirmed=True,
        was_prepared=True,
        engine_name="xtrabackup",
        gtid="gtid:1-5",
        binlog_file="binlog.000003",
    )


@pytest.mark.parametrize("name", ["a.tar", "a.xbstream"])
def test_archive_that_is_not_prepared_is(staging: Staging, name: str) -> None:
    content = _tar(RAW) if name == "a.tar" else xbstream(RAW)

    staged = staging.stage(staging.archive(name, content))

    assert not staged.was_prepared
    assert staging.bench.engine.timeouts_seconds == [0]
    assert staging.files() == LEFT


def test_progress_is_in_bytes_of_the_archive(staging: Staging) -> None:
    archive = staging.archive("a.tar", _tar(PREPARED))

    staging.stage(archive)

    last = [event for event in staging.bench.events if isinstance(event, StepProgress)][-1]
    assert (last.step, last.done_bytes, last.total_bytes) == ("unpack", archive.size_bytes, archive.size_bytes)


def test_archive_that_is_damaged_sends_to_another_backup_and_not_to_a_new_one(staging: Staging) -> None:
    archive = staging.archive("a.tar.gz", b"no gzip stream at all")

    with pytest.raises(VerificationError, match="cannot be unpacked: ") as caught:
        staging.stage(archive)

    assert "Restore another backup" in caught.value.hint


def test_wrong_checksum_ends_it_unless_forced_and_then_it_is_told(staging: Staging) -> None:
    archive = replace(staging.archive("a.tar", _tar(PREPARED)), sha256="0" * 64)

    with pytest.raises(VerificationError, match="its checksum file says 0000"):
        staging.stage(archive)

    staging.directory = staging.directory.with_name("again")
    staging.directory.mkdir()
    staged = staging.stage(archive, force=True)
    assert not staged.checksum_confirmed
    assert "0000" in staging.warnings()[-1]


def test_missing_checksum_is_refused_before_anything_is_unpacked_unless_forced(staging: Staging) -> None:
    archive = replace(staging.archive("a.tar", _tar(PREPARED)), sha256="", sha256_from="")

    with pytest.raises(VerificationError) as caught:
        staging.stage(archive)

    assert "--force" in caught.value.hint
    assert staging.files() == set()
    assert not staging.stage(archive, force=True).checksum_confirmed
    assert "nobody knows its checksum" in staging.warnings()[-1]


def test_stream_that_was_cut_between_two_files_is_refused_although_it_looks_whole(staging: Staging) -> None:
    names = list(RAW)
    cut = {name: RAW[name] for name in names if name != "xtrabackup_tablespaces"}

    with pytest.raises(VerificationError, match="xtrabackup_tablespaces is missing"):
        staging.stage(staging.archive("a.xbstream", xbstream(cut)))


@pytest.mark.parametrize("missing", ["xtrabackup_info", "xtrabackup_checkpoints"])
def test_archive_of_something_else_is_refused(staging: Staging, missing: str) -> None:
    content = _tar({name: data for name, data in PREPARED.items() if name != missing})

    with pytest.raises(VerificationError, match=f"no {missing}"):
        staging.stage(staging.archive("a.tar", content))


REFUSED: dict[str, tuple[dict[str, bytes], type[BackupdError]]] = {
    "incremental": ({"xtrabackup_checkpoints": CHECKPOINTS.format("incremental").encode()}, VerificationError),
    "packed files": ({"shop/more.ibd.zst": b""}, RestoreRefusedError),
    "external tablespaces": (
        {"xtrabackup_tablespaces": b'{"external_tablespaces": [{"file_name": "/x.ibd"}]}'},
        RestoreRefusedError,
    ),
    "no text": ({"xtrabackup_info": bytes(2 << 20)}, VerificationError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_backup_that_cannot_be_started_on_is_refused(staging: Staging, name: str) -> None:
    files, error = REFUSED[name]

    with pytest.raises(error):
        staging.stage(staging.archive("a.tar", _tar(PREPARED | files)))


def test_backup_without_mysql_directory_is_refused(staging: Staging) -> None:
    content = _tar({name: data for name, data in PREPARED.items() if not name.startswith("mysql/")})

    with pytest.raises(VerificationError, match="mysql/"):
        staging.stage(staging.archive("a.tar", content))


def test_nothing_to_prepare_with_is_an_error_of_the_engine(staging: Staging) -> None:
    staging.bench.engine.version_error = ProgramError("xtrabackup is not installed")

    with pytest.raises(EngineError, match="host: xtrabackup is not installed"):
        staging.stage(staging.archive("a.tar", _tar(RAW)))


def test_archive_that_is_not_there_is_an_error_of_ours(staging: Staging, tmp_path: Path) -> None:
    archive = replace(staging.archive("a.tar", _tar(PREPARED)), path=tmp_path / "gone.tar")

    with pytest.raises(StorageError, match=r"gone\.tar"):
        staging.stage(archive)


def test_names_of_newer_mariadb_are_read(staging: Staging) -> None:
    renamed = {
        "mariadb_backup_checkpoints": CHECKPOINTS.format("log-applied").encode(),
        "mariadb_backup_info": b"tool_name = mariadb-backup\ntool_version = 11.4.2-MariaDB\n"
        b"server_version = 11.4.2-MariaDB\n",
        "mariadb_backup_binlog_info": b"binlog.000007\t42\t0-1-9\n",
        "mysql/user.MAD": b"",
        "ibdata1": b"system",
    }

    staged = staging.stage(staging.archive("a.tar", _tar(renamed)))

    assert (staged.engine_name, staged.was_prepared) == ("mariadb-backup", True)
    assert (staged.binlog_file, staged.gtid) == ("binlog.000007", "0-1-9")
    assert staging.files() == {"ibdata1", "mysql/user.MAD", "mariadb_backup_info"}
