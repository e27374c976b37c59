"""Keys of stored files."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octeth_backupd.errors import StorageError
from octeth_backupd.storage.keys import check_key


@pytest.mark.parametrize("key", ["oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.zst", "oempro/state.json", "x"])
def test_usual_keys_pass(key: str) -> None:
    check_key(key)

    assert not PurePosixPath(key).is_absolute()


@given(st.text(st.sampled_from("ab./\\\0\n ") | st.characters()))
def test_whatever_passes_stays_beneath_the_root_and_visible(key: str) -> None:
    try:
        check_key(key)
    except StorageError:
        return

    parts = PurePosixPath("/root", key).relative_to("/root").parts
    assert "/".join(parts) == key
    assert not any(part.startswith(".") for part in parts)
    assert "\0" not in key
