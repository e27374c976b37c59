"""Parts of uploads that nobody will go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.upload import Upload
    from octeth_backupd.storage.base import Storage


def leftover_parts(catalog: Catalog, storage: str) -> list[Upload]:
    """Return the uploads in parts that this installation began under keys to which no copy is on its way any more."""
    begun = catalog.uploads.uploads(storage)  # first: what is begun after this is awaited by then
    awaited = {waiting.copy.key for waiting in catalog.uploads.waiting() if waiting.copy.storage == storage}
    return [upload for upload in begun if upload.key not in awaited]


def server_of(upload: Upload) -> str:
    """Return whose backup an upload is of: keys begin with the server."""
    return upload.key.partition("/")[0]


def discard_leftover_parts(catalog: Catalog, storage: Storage, *, server: str) -> None:
    """Discard those of a server's backups.

    Raises:
        StorageError: The storage backend cannot be asked, or refuses.
    """
    for upload in leftover_parts(catalog, storage.name):
        if server_of(upload) == server:
            storage.discard_unfinished(upload.key)
