"""Put one source of settings over another and remember which one said what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from octeth_backupd.settings.secret_files import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one source says.

    Attributes:
        source: The file, variable or credential, in words for messages.
        values: Nested as in TOML.
    """

    source: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class Merged:
    """All layers in one; later ones win, key by key."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[KeyPath, str] = field(default_factory=dict)

    def put(self, layer: Layer) -> None:
        """Lay a source over what is there."""
        self._put(self.values, layer.values, (), layer.source)

    def source_of(self, path: Sequence[str | int]) -> str:
        """Return who said what stands at a path, or decided that nothing does."""
        for length in range(len(path), 0, -1):
            if source := self.sources.get(tuple(path[:length])):
                return source
        return ""

    def _put(self, target: dict[str, Any], values: Mapping[str, Any], at: KeyPath, source: str) -> None:
        before = set(target)
        for name, value in values.items():
            path = (*at, name)
            if isinstance(value, dict) and isinstance(target.get(name), dict):
                self._put(target[name], value, path, source)
                continue
            # A secret of a stronger source replaces the weaker one's, in whichever of the two ways either is given.
            twin = name.removesuffix(SUFFIX) if name.endswith(SUFFIX) else name + SUFFIX
            if twin in before and twin not in values:
                del target[twin]
            self._forget_beneath(path)
            self.sources[path] = source
            target[name] = {} if isinstance(value, dict) else value
            if isinstance(value, dict):
                self._put(target[name], value, path, source)

    def _forget_beneath(self, path: KeyPath) -> None:
        for known in [known for known in self.sources if known[: len(path)] == path]:
            del self.sources[known]
