"""Whether another process has a file locked."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from octeth_backupd.process.file_locks import is_locked

if TYPE_CHECKING:
    from pathlib import Path

_HOLD = "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"


def test_lock_of_another_process_is_seen_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "ibdata1"
    path.touch()
    with subprocess.Popen([sys.executable, "-c", _HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        held = is_locked(path)
        holder.communicate(b"\n")

    assert held
    assert not is_locked(path)


def test_file_that_nobody_uses_and_one_that_is_not_there_are_not_locked(tmp_path: Path) -> None:
    (tmp_path / "ibdata1").touch()

    assert not is_locked(tmp_path / "ibdata1")
    assert not is_locked(tmp_path / "absent")
