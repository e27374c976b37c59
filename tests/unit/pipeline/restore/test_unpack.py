"""pipeline.restore.unpack."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from octeth_backupd.compression.registry import compressor_for_suffix
from octeth_backupd.domain.restore.plan import ArchiveFormat
from octeth_backupd.errors import CancelledError, SpaceError, VerificationError
from octeth_backupd.pipeline.hashing import HashingReader
from octeth_backupd.pipeline.restore.unpack import Unpacked, unpack
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor
from tests.fakes.xbstreams import xbstream

FILES = {"ibdata1": os.urandom(300_000), "shop/orders.ibd": b"orders"}


def _tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"top/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def _unpack(
    directory: Path, data: bytes, *, archive_format: ArchiveFormat, cancellation: Cancellation | None = None
) -> Unpacked:
    runner = HostRunner(mark=RunMark("installation", "run"), redactor=Redactor())
    path = directory / "archive"
    path.write_bytes(data)
    (directory / "out").mkdir()
    with path.open("rb", buffering=0) as source:
        return unpack(
            HashingReader(source, cancellation=cancellation or Cancellation()),
            archive_format=archive_format,
            compressor=compressor_for_suffix("a.tar.gz", runner),
            directory=directory / "out",
        )


@pytest.mark.parametrize(
    ("archive_format", "plain"), [(ArchiveFormat.TAR, _tar(FILES)), (ArchiveFormat.XBSTREAM, xbstream(FILES))]
)
def test_archive_is_hashed_while_it_is_unpacked(tmp_path: Path, archive_format: ArchiveFormat, plain: bytes) -> None:
    data = gzip.compress(plain)

    found = _unpack(tmp_path, data, archive_format=archive_format)

    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == FILES
    assert found == Unpacked(
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        unpacked_bytes=sum(len(content) for content in FILES.values()),
        file_count=2,
    )


@pytest.mark.parametrize("archive_format", ArchiveFormat)
def test_cut_compression_is_an_error(tmp_path: Path, archive_format: ArchiveFormat) -> None:
    plain = _tar(FILES) if archive_format is ArchiveFormat.TAR else xbstream(FILES)

    with pytest.raises(VerificationError, match="cut"):
        _unpack(tmp_path, gzip.compress(plain)[:-9], archive_format=archive_format)


def test_cancelled_run_ends_it(tmp_path: Path) -> None:
    cancellation = Cancellation()
    cancellation.cancel()

    with pytest.raises(CancelledError):
        _unpack(tmp_path, gzip.compress(_tar(FILES)), archive_format=ArchiveFormat.TAR, cancellation=cancellation)


def test_full_disk_is_an_error_of_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    data = gzip.compress(_tar(FILES))
    path = tmp_path / "archive"
    path.write_bytes(data)
    monkeypatch.setattr(os, "write", full)

    with pytest.raises(SpaceError, match="ibdata1"):
        (tmp_path / "full").mkdir()
        with path.open("rb", buffering=0) as source:
            unpack(
                HashingReader(source, cancellation=Cancellation()),
                archive_format=ArchiveFormat.TAR,
                compressor=compressor_for_suffix(
                    "a.tar.gz", HostRunner(mark=RunMark("installation", "run"), redactor=Redactor())
                ),
                directory=tmp_path / "full",
            )
