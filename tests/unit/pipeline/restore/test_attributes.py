"""pipeline.restore.attributes. (Access lists and other owners: tests/integration/test_restore_staging.py.)"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.restore.attributes import Attributes, give_attributes, read_attributes


def _mine(mode: int, **extended: bytes) -> Attributes:
    return Attributes(user_id=os.getuid(), group_id=os.getgid(), mode=mode, extended=extended)


@pytest.mark.parametrize("directory", [True, False])
def test_what_was_given_is_read_again(tmp_path: Path, directory: bool) -> None:
    path = tmp_path / "x"
    path.mkdir() if directory else path.touch()

    give_attributes(path, _mine(0o710))

    assert read_attributes(path) == _mine(0o710)


def test_link_is_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch(mode=0o600)
    link.symlink_to(target)

    give_attributes(link, _mine(0o777))

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert read_attributes(link).extended == {}


def test_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert read_attributes(tmp_path / "pipe").user_id == os.getuid()


def test_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        read_attributes(tmp_path / "missing")
