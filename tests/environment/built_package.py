"""The Debian package of this checkout, built when its sources have changed since the last time."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent.parent
_SOURCES: Final = ("octeth_backupd", "packaging", "systemd", "docs", "etc")
_FILES: Final = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
_BUILD_SECONDS: Final = 900


def built_package() -> Path:
    """Return the package for Debian 12; it lies beneath the checkout."""
    directory = CHECKOUT / "dist"
    directory.mkdir(exist_ok=True)
    remembered = directory / "sources.sha256"
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = _digest_of_sources()
        found = sorted(directory.glob("octeth-backupd_*~deb12_*.deb"))
        if not found or not remembered.exists() or remembered.read_text() != digest:
            for old in found:
                old.unlink()
            done = subprocess.run(
                [CHECKOUT / "packaging" / "build-deb", "bookworm"],
                capture_output=True,
                text=True,
                timeout=_BUILD_SECONDS,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            remembered.write_text(digest)
        [package] = directory.glob("octeth-backupd_*~deb12_*.deb")
    return package


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    paths = [CHECKOUT / name for name in _FILES]
    for name in _SOURCES:
        paths += [path for path in (CHECKOUT / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    for path in sorted(paths):
        digest.update(f"{path.relative_to(CHECKOUT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
