"""compression.registry."""

from __future__ import annotations

import pytest

from octeth_backupd.compression.base import CompressionSettings
from octeth_backupd.compression.registry import compressor_for, compressor_for_suffix
from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor

HOST = HostRunner(mark=RunMark("installation", "run"), redactor=Redactor())


@pytest.mark.parametrize(("algorithm", "suffix"), [("zstd", ".zst"), ("gzip", ".gz"), ("none", "")])
def test_compressor_is_the_one_configured(algorithm: str, suffix: str) -> None:
    compressor = compressor_for(CompressionSettings.model_validate({"algorithm": algorithm}), HOST)

    assert (compressor.algorithm, compressor.suffix) == (algorithm, suffix)


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("octeth-backup-2026-11-22_02-00-00.tar.zst", "zstd"),
        ("octeth-backup-2026-11-22_02-00-00.tar.gz", "gzip"),
        ("old.tgz", "gzip"),
        ("octeth-backup-2026-11-22_02-00-00.tar", "none"),
        ("octeth-backup-2026-11-22_02-00-00.xbstream.gz", "gzip"),
        ("octeth-backup-2026-11-22_02-00-00.xbstream.lz4", "lz4"),
    ],
)
def test_archive_is_read_by_the_ending_of_its_name(name: str, algorithm: str) -> None:
    assert compressor_for_suffix(name, HOST).algorithm == algorithm


@pytest.mark.parametrize("name", ["x.tar.zst.age", "x.zip", "x.tar.zst.sha256", ""])
def test_other_name_is_an_error_that_names_the_endings(name: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        compressor_for_suffix(name, HOST)

    assert ".tar.zst" in caught.value.hint
