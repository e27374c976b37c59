"""Install the stand-in for XtraBackup, and engines that lie, where a test wants them."""

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.environment.docker_engine import MYSQL_IMAGE, ensure_image, ensure_programs, session_labels, shared_engine
from tests.environment.plain_mariadb import BACKUP_PROGRAM
from tests.standins.lies import Lie
from tests.standins.standin_settings import StandinSettings

STANDINS_DIRECTORY: Final = Path(__file__).resolve().parent.parent / "standins"
DEFAULT_SLOW_SECONDS: Final = 10.0


def install_standin(
    directory: Path,
    *,
    version: str | None = None,
    image: str = MYSQL_IMAGE,
    lie: Lie | str | None = None,
    seconds: float = DEFAULT_SLOW_SECONDS,
    docker_host: str = "",
) -> Path:
    """Write ``xtrabackup`` into a directory, with ``xbstream`` beside it, and return its path.

    Args:
        directory: Made when absent. Put it first into PATH, or configure the path itself.
        version: XtraBackup's own; default: the one that fits the server in the image, such as ``9.7.4-1``.
        image: Whose server prepares.
        lie: What it does wrong; see ``tests.standins.lies``.
        seconds: How long the copy phase takes at least, when the lie is ``slow``.
        docker_host: Engine in which the server runs, as in DOCKER_HOST; empty: the machine's own.
    """
    ensure_programs()
    ensure_image(image)
    settings = StandinSettings(
        version=version or f"{shared_engine().image_version(image)}-1",
        image=image,
        lie=Lie(lie) if lie else None,
        seconds=seconds,
        labels=session_labels(),
    )
    directory.mkdir(parents=True, exist_ok=True)
    _link("mbstream", directory / "xbstream")
    further = {"DOCKER_HOST": docker_host} if docker_host else {}
    return _write_wrapper(directory / "xtrabackup", STANDINS_DIRECTORY / "xtrabackup", settings, further)


def install_lying_mariadb_backup(
    directory: Path,
    *,
    lie: Lie | str,
    program: str = BACKUP_PROGRAM,
    seconds: float = DEFAULT_SLOW_SECONDS,
) -> Path:
    """Write ``mariadb-backup`` into a directory: the real program, and then a lie. Return its path.

    Args:
        directory: Made when absent.
        lie: What it does wrong; see ``tests.standins.lies``.
        program: The real program.
        seconds: How long the backup takes at least, when the lie is ``slow``.
    """
    ensure_programs()
    directory.mkdir(parents=True, exist_ok=True)
    settings = StandinSettings(program=program, lie=Lie(lie), seconds=seconds)
    return _write_wrapper(directory / "mariadb-backup", STANDINS_DIRECTORY / "lying-mariadb-backup", settings)


def _write_wrapper(
    path: Path, program: Path, settings: StandinSettings, further: Mapping[str, str] | None = None
) -> Path:
    """Write a shell script that sets the settings and becomes the program.

    Daemons give their children a small environment, so whatever the stand-in needs is in the script.
    """
    environment = {**settings.as_environment(), **(further or {})}
    lines = ["#!/bin/sh", 'export PATH="${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/sbin:/sbin"']
    lines += [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines.append(f'exec {shlex.quote(sys.executable)} {shlex.quote(str(program))} "$@"')
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return path


def _link(program: str, path: Path) -> None:
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(program)
    path.unlink(missing_ok=True)
    path.symlink_to(found)
