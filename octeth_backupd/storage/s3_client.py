"""The one door to boto3: the calls that are used, with our values in and out, and our errors."""

from __future__ import annotations

import base64
import io
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.storage.s3_errors import NO_SUCH_UPLOAD, UNKNOWN_TO_SERVICE, S3RefusedError, translated
from octeth_backupd.storage.s3_objects import StoredPart, facts_of, listed, open_upload, stored_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from octeth_backupd.storage.s3_body import Body
    from octeth_backupd.storage.s3_objects import ObjectFacts, OpenUpload
    from octeth_backupd.storage.s3_settings import S3Settings

_ATTEMPTS = 5
_CHUNK_BYTES = 1 << 20
_WITHOUT_REASON = frozenset({"400", "403"})


class S3Client:
    """One bucket. boto3 is imported, and credentials looked for, by the first call; threads may share it."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: Any = None
        self._origin = ""
        self._knows_conditions = True
        self._sending = threading.local()

    def head(self, object_key: str) -> ObjectFacts:
        """Return what there is to know of an object."""
        try:
            return facts_of(object_key, self._call("HeadObject", object_key))
        except S3RefusedError as exc:
            if exc.reason in _WITHOUT_REASON:  # such an answer has no body that could say why; a list's has
                self._call("ListObjectsV2", "", Prefix=object_key, MaxKeys=1)
            raise

    def list_objects(self, prefix: str, *, page_size: int = 1000) -> Iterator[ObjectFacts]:
        """Yield the objects whose key begins so, as the service orders them."""
        token: dict[str, str] = {}
        while True:
            page = self._call("ListObjectsV2", "", Prefix=prefix, MaxKeys=page_size, **token)
            for found in page.get("Contents", ()):
                yield listed(found)
            if not page.get("IsTruncated") or not page.get("NextContinuationToken"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def put(
        self, object_key: str, body: Body | bytes, *, md5: str, options: dict[str, Any], only_if_absent: bool
    ) -> StoredPart:
        """Store a whole object."""
        condition = {"IfNoneMatch": "*"} if only_if_absent else {}
        given = {**options, "Body": body, "ContentMD5": _base64(md5)}
        with self._announced(body):
            answer = self._conditional("PutObject", object_key, condition, given)
        return stored_part(answer, len(body))

    def begin_upload(self, object_key: str, options: dict[str, Any]) -> str:
        """Begin an upload in parts and return its id."""
        return str(self._call("CreateMultipartUpload", object_key, **options)["UploadId"])

    def put_part(self, object_key: str, upload_id: str, number: int, body: Body, md5: str) -> StoredPart:
        """Store one part."""
        with self._announced(body):
            answer = self._call(
                "UploadPart", object_key, UploadId=upload_id, PartNumber=number, Body=body, ContentMD5=_base64(md5)
            )
        return stored_part(answer, len(body))

    def parts(self, object_key: str, upload_id: str) -> dict[int, StoredPart]:
        """Return the parts that an open upload has so far, by their number."""
        found: dict[int, StoredPart] = {}
        marker: dict[str, int] = {}
        while True:
            page = self._call("ListParts", object_key, UploadId=upload_id, **marker)
            for part in page.get("Parts", ()):
                found[int(part["PartNumber"])] = StoredPart(etag=part["ETag"].strip('"'), size_bytes=int(part["Size"]))
            following = page.get("NextPartNumberMarker")
            if not page.get("IsTruncated") or not following:
                return found
            marker = {"PartNumberMarker": int(following)}

    def complete_upload(self, object_key: str, upload_id: str, etags: dict[int, str]) -> str:
        """Make an object of the parts and return its entity tag; never in place of another where that is honoured."""
        parts = [{"PartNumber": number, "ETag": f'"{etags[number]}"'} for number in sorted(etags)]
        given = {"UploadId": upload_id, "MultipartUpload": {"Parts": parts}}
        answer = self._conditional("CompleteMultipartUpload", object_key, {"IfNoneMatch": "*"}, given)
        return str(answer.get("ETag", "")).strip('"')

    def abort_upload(self, object_key: str, upload_id: str) -> None:
        """Give up an upload and what it has."""
        self._call("AbortMultipartUpload", object_key, UploadId=upload_id)

    def open_uploads(self, prefix: str) -> Iterator[OpenUpload]:
        """Yield the open uploads of objects whose key begins so."""
        markers: dict[str, str] = {}
        while True:
            try:
                page = self._call("ListMultipartUploads", "", Prefix=prefix, **markers)
            except S3RefusedError as exc:
                if exc.reason == NO_SUCH_UPLOAD:  # what rclone answers when there never was one
                    return
                raise
            for found in page.get("Uploads", ()):
                yield open_upload(found)
            if not page.get("IsTruncated") or not page.get("NextKeyMarker"):
                return
            markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page.get("NextUploadIdMarker", "")}

    def read_range(self, object_key: str, *, offset: int, size_bytes: int, etag: str, into: bytearray) -> None:
        """Append a range of an object to ``into``; what came before a connection broke stays there.

        Raises:
            StorageError: The object is another one than ``etag`` names, or the range is not the one that was asked for.
        """
        answer = self._call(
            "GetObject", object_key, Range=f"bytes={offset}-{offset + size_bytes - 1}", IfMatch=f'"{etag}"'
        )
        with self._translated("GetObject", object_key), _closed(answer["Body"]) as body:
            if answer["ETag"].strip('"') != etag:
                raise StorageError(f"{object_key} was replaced while it was read", hint="Begin again.")
            if not str(answer.get("ContentRange", "")).startswith(f"bytes {offset}-"):
                raise StorageError(f"{object_key}: the service sent another range than {offset}-", retryable=True)
            if int(answer["ContentLength"]) != size_bytes:
                raise StorageError(f"{object_key}: {answer['ContentLength']} bytes, not {size_bytes}", retryable=True)
            while chunk := body.read(_CHUNK_BYTES):
                into += chunk

    def read_whole(self, object_key: str, most_bytes: int) -> bytes:
        """Return a small object.

        Raises:
            StorageError: It is larger than ``most_bytes``.
        """
        answer = self._call("GetObject", object_key)
        with self._translated("GetObject", object_key), _closed(answer["Body"]) as body:
            if int(answer["ContentLength"]) > most_bytes:
                raise StorageError(f"{object_key} is larger than {most_bytes} bytes")
            return bytes(body.read())

    def delete(self, object_key: str) -> None:
        """Delete an object; in a bucket with versions it is hidden."""
        self._call("DeleteObject", object_key)

    def retention(self, object_key: str) -> datetime | None:
        """Return until when an object lock holds an object, or None when none does."""
        answer = self._call("GetObjectRetention", object_key)
        until: datetime | None = answer.get("Retention", {}).get("RetainUntilDate")
        return until

    def retain(self, object_key: str, mode: str, until: datetime) -> None:
        """Lock an object until a time."""
        self._call("PutObjectRetention", object_key, Retention={"Mode": mode, "RetainUntilDate": until})

    def has_object_lock(self) -> bool:
        """Return whether the bucket can lock objects."""
        answer = self._call("GetObjectLockConfiguration", "")
        return bool(answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")

    def clock_of_service(self, prefix: str) -> str:
        """Return the header ``Date`` of an answer."""
        answer = self._call("ListObjectsV2", "", Prefix=prefix, MaxKeys=1)
        return str(answer["ResponseMetadata"]["HTTPHeaders"].get("date", ""))

    def who(self) -> str:
        """Return where the credentials come from, in botocore's words.

        Raises:
            StorageError: There are none.
        """
        with self._translated("GetCredentials", ""):
            self._client()
        return self._origin

    def _conditional(
        self, operation: str, object_key: str, condition: dict[str, str], given: dict[str, Any]
    ) -> dict[str, Any]:
        """Call with a condition; without it where the service does not know such, as is remembered once it is sure."""
        if not condition or not self._knows_conditions:
            return self._call(operation, object_key, **given)
        try:
            return self._call(operation, object_key, **given, **condition)
        except S3RefusedError as exc:
            if exc.reason not in UNKNOWN_TO_SERVICE:
                raise
        if isinstance(body := given.get("Body"), io.IOBase):
            body.seek(0)
        answer = self._call(operation, object_key, **given)
        self._knows_conditions = False
        return answer

    def _call(self, operation: str, object_key: str, **given: Any) -> dict[str, Any]:
        if object_key:
            given["Key"] = object_key
        with self._translated(operation, object_key):
            from botocore import xform_name

            call = getattr(self._client(), xform_name(operation))
            answer: dict[str, Any] = call(Bucket=self._settings.bucket, **given)
            return answer

    @contextmanager
    def _translated(self, operation: str, object_key: str) -> Iterator[None]:
        try:
            yield
        except BackupdError:
            raise
        except Exception as exc:
            inner = getattr(exc, "kwargs", {}).get("error")
            if isinstance(inner, BackupdError):  # a body that was told to stop
                raise inner from exc
            raise translated(exc, operation=operation, object_key=object_key, settings=self._settings) from exc

    @contextmanager
    def _announced(self, body: Body | bytes) -> Iterator[None]:
        """Let a body know when botocore sends it; before that it is read for the signature only."""
        self._sending.body = None if isinstance(body, bytes) else body
        try:
            yield
        finally:
            self._sending.body = None

    def _before_send(self, **_: Any) -> None:
        if (body := getattr(self._sending, "body", None)) is not None:
            body.sending()

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        import boto3
        from botocore.config import Config

        settings = self._settings
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": settings.addressing_style},
            request_checksum_calculation=settings.checksum_mode,
            response_checksum_validation=settings.checksum_mode,
            connect_timeout=settings.connect_timeout_seconds,
            read_timeout=settings.read_timeout_seconds,
            tcp_keepalive=True,
            max_pool_connections=settings.parallel_parts + 8,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        )
        session = boto3.session.Session(
            profile_name=settings.profile or None,
            aws_access_key_id=settings.access_key_id or None,
            aws_secret_access_key=settings.secret_access_key.get_secret_value() or None,
            aws_session_token=settings.session_token.get_secret_value() or None,
        )
        client = session.client(
            "s3",
            region_name=settings.region or session.region_name or ("us-east-1" if settings.endpoint_url else None),
            endpoint_url=settings.endpoint_url or None,
            verify=str(settings.ca_bundle) if settings.ca_bundle else None,
            config=config,
        )
        credentials = session.get_credentials()
        if credentials is None:
            raise StorageError(
                f"s3://{settings.bucket}: no credentials",
                hint="Give access_key_id and secret_access_key_file, a profile, or a role to this instance.",
            )
        self._origin = str(credentials.method)
        client.meta.events.register("before-send.s3", self._before_send)
        return client


@contextmanager
def _closed(body: Any) -> Iterator[Any]:
    try:
        yield body
    finally:
        body.close()


def _base64(md5: str) -> str:
    return base64.b64encode(bytes.fromhex(md5)).decode()
