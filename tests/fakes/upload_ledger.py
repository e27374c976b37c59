"""A ledger of uploads in memory, in place of the catalog's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.domain.upload import Upload


class MemoryUploadLedger:
    """See UploadLedger."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Upload] = {}

    def upload(self, storage: str, key: str) -> Upload | None:
        return self._known.get((storage, key))

    def uploads(self, storage: str) -> list[Upload]:
        return [upload for (name, _), upload in sorted(self._known.items()) if name == storage]

    def remember_upload(self, upload: Upload) -> None:
        self._known[upload.storage, upload.key] = upload

    def forget_upload(self, storage: str, key: str) -> None:
        self._known.pop((storage, key), None)
