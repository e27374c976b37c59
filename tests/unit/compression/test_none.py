"""compression.none: what the contract suite of compressors does not say."""

from __future__ import annotations

import io

from octeth_backupd.compression.none import NoCompressor
from octeth_backupd.process.cancellation import Cancellation


def test_bytes_stay_as_they_are() -> None:
    sink = io.BytesIO()

    count = NoCompressor().compress(io.BytesIO(b"content"), sink, cancellation=Cancellation())

    assert (count, sink.getvalue()) == (7, b"content")
