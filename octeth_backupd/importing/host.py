"""Looking up what the translation must be told of this host."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.surroundings import Surroundings
from octeth_backupd.engines.extra_options import option_problem
from octeth_backupd.errors import BackupdError
from octeth_backupd.servers.container import read_container, require_named
from octeth_backupd.settings.settings import Settings

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.configuration import Configuration
    from octeth_backupd.domain.legacy.crontab import CronLine
    from octeth_backupd.domain.server import Mount
    from octeth_backupd.process.docker import Docker

_DATA = PurePosixPath("/var/lib/mysql")


def look_around(
    configuration: Configuration,
    docker: Docker,
    *,
    secret_directory: Path,
    cron_lines: tuple[CronLine, ...],
    scripts: str,
) -> Surroundings:
    """Return the facts of this host; what cannot be had is said, not raised.

    Args:
        configuration: Names the container and the directories to compare.
        docker: Is asked which directories the container has.
        secret_directory: Where files with secrets will be.
        cron_lines: That were found.
        scripts: Of the installed tool.
    """
    container = configuration.text("MYSQL_HOST") or configuration.text("MYSQL_CONTAINER_NAME")
    mounts: tuple[Mount, ...] = ()
    problem = ""
    try:
        inspected = docker.inspect_container(container)
        require_named(inspected, container)
        mounts = read_container(inspected, port=None, image_digest="").mounts
    except BackupdError as error:
        problem = error.message
    data = _host_path(mounts, _DATA)
    stated = [PurePosixPath(text) for name in ("MYSQL_DATA_DIR", "MYSQL_LOG_BIN") if (text := configuration.text(name))]
    compared = [*stated, *(path.parent for path in stated), *(PurePosixPath(mount.source) for mount in mounts)]
    if data is not None:
        compared.append(data)
    return Surroundings(
        option_problem=option_problem,
        sections=frozenset(Settings.model_fields),
        secret_directory=PurePosixPath(secret_directory),
        data_directory=data,
        mounted=tuple(PurePosixPath(mount.source) for mount in mounts),
        docker_problem=problem or ("" if data else f"container {container} has no directory of this host as {_DATA}"),
        real_paths={path: PurePosixPath(os.path.realpath(path)) for path in compared},
        cron_lines=cron_lines,
        scripts=scripts,
    )


def _host_path(mounts: tuple[Mount, ...], inside: PurePosixPath) -> PurePosixPath | None:
    """Return where this host has a directory of the container: the mount that is nearest above it."""
    above = [mount for mount in mounts if inside.is_relative_to(mount.destination)]
    nearest = max(above, key=lambda mount: len(mount.destination.parts), default=None)
    return None if nearest is None else PurePosixPath(nearest.source) / inside.relative_to(nearest.destination)
