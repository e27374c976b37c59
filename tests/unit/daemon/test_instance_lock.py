"""One daemon per state directory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from octeth_backupd.daemon.instance_lock import LOCK_NAME, InstanceLock
from octeth_backupd.errors import BusyError, StorageError


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_second_daemon_is_refused_by_the_name_of_the_first(tmp_path: Path) -> None:
    with InstanceLock(tmp_path), pytest.raises(BusyError, match=rf"pid {os.getpid()}\) uses .*{tmp_path.name}"):
        InstanceLock(tmp_path).__enter__()


def test_the_lock_is_free_again_after_the_block(tmp_path: Path) -> None:
    with InstanceLock(tmp_path):
        pass

    with InstanceLock(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_longer_pid_of_an_earlier_daemon_leaves_no_digits_behind(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text("999999999999\n")

    with InstanceLock(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_program_that_the_daemon_started_does_not_hold_the_lock_after_it(tmp_path: Path) -> None:
    with InstanceLock(tmp_path):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with InstanceLock(tmp_path) as lock:
            assert lock is not None
    finally:
        child.kill()
        child.wait()


def test_a_refusal_keeps_no_descriptor(tmp_path: Path) -> None:
    with InstanceLock(tmp_path):
        before = _open_descriptors()
        for _ in range(5):
            with pytest.raises(BusyError):
                InstanceLock(tmp_path).__enter__()

        assert _open_descriptors() == before


def test_a_state_directory_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such file or directory"):
        InstanceLock(tmp_path / "gone").__enter__()
