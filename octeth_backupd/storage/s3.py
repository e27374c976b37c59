"""Backups in object storage."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from octeth_backupd.domain.upload import Upload
from octeth_backupd.errors import NotFoundError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.files import translated_os_errors
from octeth_backupd.storage.base import StoredFile
from octeth_backupd.storage.keys import check_key
from octeth_backupd.storage.s3_body import RateLimit
from octeth_backupd.storage.s3_classes import how_to_bring_back, is_archive_class, is_brought_back
from octeth_backupd.storage.s3_client import S3Client
from octeth_backupd.storage.s3_doctor import PROBE, S3Doctor, probe_key
from octeth_backupd.storage.s3_errors import ARCHIVED, DENIED, S3RefusedError, is_missing
from octeth_backupd.storage.s3_keys import key_of, object_key, object_prefix
from octeth_backupd.storage.s3_locks import require_lock, require_no_lock
from octeth_backupd.storage.s3_objects import SHA256_KEY
from octeth_backupd.storage.s3_options import archive_options, lasting_text_options, text_options
from octeth_backupd.storage.s3_parts import goes_whole
from octeth_backupd.storage.s3_reading import RangedReader
from octeth_backupd.storage.s3_retry import PATIENCE_SECONDS
from octeth_backupd.storage.s3_sending import Line
from octeth_backupd.storage.s3_upload import ObjectUpload, Wanted, discard_upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.storage.base import UploadLedger
    from octeth_backupd.storage.s3_objects import ObjectFacts
    from octeth_backupd.storage.s3_settings import S3Settings

_LONGEST_TEXT_BYTES = 64 << 20


class S3Storage:
    """See Storage. Keys and objects: ``s3_keys``."""

    is_remote = True

    def __init__(
        self,
        name: str,
        settings: S3Settings,
        *,
        uploads: UploadLedger,
        clock: Clock,
        patience_seconds: float = PATIENCE_SECONDS,
        shortest_retention_days: int = 0,
    ) -> None:
        """Prepare; nothing is asked of the service, and boto3 is not imported yet.

        Args:
            name: See Storage.
            settings: Of the bucket.
            uploads: Remembers what is on its way.
            clock: For patience, locks and times.
            patience_seconds: How long a failing part, range or request within ``put`` and ``open`` is tried again.
            shortest_retention_days: After how many days the first copies expire, for the doctor; 0: not known.
        """
        self.name = name
        self._settings = settings
        self._uploads = uploads
        self._clock = clock
        self._client = S3Client(settings)
        self._shortest_retention_days = shortest_retention_days
        self._line = Line(
            client=self._client,
            limit=RateLimit(settings.rate_limit, clock),
            clock=clock,
            patience_seconds=patience_seconds,
            parallel_parts=settings.parallel_parts,
        )

    def staging_path(self, key: str) -> Path | None:
        """See Storage.staging_path. There is none: everything is sent."""
        check_key(key)
        return None

    def put(
        self,
        source: Path,
        key: str,
        *,
        sha256: str,
        cancellation: Cancellation,
        on_progress: Callable[[int], None] | None = None,
    ) -> StoredFile:
        """See Storage.put. The same content under the key already, as after a crash, counts as put."""
        told = on_progress or (lambda _: None)
        name = object_key(self._settings.prefix, key, for_writing=True)
        with translated_os_errors(source), source.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            options = archive_options(self._settings, sha256, self._clock.now())
            wanted = self._wanted(key, name, size_bytes, sha256, options)
            upload = ObjectUpload(self._line, self._uploads, wanted, cancellation)
            if upload.is_there():
                discard_upload(self._line, self._uploads, self.name, key, wanted.object_key)
            elif goes_whole(size_bytes, self._settings.part_size):
                upload.put_whole(file.read())
            else:
                upload.put_parts(file.fileno(), self._settings.part_size, told)
        require_lock(self._client, name, options)
        told(size_bytes)
        return self.stat(key)

    def put_text(self, key: str, text: str) -> None:
        """See Storage.put_text. The same text under the key already counts as put."""
        data = text.encode()
        digest = hashlib.sha256(data).hexdigest()
        options = lasting_text_options(self._settings, digest, self._clock.now())
        upload = self._text_upload(key, data, options)
        if not upload.is_there():
            upload.put_whole(data)
        require_lock(self._client, object_key(self._settings.prefix, key), options)

    def replace_text(self, key: str, text: str) -> None:
        """See Storage.replace_text. It is never locked and never in a slow class: it is read and replaced often."""
        data = text.encode()
        options = text_options(self._settings, hashlib.sha256(data).hexdigest())
        self._text_upload(key, data, options).put_whole(data, replace=True)

    def read_text(self, key: str) -> str:
        """See Storage.read_text."""
        name = self._object(key)
        with self._readable(key):
            data = self._client.read_whole(name, _LONGEST_TEXT_BYTES)
        try:
            return data.decode()
        except UnicodeDecodeError as exc:
            raise StorageError(f"{key} is not UTF-8 text") from exc

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """See Storage.open. Ranges are fetched ahead, all of the one object that is there now."""
        facts = self._head(key)
        if _is_archived(facts):
            raise self._archived(facts)

        def fetch(offset: int, size_bytes: int, into: bytearray) -> None:
            with self._readable(key):
                self._client.read_range(
                    facts.object_key, offset=offset, size_bytes=size_bytes, etag=facts.etag, into=into
                )

        reader = RangedReader(fetch, facts.size_bytes, clock=self._clock, patience_seconds=self._line.patience_seconds)
        with closing(reader):
            yield cast("BinaryIO", reader)

    def stat(self, key: str) -> StoredFile:
        """See Storage.stat."""
        return _stored_file(key, self._head(key))

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """See Storage.list. All of them are asked for first: not every service keeps to the order of keys."""
        yield from sorted(self._listed(prefix), key=lambda file: file.key)

    def delete(self, key: str) -> None:
        """See Storage.delete. A bucket with versions hides locked files as readily as others: locks are asked for."""
        try:
            facts = self._head(key)
        except NotFoundError:
            pass
        else:
            is_expected = bool(self._settings.object_lock_mode)
            require_no_lock(self._client, key, facts, is_expected=is_expected, now=self._clock.now())
            self._client.delete(facts.object_key)
        self.discard_unfinished(key)

    def unfinished(self, prefix: str = "") -> Iterator[Upload]:
        """See Storage.unfinished."""
        beginning = object_prefix(self._settings.prefix, prefix)
        if beginning is None:
            return
        known = {upload.upload_id: upload for upload in self._uploads.uploads(self.name)}
        for found in self._client.open_uploads(beginning):
            key = key_of(self._settings.prefix, found.object_key)
            if key is not None:
                yield known.get(found.upload_id) or Upload(
                    storage=self.name,
                    key=key,
                    upload_id=found.upload_id,
                    size_bytes=0,
                    part_bytes=0,
                    sha256="",
                    begun_at=found.begun_at,
                )

    def discard_unfinished(self, key: str) -> None:
        """See Storage.discard_unfinished."""
        discard_upload(self._line, self._uploads, self.name, key, self._object(key))

    def check(self) -> None:
        """See Storage.check. Where deleting is not allowed, one small hidden object stays."""
        digest = hashlib.sha256(PROBE).hexdigest()
        name = probe_key(self._settings)
        wanted = self._wanted(name, name, len(PROBE), digest, text_options(self._settings, digest))
        ObjectUpload(replace(self._line, patience_seconds=0), self._uploads, wanted, Cancellation()).put_whole(
            PROBE, replace=True
        )
        try:
            self._client.delete(name)
        except S3RefusedError as exc:
            if exc.reason not in DENIED:
                raise

    def diagnose(self) -> tuple[CheckResult, ...]:
        """See Storage.diagnose."""
        return S3Doctor(
            name=self.name,
            settings=self._settings,
            client=self._client,
            clock=self._clock,
            shortest_retention_days=self._shortest_retention_days,
        ).examine()

    def _text_upload(self, key: str, data: bytes, options: dict[str, Any]) -> ObjectUpload:
        name = object_key(self._settings.prefix, key, for_writing=True)
        wanted = self._wanted(key, name, len(data), options["Metadata"][SHA256_KEY], options)
        return ObjectUpload(self._line, self._uploads, wanted, Cancellation())

    def _wanted(self, key: str, name: str, size_bytes: int, sha256: str, options: dict[str, Any]) -> Wanted:
        return Wanted(
            storage=self.name, key=key, object_key=name, size_bytes=size_bytes, sha256=sha256, options=options
        )

    def _object(self, key: str) -> str:
        return object_key(self._settings.prefix, key)

    def _head(self, key: str) -> ObjectFacts:
        name = self._object(key)
        with self._readable(key):
            return self._client.head(name)

    @contextmanager
    def _readable(self, key: str) -> Iterator[None]:
        """Tell a missing object from a missing bucket, and an archived one from both."""
        try:
            yield
        except S3RefusedError as exc:
            if exc.reason == ARCHIVED:
                raise self._archived(self._client.head(self._object(key))) from exc
            if not is_missing(exc):
                raise
            self._require_bucket()
            raise NotFoundError(f"no file {key!r} in the storage backend {self.name}") from exc

    def _require_bucket(self) -> None:
        """Raise when the bucket is not there; an answer without a body says of both only that something is not."""
        beginning = object_prefix(self._settings.prefix, "") or ""
        try:
            next(iter(self._client.list_objects(beginning, page_size=1)), None)
        except S3RefusedError as exc:
            if exc.reason not in DENIED:
                raise

    def _archived(self, facts: ObjectFacts) -> StorageError:
        storage_class = facts.storage_class or "an archive"
        return StorageError(
            f"{self.name}: {facts.object_key} is in {storage_class} and cannot be read now",
            hint=how_to_bring_back(
                self._settings.bucket, facts.object_key, storage_class, facts.restore, self._settings.endpoint_url
            ),
        )

    def _listed(self, prefix: str) -> Iterator[StoredFile]:
        beginning = object_prefix(self._settings.prefix, prefix)
        if beginning is None:
            return
        for facts in self._client.list_objects(beginning):
            key = key_of(self._settings.prefix, facts.object_key)
            if key is not None:
                yield _stored_file(key, facts)


def _is_archived(facts: ObjectFacts) -> bool:
    return (is_archive_class(facts.storage_class) or bool(facts.archive_status)) and not is_brought_back(facts.restore)


def _stored_file(key: str, facts: ObjectFacts) -> StoredFile:
    return StoredFile(
        key=key,
        size_bytes=facts.size_bytes,
        modified_at=facts.modified_at,
        storage_class=facts.storage_class,
        retained_until=facts.retained_until,
        is_held=facts.legal_hold,
        is_archived=_is_archived(facts),
    )
