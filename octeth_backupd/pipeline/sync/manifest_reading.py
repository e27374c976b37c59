"""Many manifests of a storage backend, read beside each other and handed on one by one."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.errors import BackupdError, MetadataError, NotFoundError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from octeth_backupd.domain.sync.places import FoundFile
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.storage.base import Storage

LARGEST_BYTES = 64 << 20
"""A manifest names each tablespace in about 150 bytes: 64 MiB is 400,000 tables. More is no manifest of ours."""

THREADS = 8
_AHEAD = 2 * THREADS


def read_manifests(
    storage: Storage, files: Iterable[FoundFile], *, cancellation: Cancellation
) -> Iterator[tuple[str, Manifest | BackupdError]]:
    """Yield key and manifest of each file, in their order; few are in memory at a time.

    What cannot be used comes as the error that says why; what is gone meanwhile does not come at all.

    Raises:
        StorageError: The storage backend cannot be read now; retryable.
        BackupdError: The token's reason when it was cancelled.
    """
    waiting: deque[tuple[str, Future[Manifest | BackupdError | None]]] = deque()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="sync-manifest") as pool:
        try:
            for file in files:
                cancellation.raise_if_cancelled()
                waiting.append((file.key, pool.submit(_read, storage, file)))
                if len(waiting) >= _AHEAD:
                    yield from _next(waiting)
            while waiting:
                cancellation.raise_if_cancelled()
                yield from _next(waiting)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _next(
    waiting: deque[tuple[str, Future[Manifest | BackupdError | None]]],
) -> Iterator[tuple[str, Manifest | BackupdError]]:
    key, future = waiting.popleft()
    read = future.result()
    if read is not None:
        yield key, read


def _read(storage: Storage, file: FoundFile) -> Manifest | BackupdError | None:
    if file.size_bytes > LARGEST_BYTES:
        return MetadataError(f"it has {file.size_bytes} bytes: no manifest is that large")
    try:
        return Manifest.from_json_text(storage.read_text(file.key))
    except NotFoundError:
        return None
    except StorageError as exc:
        if exc.retryable:
            raise
        return exc
    except MetadataError as exc:
        return exc
    except RecursionError:
        return MetadataError("the manifest is not JSON: it is nested too deep")
