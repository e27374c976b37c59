"""compression.zstd_frames, against streams that the library wrote."""

from __future__ import annotations

import os
import random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from octeth_backupd.compression.zstd_frames import FrameFollower
from octeth_backupd.errors import VerificationError

MIXED = b"".join(os.urandom(3000) + bytes(300_000) + b"text " * 9000 for _ in range(4))


def _follow(data: bytes, size: int = 1 << 16) -> None:
    follower = FrameFollower()
    for start in range(0, len(data), size):
        follower.feed(data[start : start + size])
    follower.finish()


def _is_whole(data: bytes) -> bool:
    try:
        _follow(data)
    except VerificationError:
        return False
    return True


@pytest.mark.parametrize("checksum", [True, False])
@pytest.mark.parametrize("content_size", [True, False])
@pytest.mark.parametrize("content", [b"", b"x", b"x" * 200, bytes(70_000), MIXED])
def test_whole_frame_of_every_kind_is_followed(content: bytes, checksum: bool, content_size: bool) -> None:
    compressor = zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=content_size)

    assert _is_whole(compressor.compress(content))


def test_streamed_frames_are_followed_whatever_the_pieces() -> None:
    frame = zstandard.ZstdCompressor(write_checksum=True, threads=2).compressobj()
    data = frame.compress(MIXED) + frame.flush()

    for size in (1, 2, 3, 7, 1000, len(data)):
        _follow(data, size)
    assert _is_whole(data)


def test_frames_and_skippable_frames_follow_each_other() -> None:
    frame = zstandard.ZstdCompressor().compress(b"content")
    skippable = b"\x53\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"

    assert _is_whole(frame + skippable + frame)
    assert _is_whole(skippable + frame)
    assert not _is_whole(frame + skippable[:-1])
    assert not _is_whole(skippable)


@settings(deadline=None)
@given(st.binary(max_size=400), st.booleans(), st.integers(min_value=0))
def test_every_cut_is_noticed(content: bytes, checksum: bool, cut: int) -> None:
    data = zstandard.ZstdCompressor(write_checksum=checksum).compress(content)

    assert not _is_whole(data[: cut % len(data)])


def test_every_cut_of_a_long_stream_is_noticed() -> None:
    frame = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    data = frame.compress(MIXED) + frame.flush()
    cuts = random.Random(7).sample(range(len(data)), 200)

    assert [cut for cut in cuts if _is_whole(data[:cut])] == []


@pytest.mark.parametrize(("data", "message"), [(b"\x1f\x8b\x08\0", "no zstd stream"), (b"", "cut"), (b"\x28", "cut")])
def test_what_is_no_stream_is_said_to_be_none(data: bytes, message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        _follow(data)


def test_bytes_after_the_end_are_said_to_follow_it() -> None:
    with pytest.raises(VerificationError, match="bytes follow"):
        _follow(zstandard.ZstdCompressor().compress(b"x") + b"garbage")


def test_reserved_kind_of_block_is_damage() -> None:
    header = b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x58"

    with pytest.raises(VerificationError, match="reserved"):
        _follow(header + (1 | 3 << 1).to_bytes(3, "little"))
