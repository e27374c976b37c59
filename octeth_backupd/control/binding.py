"""The control socket's file: made so that nobody can connect before its mode is right, removed only when it is ours."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.errors import BusyError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_log = structlog.get_logger("control")

_LONGEST_SOCKET_PATH_BYTES = 107
_PROBE_SECONDS = 2.0
_BACKLOG = 64


class BoundSocket:
    """A listening Unix socket together with the file it is reached by."""

    def __init__(self, listener: socket.socket, path: Path) -> None:
        found = path.lstat()
        self.listener = listener
        self.path = path
        self._file = (found.st_dev, found.st_ino)

    def close(self) -> None:
        """Stop listening and remove the file, unless another daemon has put its own there meanwhile."""
        self.listener.close()
        with suppress(FileNotFoundError):
            found = self.path.lstat()
            if (found.st_dev, found.st_ino) == self._file:
                self.path.unlink()


def bind_socket(path: Path, *, gid: int | None) -> BoundSocket:
    """Listen at ``path`` with mode 0660.

    The socket gets its mode and group under a temporary name and appears under its own one when it is ready.

    Args:
        path: Where clients connect; its directory is made (0750) when absent.
        gid: Group of the socket; None leaves the daemon's own.

    Raises:
        BusyError: Another daemon answers there.
        ConfigurationError: Something that is not a socket is there, the path is too long or not writable.
    """
    temporary = path.with_name(f".{os.getpid()}.sock")
    if max(len(os.fsencode(path)), len(os.fsencode(temporary))) > _LONGEST_SOCKET_PATH_BYTES:
        raise ConfigurationError(
            f"control.socket: path too long for a Unix socket: {path}",
            hint="Choose a shorter one, such as /run/octeth-backupd/control.sock.",
        )
    try:
        _make_directory(path.parent, gid)
        _remove_stale(path)
        _remove_stale(temporary)
        return _bind(temporary, path, gid)
    except OSError as exc:
        raise ConfigurationError(
            f"control.socket: cannot listen at {path}: {exc.strerror or exc}",
            hint="Check the directory's owner and mode, and ReadWritePaths= or RuntimeDirectory= of the unit.",
        ) from exc


def _bind(temporary: Path, path: Path, gid: int | None) -> BoundSocket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _umask(0o177):
            listener.bind(os.fspath(temporary))
        try:
            if gid is not None:
                os.chown(temporary, -1, gid)
            temporary.chmod(0o660)
            listener.listen(_BACKLOG)
            listener.settimeout(0)
            temporary.rename(path)
        except BaseException:
            temporary.unlink()
            raise
        return BoundSocket(listener, path)
    except BaseException:
        listener.close()
        raise


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _make_directory(directory: Path, gid: int | None) -> None:
    """Make the socket's directory, or give an existing private one of ours to the group.

    One that root's group owns would keep the group out. A directory that others may pass through (as the unit's, which
    systemd would give back to root at each reload), or closed to its group, is somebody's decision and stays as it is.
    """
    if not directory.exists():
        directory.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        directory.mkdir(mode=0o750)
        directory.chmod(0o750)
    if gid is None:
        return
    found = directory.stat()
    if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o750:
        if found.st_gid != gid:
            os.chown(directory, -1, gid)
    elif not found.st_mode & stat.S_IXOTH:
        _log.warning("control.directory_closed", path=str(directory), mode=f"{stat.S_IMODE(found.st_mode):04o}")


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens at.

    Raises:
        BusyError: Somebody does.
        ConfigurationError: It is no socket.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise ConfigurationError(
            f"control.socket: {path} exists and is not a socket",
            hint="Choose another path, or move that file away yourself.",
        )
    if _somebody_listens(path):
        raise BusyError(
            f"another daemon answers at {path}",
            hint="Stop it first (systemctl stop octeth-backupd), or set another control.socket.",
        )
    path.unlink(missing_ok=True)
    _log.info("control.stale_socket_removed", path=str(path))


def _somebody_listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(os.fspath(path))
        except OSError as exc:
            # Only "refused" proves that nobody is there: a full backlog times out, and a foreign one is forbidden.
            return exc.errno not in {errno.ECONNREFUSED, errno.ENOENT}
    return True
