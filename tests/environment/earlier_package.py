"""The package as an earlier commit had it; where history does not reach back, this tree under a lower version."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.environment.built_package import CHECKOUT, FILES, SOURCES

_BUILD_SECONDS: Final = 900
_RECIPE: Final = "packaging/build-deb"
# Lower than any that is built otherwise.
_REVISION: Final = "0"
_COPIED: Final = (*SOURCES, *FILES)


def earlier_package() -> Path:
    """Return the package of the first commit that has its recipe, or what takes its place in a shallow clone."""
    commit = _first_commit()
    return renumbered_package() if commit is None else _of_commit(commit)


def renumbered_package() -> Path:
    """Return the package of this tree, whose revision is lower."""
    with tempfile.TemporaryDirectory(prefix="octeth-backupd-earlier-") as name:
        source = Path(name)
        for copied in _COPIED:
            path = CHECKOUT / copied
            if path.is_dir():
                shutil.copytree(path, source / copied, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(path, source)
        return _build(source, _directory() / "renumbered")


def _first_commit() -> str | None:
    """Return the commit that added the recipe; None when that is where a shallow clone ends, or there is no git."""
    found = _git("log", "--format=%H", "--diff-filter=A", "--", _RECIPE).split()
    boundary = _git("rev-parse", "--git-path", "shallow").strip()
    shallow = (CHECKOUT / boundary).read_text().split() if boundary and (CHECKOUT / boundary).exists() else []
    return found[-1] if found and found[-1] not in shallow else None


def _of_commit(commit: str) -> Path:
    directory = _directory() / commit
    with (_directory() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = sorted(directory.glob("*.deb"))
        if built:
            return built[0]
        with tempfile.TemporaryDirectory(prefix="octeth-backupd-earlier-") as name:
            archive = Path(name) / "source.tar"
            source = Path(name) / "source"
            source.mkdir()
            _git("archive", f"--output={archive}", commit)
            subprocess.run(["tar", "-C", source, "-xf", archive], check=True)
            return _build(source, directory)


def _build(source: Path, directory: Path) -> Path:
    """Build in a copy of a tree, and keep the package."""
    done = subprocess.run(
        [source / _RECIPE, "bookworm", _REVISION],
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [package] = (source / "dist").glob("*.deb")
    directory.mkdir(parents=True, exist_ok=True)
    kept = directory / package.name
    shutil.copyfile(package, partial := directory / ".partial")
    return partial.replace(kept)


def _directory() -> Path:
    directory = CHECKOUT / "dist" / "earlier"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _git(*arguments: str) -> str:
    """Return what git says; nothing where there is no git, or no repository."""
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(["git", "-C", CHECKOUT, *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
