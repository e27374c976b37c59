"""A file system that cannot exchange two directories in one step, whatever it lies on: bindfs."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def bind_filesystem(source: Path, directory: Path) -> Iterator[Path]:
    """Show a directory under another path through bindfs, and unmount it at the end; needs root.

    Args:
        source: Made when absent.
        directory: The mount point; made when absent.
    """
    for path in (source, directory):
        path.mkdir(parents=True, exist_ok=True)
    subprocess.run(["bindfs", str(source), str(directory)], check=True, capture_output=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True, capture_output=True)
