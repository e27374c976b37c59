"""The socket's file."""

import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from octeth_backupd.control.binding import bind_socket
from octeth_backupd.errors import BusyError, ConfigurationError


@pytest.fixture
def directory() -> Iterator[Path]:
    """A short path: a Unix socket's may have 107 bytes only."""
    path = Path(tempfile.mkdtemp(prefix="ctl-"))
    yield path
    shutil.rmtree(path)


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_the_socket_listens_with_mode_0660_in_a_new_directory_of_mode_0750(directory: Path) -> None:
    path = directory / "run" / "control.sock"

    bound = bind_socket(path, gid=os.getegid())

    assert connects(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750
    assert path.stat().st_gid == os.getegid()
    assert list(path.parent.iterdir()) == [path]
    bound.close()


def test_the_umask_is_as_before(directory: Path) -> None:
    before = os.umask(0o027)
    try:
        bind_socket(directory / "c", gid=None).close()

        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_closing_removes_the_file(directory: Path) -> None:
    bound = bind_socket(directory / "c", gid=None)

    bound.close()

    assert list(directory.iterdir()) == []


def test_closing_leaves_the_socket_of_a_successor(directory: Path) -> None:
    bound = bind_socket(directory / "c", gid=None)
    (directory / "c").unlink()
    successor = bind_socket(directory / "c", gid=None)

    bound.close()

    assert connects(directory / "c")
    successor.close()


def test_a_stale_socket_is_replaced(directory: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(directory / "c"))

    bound = bind_socket(directory / "c", gid=None)

    assert connects(directory / "c")
    bound.close()


def test_a_live_socket_is_left_alone_and_told_as_another_daemon(directory: Path) -> None:
    bound = bind_socket(directory / "c", gid=None)

    with pytest.raises(BusyError, match="another daemon answers"):
        bind_socket(directory / "c", gid=None)

    assert connects(directory / "c")
    bound.close()


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_what_is_not_a_socket_is_never_removed(directory: Path, kind: str) -> None:
    path = directory / "c"
    match kind:
        case "file":
            path.write_text("precious")
        case "directory":
            path.mkdir()
        case _:
            path.symlink_to(directory / "elsewhere")

    with pytest.raises(ConfigurationError, match="is not a socket"):
        bind_socket(path, gid=None)

    assert os.path.lexists(path)


def test_a_path_too_long_for_a_socket_is_refused_before_anything_is_made(directory: Path) -> None:
    with pytest.raises(ConfigurationError, match="too long"):
        bind_socket(directory / ("x" * 100) / "c", gid=None)

    assert list(directory.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_told_as_configuration(directory: Path) -> None:
    (directory / "file").write_text("")

    with pytest.raises(ConfigurationError, match="cannot listen at"):
        bind_socket(directory / "file" / "c", gid=None)


def test_an_existing_directory_keeps_its_mode(directory: Path) -> None:
    directory.chmod(0o700)

    bind_socket(directory / "c", gid=os.getegid()).close()

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
