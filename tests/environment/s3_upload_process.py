"""A process that uploads one file and can be killed: ``python -m tests.environment.s3_upload_process``.

Its first line on stdin is JSON; it prints a line for each part that is there. Its ledger is a file, as the catalog is.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.upload import Upload
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.files import write_whole
from octeth_backupd.storage.s3 import S3Storage
from octeth_backupd.storage.s3_settings import S3Settings
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from collections.abc import Iterable


class FileLedger(MemoryUploadLedger):
    """A ledger that outlives its process."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        for values in json.loads(path.read_text()) if path.exists() else ():
            super().remember_upload(Upload(**{**values, "begun_at": datetime.fromisoformat(values["begun_at"])}))

    def remember_upload(self, upload: Upload) -> None:
        super().remember_upload(upload)
        self._write(self.uploads("s3"))

    def forget_upload(self, storage: str, key: str) -> None:
        super().forget_upload(storage, key)
        self._write(self.uploads("s3"))

    def _write(self, uploads: Iterable[Upload]) -> None:
        values = [{**asdict(upload), "begun_at": upload.begun_at.isoformat()} for upload in uploads]
        write_whole(self._path, json.dumps(values), replace=True)


def main() -> None:
    """Upload what the first line says."""
    order = json.loads(sys.stdin.readline())
    storage = S3Storage(
        "s3",
        S3Settings.model_validate(order["settings"]),
        uploads=FileLedger(Path(order["ledger"])),
        clock=SystemClock(),
    )

    def tell(done_bytes: int) -> None:
        sys.stdout.write(f"{done_bytes}\n")
        sys.stdout.flush()

    begin = time.monotonic()
    storage.put(
        Path(order["source"]), order["key"], sha256=order["sha256"], cancellation=Cancellation(), on_progress=tell
    )
    if order.get("measure"):
        sys.stdout.write(f"seconds: {time.monotonic() - begin}\n{Path('/proc/self/status').read_text()}")


if __name__ == "__main__":
    main()
