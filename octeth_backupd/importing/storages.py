"""The storage backends as an import sees them: to be listed and read, never written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.storage.registry import storages_for

if TYPE_CHECKING:
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.upload import Upload
    from octeth_backupd.settings.settings import Settings
    from octeth_backupd.storage.base import Storage


class NoUploads:
    """See UploadLedger. An import uploads nothing, and must not forget what the daemon has begun."""

    def upload(self, storage: str, key: str) -> Upload | None:  # noqa: ARG002 - the contract's
        """See UploadLedger.upload."""
        return None

    def uploads(self, storage: str) -> list[Upload]:  # noqa: ARG002 - the contract's
        """See UploadLedger.uploads."""
        return []

    def remember_upload(self, upload: Upload) -> None:
        """See UploadLedger.remember_upload. Nothing calls it.

        Raises:
            NotImplementedError: Something did.
        """
        raise NotImplementedError(f"an import uploads nothing, and not {upload.key}")

    def forget_upload(self, storage: str, key: str) -> None:
        """See UploadLedger.forget_upload. There is nothing to forget."""


def storages_of(settings: Settings, *, clock: Clock) -> tuple[Storage, ...]:
    """Return the storage backends of a configuration, the local one first."""
    return storages_for(local=settings.local, s3=settings.buckets, uploads=NoUploads(), clock=clock)
