"""Sizes and entity tags of parts."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octeth_backupd.errors import StorageError
from octeth_backupd.storage.s3_parts import (
    MEMORY_BYTES,
    MOST_PARTS,
    USUAL_PART_BYTES,
    buffers_for,
    composite_etag,
    contradicts,
    goes_whole,
    part_bytes_for,
    parts_of,
)

MIB = 1 << 20
TIB = 1 << 40
MD5 = hashlib.md5(b"part").hexdigest()
OTHER_MD5 = hashlib.md5(b"other").hexdigest()


@given(st.integers(min_value=0, max_value=40 * TIB), st.sampled_from([0, 5 * MIB, 64 * MIB]))
def test_every_file_fits_in_as_many_parts_as_there_may_be(size_bytes: int, wanted_bytes: int) -> None:
    part_bytes = part_bytes_for(size_bytes, wanted_bytes)

    assert -(-size_bytes // part_bytes) <= MOST_PARTS
    assert 5 * MIB <= part_bytes <= 5120 * MIB
    assert part_bytes >= wanted_bytes


def test_parts_grow_only_when_they_must() -> None:
    assert part_bytes_for(0) == part_bytes_for(USUAL_PART_BYTES * MOST_PARTS) == USUAL_PART_BYTES
    assert part_bytes_for(USUAL_PART_BYTES * MOST_PARTS + 1) == USUAL_PART_BYTES + MIB


@pytest.mark.parametrize(
    ("size_bytes", "wanted_bytes", "whole"),
    [
        (0, 0, True),
        (USUAL_PART_BYTES, 0, True),
        (USUAL_PART_BYTES + 1, 0, False),
        (MEMORY_BYTES, 5120 * MIB, True),
        (MEMORY_BYTES + 1, 5120 * MIB, False),
    ],
)
def test_file_goes_whole_only_as_far_as_parts_and_memory_allow(
    size_bytes: int, wanted_bytes: int, *, whole: bool
) -> None:
    assert goes_whole(size_bytes, wanted_bytes) is whole


def test_file_larger_than_any_object_is_refused() -> None:
    with pytest.raises(StorageError, match="more than object storage takes"):
        part_bytes_for(60 * TIB)


@given(st.integers(min_value=1, max_value=300), st.integers(min_value=1, max_value=50))
def test_parts_cover_the_file_without_gap_and_only_the_last_is_shorter(size_bytes: int, part_bytes: int) -> None:
    parts = parts_of(size_bytes, part_bytes)

    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert [part.offset for part in parts] == [part_bytes * number for number in range(len(parts))]
    assert {part.size_bytes for part in parts[:-1]} <= {part_bytes}
    assert sum(part.size_bytes for part in parts) == size_bytes
    assert 0 < parts[-1].size_bytes <= part_bytes


@given(st.integers(min_value=5 * MIB, max_value=5120 * MIB), st.integers(min_value=1, max_value=16))
def test_parts_in_memory_are_bounded(part_bytes: int, parallel_parts: int) -> None:
    assert buffers_for(part_bytes, parallel_parts) * part_bytes <= MEMORY_BYTES


def test_usual_parts_are_read_while_others_are_sent() -> None:
    assert buffers_for(USUAL_PART_BYTES, 3) == 4


def test_part_that_is_too_large_for_memory_has_no_buffer() -> None:
    assert buffers_for(MEMORY_BYTES + 1, 3) == 0


def test_composite_tag_is_that_of_amazons_own_example() -> None:
    """MD5 of the concatenated binary MD5s of the parts, a hyphen, their number."""
    parts = [hashlib.md5(b"a" * 5).hexdigest(), hashlib.md5(b"b").hexdigest()]
    joined = hashlib.md5(hashlib.md5(b"a" * 5).digest() + hashlib.md5(b"b").digest()).hexdigest()

    assert composite_etag(parts) == f"{joined}-2"


@pytest.mark.parametrize(
    ("etag", "expected", "encryption", "verdict"),
    [
        (MD5, MD5, "", False),
        (OTHER_MD5, MD5, "", True),
        (OTHER_MD5, MD5, "AES256", True),
        (OTHER_MD5, MD5, "aws:kms", False),
        (OTHER_MD5, MD5, "aws:kms:dsse", False),
        ("opaque", MD5, "", False),
        (f"{OTHER_MD5}-2", f"{MD5}-2", "", True),
        (OTHER_MD5, f"{MD5}-2", "", False),
        ("", f"{MD5}-2", "", False),
    ],
)
def test_only_a_tag_of_the_same_kind_proves_that_something_else_is_there(
    etag: str, expected: str, encryption: str, verdict: bool
) -> None:
    assert contradicts(etag, expected, encryption) is verdict
