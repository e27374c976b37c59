"""A run's scratch directory, with a marker that says whose it is.

Only the run itself or recovery removes a workspace, and recovery only where the marker names this installation. The
marker also lists what the run is about to leave *outside* the workspace, written before it is left there, so that a
killed daemon's half-done archive is found and removed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.process.files import make_directory, remove_tree, translated_os_errors, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKER_NAME = ".octeth-backupd-run.json"
HALF_MARKER_NAME = f".{MARKER_NAME}.partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a run may leave in a storage backend: a staged file and the keys it becomes.

    Attributes:
        staged: Path of the partial archive; empty when it lies in the workspace.
        keys: Keys of archive, checksum and manifest, in the order they are written.
    """

    staged: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A run's scratch directory."""

    path: Path
    installation_id: str
    run_id: str
    server: str

    def announce(self, outside: Outside) -> None:
        """Write down what the run is about to leave outside, before it does."""
        _write_marker(self, outside)

    def clear(self) -> None:
        """Remove what it holds, all but the marker: the next start looks at what was announced in it.

        Raises:
            StorageError: Something cannot be removed.
        """
        with translated_os_errors(self.path):
            entries = sorted(self.path.iterdir()) if self.path.is_dir() else []
        for entry in entries:
            if entry.is_dir() and not entry.is_symlink():
                remove_tree(entry, beneath=self.path)
            elif entry.name != MARKER_NAME:
                with translated_os_errors(entry):
                    entry.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove it with all it holds, the marker last: what is left of it half-way is still known to be ours.

        Raises:
            StorageError: Something cannot be removed.
        """
        self.clear()
        remove_tree(self.path, beneath=self.path.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftWorkspace:
    """A workspace that a run which is no more has left."""

    workspace: Workspace
    outside: Outside | None


def create_workspace(root: Path, *, installation_id: str, run_id: str, server: str) -> Workspace:
    """Create the scratch directory of a run beneath ``root``.

    Raises:
        StorageError: It exists, or cannot be made.
        SpaceError: There is no room for its marker.
    """
    workspace = Workspace(path=root / run_id, installation_id=installation_id, run_id=run_id, server=server)
    try:
        make_directory(root)
        workspace.path.mkdir(mode=0o700)
    except OSError as exc:
        raise StorageError(
            f"cannot make the workspace {workspace.path}: {exc.strerror}",
            hint="Check [backup] workspace_directory: it must be a writable directory with enough space.",
        ) from exc
    try:
        _write_marker(workspace, None)
    except BackupdError:
        workspace.remove()  # without its marker nobody would ever know whose it is
        raise
    return workspace


def left_workspaces(root: Path, *, installation_id: str) -> Iterator[LeftWorkspace]:
    """Yield the workspaces beneath ``root`` that carry this installation's marker; others are not ours to touch.

    Raises:
        StorageError: ``root`` cannot be read.
    """
    with translated_os_errors(root):
        paths = sorted(root.iterdir()) if root.is_dir() else []
    for path in paths:
        try:
            left = _read_marker(path)
        except (OSError, ValueError, LookupError, TypeError):
            continue  # no marker, or one of another release
        if left.workspace.installation_id == installation_id:
            yield left


def remove_unmarked(root: Path, run_id: str) -> bool:
    """Remove the directory of a run that was killed before it had marked it.

    Args:
        root: Where the run had its workspace.
        run_id: A run of this installation: its own directory is ours without a marker as well.

    Returns:
        Whether there was one. What holds anything but half a marker is left alone.

    Raises:
        StorageError: It cannot be removed.
    """
    path = root / run_id
    with translated_os_errors(path):
        if path.is_symlink() or not path.is_dir():
            return False
        if {entry.name for entry in path.iterdir()} - {HALF_MARKER_NAME}:
            return False
        (path / HALF_MARKER_NAME).unlink(missing_ok=True)
        path.rmdir()
    return True


def _read_marker(path: Path) -> LeftWorkspace:
    marker = json.loads((path / MARKER_NAME).read_text(encoding="utf-8"))
    outside = marker["outside"]
    return LeftWorkspace(
        workspace=Workspace(
            path=path, installation_id=marker["installation_id"], run_id=marker["run_id"], server=marker["server"]
        ),
        outside=Outside(staged=outside["staged"], keys=tuple(outside["keys"])) if outside else None,
    )


def _write_marker(workspace: Workspace, outside: Outside | None) -> None:
    content = {
        "format_version": 1,
        "purpose": "Scratch space of a run of octeth-backupd; removed when the run ends or at the next start.",
        "installation_id": workspace.installation_id,
        "run_id": workspace.run_id,
        "server": workspace.server,
        "outside": {"staged": outside.staged, "keys": list(outside.keys)} if outside else None,
    }
    write_whole(workspace.path / MARKER_NAME, json.dumps(content, indent=2) + "\n", replace=True)
