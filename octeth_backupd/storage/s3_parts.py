"""How a file is cut into parts, and what the storage must say when it holds them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import StorageError
from octeth_backupd.storage.s3_settings import LARGEST_PART_BYTES, MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_PARTS = 10_000
USUAL_PART_BYTES = 16 * MIB
MEMORY_BYTES = 64 * MIB
"""What the parts of one upload may take in memory, the one that is being read included."""

_PLAIN_MD5 = re.compile(r"[0-9a-f]{32}")
_COMPOSITE_MD5 = re.compile(r"[0-9a-f]{32}-\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a file; the storage counts them from 1."""

    number: int
    offset: int
    size_bytes: int


def part_bytes_for(size_bytes: int, wanted_bytes: int = 0) -> int:
    """Return the size of all parts but the last.

    Args:
        size_bytes: Of the whole file.
        wanted_bytes: The least that is wanted; 0 for the usual.

    Raises:
        StorageError: No part size makes the file fit.

    Source:
        Amazon S3 user guide, "Amazon S3 multipart upload limits": 10,000 parts of 5 MiB to 5 GiB, the last any size.
    """
    needed = -(-size_bytes // MOST_PARTS)
    part_bytes = max(wanted_bytes or USUAL_PART_BYTES, -(-needed // MIB) * MIB)
    if part_bytes > LARGEST_PART_BYTES:
        raise StorageError(f"a file of {size_bytes} bytes is more than object storage takes in {MOST_PARTS} parts")
    return part_bytes


def goes_whole(size_bytes: int, wanted_bytes: int = 0) -> bool:
    """Return whether a file is sent in one request, from memory; see ``part_bytes_for``."""
    return size_bytes <= min(part_bytes_for(size_bytes, wanted_bytes), MEMORY_BYTES)


def parts_of(size_bytes: int, part_bytes: int) -> tuple[Part, ...]:
    """Return the parts of a file in their order; all but the last are equal, which some services demand."""
    return tuple(
        Part(number=number, offset=offset, size_bytes=min(part_bytes, size_bytes - offset))
        for number, offset in enumerate(range(0, size_bytes, part_bytes), start=1)
    )


def buffers_for(part_bytes: int, parallel_parts: int) -> int:
    """Return how many parts may be in memory at a time; 0 when one alone is too large for that."""
    return min(parallel_parts + 1, MEMORY_BYTES // part_bytes)


def composite_etag(part_md5s: Sequence[str]) -> str:
    """Return the entity tag of a complete upload: the MD5 of its parts' MD5s and their number.

    Source:
        Amazon S3 API reference, "Object": what is not encrypted with a KMS key has such tags.
    """
    joined = b"".join(bytes.fromhex(md5) for md5 in part_md5s)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(part_md5s)}"


def contradicts(etag: str, expected: str, encryption: str) -> bool:
    """Return whether an entity tag proves that the storage holds something else.

    Args:
        etag: What the storage said, without quotes.
        expected: The MD5 of a part, or ``composite_etag``.
        encryption: How the storage encrypted it, as it says: with KMS tags are no MD5.
    """
    form = _COMPOSITE_MD5 if "-" in expected else _PLAIN_MD5
    return etag != expected and form.fullmatch(etag) is not None and not encryption.startswith("aws:kms")
