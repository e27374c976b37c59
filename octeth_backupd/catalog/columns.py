"""How the catalog's columns hold Python values: times, words, sets of tiers, lists of texts, JSON."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.summary import sorted_tiers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

    from sqlalchemy.engine import Dialect

ValueT = TypeVar("ValueT")


class Stored(TypeDecorator[ValueT], Generic[ValueT]):
    """A column whose values are encoded on the way in and decoded on the way out; NULL stays None."""

    impl: type[sa.types.TypeEngine[Any]] = sa.Text
    cache_ok = True

    def __init__(
        self,
        encode: Callable[[ValueT], str | bytes],
        decode: Callable[[Any], ValueT],
    ) -> None:
        super().__init__()
        self.encode = encode
        self.decode = decode

    def process_bind_param(self, value: ValueT | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Return what the file holds."""
        return None if value is None else self.encode(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> ValueT | None:  # noqa: ARG002 - likewise
        """Return the value."""
        return None if value is None else self.decode(value)


class StoredBytes(Stored[ValueT]):
    """The same, encoded to bytes."""

    impl = sa.LargeBinary
    cache_ok = True


def time_text(at: datetime) -> str:
    """Return a time as ``2026-11-22T02:00:00.000000Z``: always as wide, so that text sorts like time.

    Raises:
        ValueError: It has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without time zone names no moment")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def utc_time() -> Stored[datetime]:
    """Return the type of a time: aware, UTC, to the microsecond."""
    return Stored(time_text, datetime.fromisoformat)


def word(words: type[StrEnum]) -> Stored[StrEnum]:
    """Return the type of one of a StrEnum's words; one that this release does not know is an error, never a guess."""
    return Stored(str, words)


def tiers() -> Stored[frozenset[Tier]]:
    """Return the type of a set of tiers: a JSON array from the lowest to the highest."""
    return Stored(_tiers_text, _tiers)


def texts() -> Stored[tuple[str, ...]]:
    """Return the type of a list of texts: a JSON array."""
    return Stored(_texts_text, _texts)


def small_json() -> Stored[Mapping[str, Any]]:
    """Return the type of a small JSON object, kept as text."""
    return Stored(_json_text, json.loads)


def large_json() -> Stored[Mapping[str, Any]]:
    """Return the type of a large JSON object, compressed: a manifest lists a server's every variable and tablespace."""
    return StoredBytes(_compressed, _decompressed)


def wide_integer() -> Stored[int]:
    """Return the type of an integer of any size: inode numbers use all 64 bits, SQLite's integers are signed."""
    return Stored(str, int)


def _tiers_text(value: frozenset[Tier]) -> str:
    return json.dumps([tier.value for tier in sorted_tiers(value)])


def _tiers(text: str) -> frozenset[Tier]:
    return frozenset(Tier(name) for name in json.loads(text))


def _texts_text(value: tuple[str, ...]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _texts(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _json_text(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False)


def _compressed(value: Mapping[str, Any]) -> bytes:
    return zlib.compress(_json_text(value).encode())


def _decompressed(data: bytes) -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads(zlib.decompress(data))
    return content
