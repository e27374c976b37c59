"""One file into object storage: whole or not at all, in parts that outlive a crash, confirmed by digests (L0a)."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from octeth_backupd.domain.upload import Upload
from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.storage.s3_body import Body, in_memory
from octeth_backupd.storage.s3_errors import NO_SUCH_UPLOAD, S3RefusedError, is_missing, is_taken
from octeth_backupd.storage.s3_parts import composite_etag, contradicts, part_bytes_for, parts_of
from octeth_backupd.storage.s3_retry import Insistence
from octeth_backupd.storage.s3_sending import Line, Sending, SourceError, md5_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.storage.base import UploadLedger
    from octeth_backupd.storage.s3_objects import StoredPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What shall be where.

    Attributes:
        storage: Name of the storage backend.
        options: Of the object, as the API calls them; the digest in its metadata and its lock included.
    """

    storage: str
    key: str
    object_key: str
    size_bytes: int
    sha256: str
    options: dict[str, Any]


def discard_upload(line: Line, uploads: UploadLedger, storage: str, key: str, object_key: str) -> None:
    """Give up the upload that the ledger knows under a key; no error when there is none."""
    known = uploads.upload(storage, key)
    if known is None:
        return
    try:
        line.client.abort_upload(object_key, known.upload_id)
    except S3RefusedError as exc:
        if exc.reason != NO_SUCH_UPLOAD:
            raise
    uploads.forget_upload(storage, key)


