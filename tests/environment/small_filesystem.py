"""A file system that fills up soon, for tests of ENOSPC and of mount points."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_filesystem(directory: Path, *, megabytes: int) -> Iterator[Path]:
    """Mount an empty ext4 of this size on a directory, and unmount it at the end; needs root.

    Where loop devices are not to be had, a tmpfs of the size takes its place.

    Args:
        directory: The mount point; made when absent.
        megabytes: Size of the whole file system; ext4 itself takes about a tenth of a small one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="octeth-filesystem-"))
    try:
        if not _mount_ext4(scratch / "image", directory, megabytes):
            _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(directory))
        try:
            yield directory
        finally:
            _unmount(directory)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _mount_ext4(image: Path, directory: Path, megabytes: int) -> bool:
    with image.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    # No blocks reserved for root: the tests run as root, and "full" is to mean full.
    _run("/sbin/mkfs.ext4", "-q", "-F", "-m", "0", str(image))
    mounted = subprocess.run(
        ["mount", "-o", "loop", str(image), str(directory)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        return False
    (directory / "lost+found").rmdir()
    return True


def _unmount(directory: Path) -> None:
    """Unmount, lazily when somebody still holds a file there."""
    if subprocess.run(["umount", str(directory)], capture_output=True, check=False).returncode != 0:
        _run("umount", "--lazy", str(directory))


def _run(*command: str) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {finished.stderr.strip()}")
