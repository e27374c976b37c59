"""A password on its way into a file."""

from __future__ import annotations

from pathlib import PurePosixPath

from octeth_backupd.domain.secret import Secret


def test_text_is_in_no_representation() -> None:
    assert "hunter2" not in repr(Secret(path=PurePosixPath("/a"), text="hunter2"))
