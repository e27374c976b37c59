"""Parts on their way: order of digests, large parts, sources that change."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from octeth_backupd.domain.upload import Upload
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage import s3_parts
from octeth_backupd.storage.s3_body import RateLimit
from octeth_backupd.storage.s3_parts import parts_of
from octeth_backupd.storage.s3_sending import Line, Sending, SourceError, read_piece
from tests.fakes.clock import FakeClock
from tests.fakes.s3_client import FakeS3Client

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.storage.s3_client import S3Client
    from octeth_backupd.storage.s3_sending import Sent

DATA = bytes(range(256)) * 30
PART = 1000


def _send(client: FakeS3Client, path: Path, part_bytes: int = PART) -> Sent:
    clock = FakeClock()
    line = Line(
        client=cast("S3Client", client),
        limit=RateLimit(0, clock),
        clock=clock,
        patience_seconds=0,
        parallel_parts=3,
    )
    upload = Upload(
        storage="s3",
        key="k",
        upload_id=client.begin_upload("k", {"Metadata": {"sha256": ""}}),
        size_bytes=len(DATA),
        part_bytes=part_bytes,
        sha256="",
        begun_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sending = Sending(line, "k", upload, {}, lambda _: None)
        return sending.send(descriptor, parts_of(len(DATA), part_bytes), Cancellation())
    finally:
        os.close(descriptor)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(DATA)
    return path


def test_digests_are_of_the_whole_and_of_each_part_in_order(source: Path) -> None:
    client = FakeS3Client()

    sent = _send(client, source)

    pieces = [DATA[offset : offset + PART] for offset in range(0, len(DATA), PART)]
    assert sent.sha256 == hashlib.sha256(DATA).hexdigest()
    assert list(sent.md5s) == [hashlib.md5(piece).hexdigest() for piece in pieces]
    assert dict(sent.etags) == dict(enumerate(sent.md5s, start=1))


def test_parts_that_do_not_fit_in_memory_are_sent_from_the_file(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_parts, "MEMORY_BYTES", PART - 1)
    client = FakeS3Client()

    sent = _send(client, source)

    assert sent.sha256 == hashlib.sha256(DATA).hexdigest()
    parts = client.uploads["upload-1"][1]
    assert b"".join(parts[number] for number in sorted(parts)) == DATA


def test_file_that_became_shorter_is_a_failed_source(source: Path) -> None:
    os.truncate(source, len(DATA) - 1)

    with pytest.raises(SourceError, match="shorter"):
        _send(FakeS3Client(), source)


def test_error_of_a_thread_ends_the_sending(source: Path) -> None:
    client = FakeS3Client()
    client.failing["put_part"] = [cast("SourceError", RuntimeError("broken"))]

    with pytest.raises(Exception, match="RuntimeError: broken"):
        _send(client, source)


def test_unreadable_file_is_a_failed_source() -> None:
    directory = os.open("/", os.O_RDONLY)
    try:
        with pytest.raises(SourceError, match="cannot be read"):
            read_piece(directory, 0, 1)
    finally:
        os.close(directory)