class ObjectUpload:
    """The way of one content to its place."""

    def __init__(self, line: Line, uploads: UploadLedger, wanted: Wanted, cancellation: Cancellation) -> None:
        self._line = line
        self._client = line.client
        self._uploads = uploads
        self._wanted = wanted
        self._cancellation = cancellation
        self._insist = Insistence(cancellation, line.clock, line.patience_seconds)

    def is_there(self) -> bool:
        """Return whether that very content is there already, as after a crash before anybody heard of it.

        Raises:
            StorageError: Something else is there.
        """
        try:
            found = self._insist(lambda: self._client.head(self._wanted.object_key))
        except S3RefusedError as exc:
            if is_missing(exc):
                return False
            raise
        if (found.size_bytes, found.sha256) != (self._wanted.size_bytes, self._wanted.sha256):
            raise _taken(self._wanted)
        return True

    def put_whole(self, data: bytes, *, replace: bool = False) -> None:
        """Store a content that fits in memory.

        Args:
            data: The content.
            replace: In place of what is there.

        Raises:
            StorageError: Something else is there, or what is there is not what was sent.
        """
        wanted, md5, answered = self._wanted, md5_of(data), ""
        self._require_same(hashlib.sha256(data).hexdigest(), len(data))

        def put() -> StoredPart:
            body = Body(in_memory(data), len(data), self._line.limit, self._cancellation) if data else b""
            return self._client.put(
                wanted.object_key, body, md5=md5, options=wanted.options, only_if_absent=not replace
            )

        with self._caused_by_ourselves():
            answered = self._insist(put).etag
        self._confirm(answered, md5, data[-1:], remove=not replace)

    def put_parts(self, descriptor: int, wanted_part_bytes: int, on_progress: Callable[[int], None]) -> None:
        """Store a file in parts, or go on where an earlier call ended.

        Args:
            descriptor: Of the open file.
            wanted_part_bytes: 0 for the usual; an upload that is gone on with keeps its own.
            on_progress: Told the bytes that are there.

        Raises:
            StorageError: See ``Storage.put``.
            BackupdError: The token's reason; the parts that are there stay for the next time.
        """
        wanted = self._wanted
        upload, there = self._resume() or (self._begin(wanted_part_bytes), {})
        sending = Sending(self._line, wanted.object_key, upload, there, on_progress)
        try:
            with self._aborted_by_somebody():
                sent = sending.send(descriptor, parts_of(upload.size_bytes, upload.part_bytes), self._cancellation)
            self._require_same(sent.sha256, wanted.size_bytes)
        except SourceError:
            with suppress(BackupdError):  # the ledger still knows it: it is discarded later
                discard_upload(self._line, self._uploads, wanted.storage, wanted.key, wanted.object_key)
            raise
        answered = ""
        with self._aborted_by_somebody(), self._caused_by_ourselves():
            answered = self._insist(
                lambda: self._client.complete_upload(wanted.object_key, upload.upload_id, dict(sent.etags))
            )
        self._confirm(answered, composite_etag(sent.md5s), sent.last_byte)
        self._uploads.forget_upload(wanted.storage, wanted.key)

    def _resume(self) -> tuple[Upload, dict[int, StoredPart]] | None:
        """Return the upload that the ledger knows and the service still has; another content's is given up."""
        wanted = self._wanted
        known = self._uploads.upload(wanted.storage, wanted.key)
        if known is None:
            return None
        if (known.size_bytes, known.sha256) == (wanted.size_bytes, wanted.sha256):
            try:
                return known, self._insist(lambda: self._client.parts(wanted.object_key, known.upload_id))
            except S3RefusedError as exc:
                if exc.reason != NO_SUCH_UPLOAD:
                    raise
        discard_upload(self._line, self._uploads, wanted.storage, wanted.key, wanted.object_key)
        return None

    def _begin(self, wanted_part_bytes: int) -> Upload:
        wanted = self._wanted
        upload = Upload(
            storage=wanted.storage,
            key=wanted.key,
            upload_id=self._insist(lambda: self._client.begin_upload(wanted.object_key, wanted.options)),
            size_bytes=wanted.size_bytes,
            part_bytes=part_bytes_for(wanted.size_bytes, wanted_part_bytes),
            sha256=wanted.sha256,
            begun_at=self._line.clock.now(),
        )
        self._uploads.remember_upload(upload)
        return upload

    def _confirm(self, answered_etag: str, expected_etag: str, last_byte: bytes, *, remove: bool = True) -> None:
        """Compare what the service holds with what was sent.

        Some services tag an object otherwise than its parts, and some answer with one tag and keep another: a tag
        that is as expected confirms the digests, one of the same form that is not refutes them. Where no tag says
        anything there are the length and the last byte.

        Args:
            answered_etag: What the service answered when it took it; empty when that answer was lost.
            expected_etag: What follows from the digests.
            last_byte: Of what was sent; empty when that was.
            remove: Do not leave there what is wrong.

        Raises:
            StorageError: It holds something else.
        """
        wanted, read = self._wanted, bytearray()
        found = self._insist(lambda: self._client.head(wanted.object_key))
        wrong = [etag for etag in (answered_etag, found.etag) if contradicts(etag, expected_etag, found.encryption)]
        if wrong:
            self._refuse_stored(f"its entity tag is {wrong[0]}, not {expected_etag}", remove=remove)
        if found.size_bytes != wanted.size_bytes:
            self._refuse_stored(f"it has {found.size_bytes} bytes, not {wanted.size_bytes}", remove=remove)
        if expected_etag in (answered_etag, found.etag) or not last_byte:
            return
        self._insist(
            lambda: self._client.read_range(
                wanted.object_key, offset=wanted.size_bytes - 1, size_bytes=1, etag=found.etag, into=read
            )
        )
        if read != last_byte:
            self._refuse_stored("its last byte is another one", remove=remove)

    def _refuse_stored(self, what: str, *, remove: bool) -> NoReturn:
        wanted = self._wanted
        if remove:
            with suppress(BackupdError):  # the mismatch is what must be told
                self._client.delete(wanted.object_key)
            self._uploads.forget_upload(wanted.storage, wanted.key)
        raise StorageError(
            f"{wanted.storage}: {wanted.key} is not there as it was sent: {what}",
            hint="It can be sent again; look at what lies between this machine and the service.",
            retryable=True,
        )

    def _require_same(self, sha256: str, size_bytes: int) -> None:
        wanted = self._wanted
        if (sha256, size_bytes) != (wanted.sha256, wanted.size_bytes):
            raise SourceError(
                f"the file for {wanted.key} is not what it was when it was finished: "
                f"its SHA-256 is {sha256}, not {wanted.sha256}",
                hint="Check the disk it lies on, then take the backup again.",
            )

    @contextmanager
    def _caused_by_ourselves(self) -> Iterator[None]:
        """Let a refusal pass whose cause is a call of ours that did its work, but whose answer was lost."""
        try:
            yield
        except S3RefusedError as exc:
            if not is_taken(exc) and exc.reason != NO_SUCH_UPLOAD:
                raise
            if not self.is_there():
                raise

    @contextmanager
    def _aborted_by_somebody(self) -> Iterator[None]:
        try:
            yield
        except S3RefusedError as exc:
            if exc.reason == NO_SUCH_UPLOAD:
                self._uploads.forget_upload(self._wanted.storage, self._wanted.key)
                exc.retryable = True  # the next call begins anew
            raise


def _taken(wanted: Wanted) -> StorageError:
    return StorageError(f"{wanted.object_key} exists already", hint="Move it away; files are never overwritten.")
