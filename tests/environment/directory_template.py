"""Directories that are slow to make: made once for each recipe on a machine, then copied."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def directory_template(identity: str, *, make: Callable[[Path], None]) -> Iterator[Path]:
    """Yield the template of this identity, made now by ``make`` when nobody has made it yet.

    Sessions that run side by side wait for each other; a half-made template is never seen.
    """
    root = Path(tempfile.gettempdir()) / f"octeth-backupd-test-templates-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    name = hashlib.sha256(identity.encode()).hexdigest()[:16]
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        template, unfinished = root / name, root / f"{name}.unfinished"
        if not template.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(template)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield template


def copy_directory(source: Path, target: Path) -> None:
    """Copy everything below ``source`` into ``target``, with owners, modes, times and holes."""
    command = ["cp", "--archive", "--sparse=always", "--reflink=auto", f"{source}/.", str(target)]
    subprocess.run(command, check=True, capture_output=True)
