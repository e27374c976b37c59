"""compression.zstd: what the contract suite of compressors does not say."""

from __future__ import annotations

import io

import zstandard

from octeth_backupd.compression.zstd import ZstdCompressor
from octeth_backupd.process.cancellation import Cancellation


def _pack(compressor: ZstdCompressor, content: bytes) -> bytes:
    sink = io.BytesIO()
    compressor.compress(io.BytesIO(content), sink, cancellation=Cancellation())
    return sink.getvalue()


def test_frame_carries_a_checksum_of_its_content() -> None:
    packed = _pack(ZstdCompressor(level=3, threads=2), b"content" * 1000)

    assert zstandard.get_frame_parameters(packed).has_checksum


def test_level_is_the_one_asked_for() -> None:
    content = b"".join(f"{number * 7919 % 10007} words of a row\n".encode() for number in range(30_000))

    fast = _pack(ZstdCompressor(level=1, threads=1), content)
    small = _pack(ZstdCompressor(level=15, threads=1), content)

    assert len(small) < len(fast)
