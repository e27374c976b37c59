"""Where in a bucket a key is.

The object of a key is the prefix, a slash and the key. The bash tool, when its prefix was empty, wrote objects whose
own key begins with a slash (``/daily/x``). With an empty prefix, and only then, such a key names that object: it can be
listed, read and deleted, and nothing is ever written under it.
"""

from __future__ import annotations

from octeth_backupd.errors import StorageError
from octeth_backupd.storage.keys import check_key


def object_key(prefix: str, key: str, *, for_writing: bool = False) -> str:
    """Return the key of the object that holds a file.

    Raises:
        StorageError: It is not a key.
    """
    if key.startswith("/") and not prefix and not for_writing:
        check_key(key[1:])
        return key
    check_key(key)
    return f"{prefix}/{key}" if prefix else key


def object_prefix(prefix: str, key_prefix: str) -> str | None:
    """Return what the objects of keys that begin so begin with, or None when no key can begin so."""
    parts = key_prefix.split("/")
    if not prefix and parts[0] == "" and len(parts) > 1:
        parts = parts[1:]
    if any(part.startswith(".") for part in parts) or "" in parts[:-1]:
        return None
    return f"{prefix}/{key_prefix}" if prefix else key_prefix


def key_of(prefix: str, found_object_key: str) -> str | None:
    """Return the key that an object stands for, or None when it is none of ours: hidden, a directory's mark."""
    if prefix and not found_object_key.startswith(f"{prefix}/"):
        return None
    key = found_object_key.removeprefix(f"{prefix}/") if prefix else found_object_key
    try:
        return key if object_key(prefix, key) == found_object_key else None
    except StorageError:
        return None
