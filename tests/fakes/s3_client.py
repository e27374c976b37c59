"""A bucket in memory behind the calls of ``S3Client``, which fails as a test says."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import StorageError
from octeth_backupd.storage.s3_errors import S3RefusedError
from octeth_backupd.storage.s3_objects import ObjectFacts, OpenUpload, StoredPart
from octeth_backupd.storage.s3_parts import composite_etag

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def refusal(reason: str, operation: str = "PutObject") -> S3RefusedError:
    """Return an answer of the service that is no."""
    return S3RefusedError(f"{operation}: {reason}", reason=reason, operation=operation)


def reset() -> StorageError:
    """Return the error of a connection that broke."""
    return StorageError("the connection was reset", hint="It is tried again.", retryable=True)


class FakeS3Client:
    """See S3Client.

    Attributes:
        objects: Content and facts by object key.
        uploads: Parts by upload id.
        calls: How often each call was made.
        failing: Errors that the next calls of a name raise, in their order.
        lost_answers: Names of calls that do their work once and then seem to fail.
        wrong_etags: Names of calls that answer with another entity tag once.
    """

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, ObjectFacts]] = {}
        self.uploads: dict[str, tuple[str, dict[int, bytes], dict[str, Any]]] = {}
        self.calls: Counter[str] = Counter()
        self.failing: dict[str, list[StorageError]] = {}
        self.lost_answers: list[str] = []
        self.wrong_etags: list[str] = []
        self.lockable = False
        self.date = "Sun, 22 Nov 2026 02:00:00 GMT"
        self._lock = threading.Lock()

    def head(self, object_key: str) -> ObjectFacts:
        self._called("head")
        if object_key not in self.objects:
            raise refusal("404", "HeadObject")
        return self.objects[object_key][1]

    def list_objects(self, prefix: str, *, page_size: int = 1000) -> Iterator[ObjectFacts]:
        self._called("list_objects")
        yield from (facts for key, (_, facts) in sorted(self.objects.items()) if key.startswith(prefix))

    def put(self, object_key: str, body: Any, *, md5: str, options: dict[str, Any], only_if_absent: bool) -> StoredPart:
        self._called("put")
        if only_if_absent and object_key in self.objects:
            raise refusal("PreconditionFailed")
        data = _read(body)
        self._store(object_key, data, hashlib.md5(data).hexdigest(), options)
        return StoredPart(etag=self._answer("put", md5), size_bytes=len(data))

    def begin_upload(self, object_key: str, options: dict[str, Any]) -> str:
        self._called("begin_upload")
        upload_id = f"upload-{self.calls['begin_upload']}"
        self.uploads[upload_id] = (object_key, {}, options)
        return upload_id

    def put_part(self, object_key: str, upload_id: str, number: int, body: Any, md5: str) -> StoredPart:
        self._called("put_part")
        if upload_id not in self.uploads:
            raise refusal("NoSuchUpload", "UploadPart")
        data = _read(body)
        self.uploads[upload_id][1][number] = data
        return StoredPart(etag=self._answer("put_part", hashlib.md5(data).hexdigest()), size_bytes=len(data))

    def parts(self, object_key: str, upload_id: str) -> dict[int, StoredPart]:
        self._called("parts")
        if upload_id not in self.uploads:
            raise refusal("NoSuchUpload", "ListParts")
        found = self.uploads[upload_id][1]
        return {n: StoredPart(etag=hashlib.md5(d).hexdigest(), size_bytes=len(d)) for n, d in found.items()}

    def complete_upload(self, object_key: str, upload_id: str, etags: dict[int, str]) -> str:
        self._called("complete_upload")
        if upload_id not in self.uploads:
            raise refusal("NoSuchUpload", "CompleteMultipartUpload")
        if object_key in self.objects:
            raise refusal("PreconditionFailed", "CompleteMultipartUpload")
        _, parts, options = self.uploads.pop(upload_id)
        etag = composite_etag([hashlib.md5(parts[number]).hexdigest() for number in sorted(parts)])
        self._store(object_key, b"".join(parts[number] for number in sorted(parts)), etag, options)
        return self._answer("complete_upload", etag)

    def abort_upload(self, object_key: str, upload_id: str) -> None:
        self._called("abort_upload")
        if self.uploads.pop(upload_id, None) is None:
            raise refusal("NoSuchUpload", "AbortMultipartUpload")

    def open_uploads(self, prefix: str) -> Iterator[OpenUpload]:
        self._called("open_uploads")
        for upload_id, (object_key, _, _) in self.uploads.items():
            if object_key.startswith(prefix):
                yield OpenUpload(object_key=object_key, upload_id=upload_id, begun_at=AT)

    def read_range(self, object_key: str, *, offset: int, size_bytes: int, etag: str, into: bytearray) -> None:
        self._called("read_range")
        into += self.objects[object_key][0][offset : offset + size_bytes]

    def read_whole(self, object_key: str, most_bytes: int) -> bytes:
        self._called("read_whole")
        return self.objects[object_key][0]

    def delete(self, object_key: str) -> None:
        self._called("delete")
        self.objects.pop(object_key, None)

    def retention(self, object_key: str) -> datetime | None:
        self._called("retention")
        return None

    def retain(self, object_key: str, mode: str, until: datetime) -> None:
        self._called("retain")

    def has_object_lock(self) -> bool:
        self._called("has_object_lock")
        return self.lockable

    def clock_of_service(self, prefix: str) -> str:
        self._called("clock_of_service")
        return self.date

    def who(self) -> str:
        self._called("who")
        return "explicit"

    def _called(self, name: str) -> None:
        with self._lock:
            self.calls[name] += 1
            if self.failing.get(name):
                raise self.failing[name].pop(0)

    def _answer(self, name: str, etag: str) -> str:
        with self._lock:
            if name in self.lost_answers:
                self.lost_answers.remove(name)
                raise reset()
            if name in self.wrong_etags:
                self.wrong_etags.remove(name)
                return "0" * 32 + etag[32:]
            return etag

    def _store(self, object_key: str, data: bytes, etag: str, options: dict[str, Any]) -> None:
        facts = ObjectFacts(
            object_key=object_key,
            size_bytes=len(data),
            modified_at=AT,
            etag=etag,
            storage_class=options.get("StorageClass", ""),
            sha256=options["Metadata"]["sha256"],
        )
        self.objects[object_key] = (data, facts)


def _read(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    body.seek(0)
    body.sending()
    return b"".join(iter(lambda: bytes(body.read(16384)), b""))
