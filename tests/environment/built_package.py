"""The packages of this checkout, each built when its sources have changed since the last time."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.environment.docker_engine import TRIXIE_IMAGE
from tests.environment.package_builder import build_in_container

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT: Final = Path(__file__).resolve().parent.parent.parent
SOURCES: Final = ("octeth_backupd", "packaging", "systemd", "docs", "etc")
FILES: Final = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
_BUILD_SECONDS: Final = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One of the packages: what its file is called, and how it comes to be."""

    pattern: str
    build: Callable[[], object]


def built_package() -> Path:
    """Return the package for Debian 12; it lies beneath the checkout."""
    return _built(_Kind(pattern="octeth-backupd_*~deb12_*.deb", build=lambda: _run("build-deb", "bookworm")))


def built_package_for_trixie() -> Path:
    """Return the package for Debian 13, built on one."""
    return _built(_Kind(pattern="octeth-backupd_*~deb13_*.deb", build=_build_on_trixie))


def built_rpm() -> Path:
    """Return the package for RHEL 9 and its relatives, with Debian's interpreter of the same minor in the build."""
    return _built(_Kind(pattern="octeth-backupd-*.el9.*.rpm", build=lambda: _run("build-rpm", "el9")))


def built_wheel() -> Path:
    """Return the wheel."""
    return _built(_Kind(pattern="octeth_backupd-*.whl", build=lambda: _run("build-wheel", "/usr/bin/python3")))


def _built(kind: _Kind) -> Path:
    directory = CHECKOUT / "dist"
    directory.mkdir(exist_ok=True)
    # One lock for all: they share the environment of the tools that build.
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = _digest_of_sources()
        found = sorted(directory.glob(kind.pattern))
        remembered = [path.with_name(f"{path.name}.sources") for path in found]
        if len(found) != 1 or not remembered[0].exists() or remembered[0].read_text() != digest:
            for old in (*found, *remembered):
                old.unlink(missing_ok=True)
            kind.build()
            [package] = directory.glob(kind.pattern)
            package.with_name(f"{package.name}.sources").write_text(digest)
        [package] = directory.glob(kind.pattern)
    return package


def _run(script: str, argument: str) -> None:
    done = subprocess.run(
        [CHECKOUT / "packaging" / script, argument],
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _build_on_trixie() -> None:
    newest = max(int(path.stat().st_mtime) for path in _paths_of_sources())
    build_in_container(TRIXIE_IMAGE, CHECKOUT, "trixie", CHECKOUT / "dist", seconds_since_epoch=newest)


def _paths_of_sources() -> list[Path]:
    paths = [CHECKOUT / name for name in FILES]
    for name in SOURCES:
        paths += [path for path in (CHECKOUT / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted(paths)


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    for path in _paths_of_sources():
        digest.update(f"{path.relative_to(CHECKOUT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
