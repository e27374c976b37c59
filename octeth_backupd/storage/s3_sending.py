"""The parts of a file on their way: read once and hashed by one thread, sent by a few others."""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage.s3_body import Body, in_memory
from octeth_backupd.storage.s3_parts import buffers_for, contradicts
from octeth_backupd.storage.s3_retry import Insistence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.upload import Upload
    from octeth_backupd.storage.s3_body import RateLimit
    from octeth_backupd.storage.s3_client import S3Client
    from octeth_backupd.storage.s3_objects import StoredPart
    from octeth_backupd.storage.s3_parts import Part

_CHUNK_BYTES = 1 << 20
_PATIENCE_WITH_ENDING_SECONDS = 5.0
"""How long threads are waited for that were told to end; one that hangs in the network ends by its own timeout."""


class SourceError(StorageError):
    """The file that is sent cannot be read, or is not what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent.

    Attributes:
        sha256: Of everything, in its order.
        last_byte: Of the file as it was sent.
        md5s: Of the parts, in their order.
        etags: Of the parts, as the service gave them, by number.
    """

    sha256: str
    last_byte: bytes
    md5s: tuple[str, ...]
    etags: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What all parts go through.

    Attributes:
        patience_seconds: See ``Insistence``.
    """

    client: S3Client
    limit: RateLimit
    clock: Clock
    patience_seconds: float
    parallel_parts: int


class Sending:
    """One upload's parts on their way."""

    def __init__(
        self,
        line: Line,
        object_key: str,
        upload: Upload,
        there: Mapping[int, StoredPart],
        on_progress: Callable[[int], None],
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            line: What the parts go through.
            object_key: Of the object that they become.
            upload: That is open.
            there: Parts that the service has already; those that are what the file says are not sent again.
            on_progress: Told the bytes that are there, in growing order.
        """
        self._line = line
        self._object_key = object_key
        self._upload = upload
        self._there = there
        self._on_progress = on_progress
        self._buffers = buffers_for(upload.part_bytes, line.parallel_parts)
        self._free = threading.Semaphore(max(1, self._buffers))
        self._waiting: queue.SimpleQueue[tuple[Part, bytes | None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._etags: dict[int, str] = {}
        self._md5s: dict[int, str] = {}
        self._done_bytes = 0
        self._token = Cancellation()
        self._descriptor = -1
        self._last_byte = b""

    def send(self, descriptor: int, parts: Sequence[Part], cancellation: Cancellation) -> Sent:
        """Send what is not there yet.

        Args:
            descriptor: Of the open file.
            parts: All parts of the file.
            cancellation: Ends it; what is there stays there.

        Raises:
            SourceError: The file cannot be read, or is shorter than it was.
            StorageError: The service refused a part, or could not be reached for too long.
            BackupdError: The token's reason.
        """
        self._descriptor = descriptor
        threads = [
            threading.Thread(target=self._work, name=f"upload-{number}", daemon=True)
            for number in range(self._line.parallel_parts)
        ]
        with cancellation.on_cancel(lambda: self._stop(cancellation.reason)):
            for thread in threads:
                thread.start()
            try:
                sha256 = self._read(parts)
                self._end(threads)
            except BaseException as exc:
                self._stop(exc)
                self._end(threads, timeout_seconds=_PATIENCE_WITH_ENDING_SECONDS)
                raise
        self._token.raise_if_cancelled()
        md5s = tuple(self._md5s[part.number] for part in parts)
        return Sent(sha256=sha256, last_byte=self._last_byte, md5s=md5s, etags=self._etags)

    def _stop(self, reason: BaseException | None) -> None:
        self._token.cancel(reason if isinstance(reason, BackupdError) else StorageError("the upload was given up"))

    def _end(self, threads: Sequence[threading.Thread], timeout_seconds: float | None = None) -> None:
        for _ in threads:
            self._waiting.put(None)
        for thread in threads:
            thread.join(timeout_seconds)

    def _read(self, parts: Sequence[Part]) -> str:
        digest = hashlib.sha256()
        for part in parts:
            while not self._free.acquire(timeout=1):
                self._token.raise_if_cancelled()
            self._token.raise_if_cancelled()
            if self._buffers:
                data = read_piece(self._descriptor, part.offset, part.size_bytes)
                digest.update(data)
                self._last_byte = data[-1:]
                self._waiting.put((part, data))
            else:
                self._hash_large(part, digest.update)
        return digest.hexdigest()

    def _hash_large(self, part: Part, update: Callable[[bytes], None]) -> None:
        """Read a part that is too large for memory once for its digest; it is sent from the file."""
        for piece in self._pieces(part):
            update(piece)
            self._last_byte = piece[-1:]
        self._waiting.put((part, None))

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            try:
                self._settle(*item)
            except BackupdError as exc:
                self._token.cancel(exc)
            except Exception as exc:  # noqa: BLE001 - a thread's error must end the upload, whatever it is
                self._token.cancel(StorageError(f"an upload thread failed: {type(exc).__name__}: {exc}"))
            finally:
                del item  # its bytes must be gone before the next part is read
                self._free.release()

    def _settle(self, part: Part, data: bytes | None) -> None:
        self._token.raise_if_cancelled()
        md5 = md5_of(data) if data is not None else self._md5_in_file(part)
        there = self._there.get(part.number)
        if there is not None and (there.etag, there.size_bytes) == (md5, part.size_bytes):
            etag = there.etag
        else:
            insist = Insistence(self._token, self._line.clock, self._line.patience_seconds)
            etag = insist(lambda: self._send_one(part, data, md5))
        with self._lock:
            self._etags[part.number], self._md5s[part.number] = etag, md5
            self._done_bytes += part.size_bytes
            self._on_progress(self._done_bytes)

    def _send_one(self, part: Part, data: bytes | None, md5: str) -> str:
        read_at = in_memory(data) if data is not None else self._in_file(part)
        body = Body(read_at, part.size_bytes, self._line.limit, self._token)
        stored = self._line.client.put_part(self._object_key, self._upload.upload_id, part.number, body, md5)
        if contradicts(stored.etag, md5, stored.encryption):
            raise StorageError(
                f"{self._upload.key}: part {part.number} is not there as it was sent: "
                f"its entity tag is {stored.etag}, not {md5}",
                hint="It is sent again; look at what lies between this machine and the service.",
                retryable=True,
            )
        return stored.etag

    def _pieces(self, part: Part) -> Iterator[bytes]:
        end = part.offset + part.size_bytes
        for offset in range(part.offset, end, _CHUNK_BYTES):
            self._token.raise_if_cancelled()
            yield read_piece(self._descriptor, offset, min(_CHUNK_BYTES, end - offset))

    def _in_file(self, part: Part) -> Callable[[int, int], bytes]:
        return lambda offset, size: read_piece(self._descriptor, part.offset + offset, min(size, _CHUNK_BYTES))

    def _md5_in_file(self, part: Part) -> str:
        digest = hashlib.md5(usedforsecurity=False)
        for piece in self._pieces(part):
            digest.update(piece)
        return digest.hexdigest()


def md5_of(data: bytes) -> str:
    """Return the MD5 that the service makes an entity tag of."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def read_piece(descriptor: int, offset: int, size_bytes: int) -> bytes:
    """Read a piece of a file, all of it.

    Raises:
        SourceError: The file is shorter now, or cannot be read.
    """
    try:
        data = os.pread(descriptor, size_bytes, offset)
        while len(data) < size_bytes:
            more = os.pread(descriptor, size_bytes - len(data), offset + len(data))
            if not more:
                raise SourceError("the file became shorter while it was sent", hint="Take the backup again.")
            data += more
    except OSError as exc:
        raise SourceError(
            f"the file cannot be read: {os.strerror(exc.errno or 0).lower()}", hint="Look into the kernel's log."
        ) from exc
    return data
