"""Keys of stored files: relative, visible, and never a way out of the backend."""

from __future__ import annotations

from octeth_backupd.errors import StorageError

_PART_BYTES = 240  # 255 on every usual file system, less what a file's partial name adds


def check_key(key: str) -> None:
    """Refuse what cannot be a key: absolute, empty or hidden parts, "..", characters that do not print, long parts.

    Raises:
        StorageError: It is not a key.
    """
    parts = key.split("/")
    if not key.isprintable() or "\\" in key or not all(_is_part(part) for part in parts):
        raise StorageError(f"not a key of a stored file: {key!r}")


def _is_part(part: str) -> bool:
    return part != "" and not part.startswith(".") and len(part.encode(errors="replace")) <= _PART_BYTES
