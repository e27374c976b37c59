"""What runs are made of, put together from a configuration."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from octeth_backupd.daemon.telling import Telling
from octeth_backupd.notifiers.registry import notifiers_for
from octeth_backupd.pipeline.parts import Parts
from octeth_backupd.pipeline.restore.journals import Journals
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.docker import Docker
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.servers.server import Server
from octeth_backupd.storage.registry import storages_for
from octeth_backupd.storage.s3_classes import shortest_days
from octeth_backupd.telemetry.logging import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.domain.notices.standing import BrokenFile
    from octeth_backupd.notifiers.base import Notifier
    from octeth_backupd.settings.settings import Settings

JOURNALS_NAME = "restores"


def build_parts(settings: Settings, catalog: Catalog) -> Parts:
    """Return what runs are made of under this configuration; connects to nothing."""
    docker = Docker(settings.docker.host)
    clock = SystemClock()
    storages = storages_for(
        local=settings.local,
        s3=settings.buckets,
        uploads=catalog.uploads,
        clock=clock,
        shortest_retention_days=shortest_days(settings.retention),
    )
    return Parts(
        catalog=catalog,
        backup=settings.backup,
        compression=settings.compression,
        engines=settings.engines,
        docker=docker,
        servers={
            name: Server(name=name, settings=server, docker=docker, clock=clock)
            for name, server in settings.servers.items()
        },
        storages=storages,
        workspace_directory=settings.backup.workspace_directory or settings.local.directory / ".workspace",
        backup_directory=settings.local.directory,
        runtime_directory=settings.daemon.runtime_directory,
        restore=settings.restore,
        journals=Journals(settings.daemon.state_directory / JOURNALS_NAME),
        retention=settings.retention_policy({storage.name: storage.is_remote for storage in storages}),
        retention_rule=settings.schedules.retention_rule,
        keep_local=settings.local.keep,
        hooks=settings.hooks,
        secrets=settings.secrets,
        search_path=os.environ.get("PATH"),
    )


def begin_logging(settings: Settings) -> None:
    """Log as this configuration says from now on, without its secrets."""
    redactor = Redactor(settings.secrets)
    configure_logging(log_format=settings.daemon.log_format, level=settings.daemon.log_level, redact=redactor.redact)


def build_notifiers(settings: Settings) -> dict[str, Notifier]:
    """Return the notifiers of this configuration, by name; connects to nothing."""
    return notifiers_for(settings.notify, redactor=Redactor(settings.secrets), host_name=socket.gethostname())


def build_telling(
    catalog: Catalog,
    settings: Callable[[], Settings],
    parts: Callable[[], Parts],
    active: Callable[[], Sequence[ActiveRun]],
    broken_file: Callable[[], BrokenFile | None],
) -> Telling:
    """Return what tells people, by the settings and parts in force at each moment; starts nothing.

    Args:
        catalog: What is told is decided from it, and kept in it.
        settings: Returns the settings in force.
        parts: Returns the parts in force.
        active: Returns the runs that are queued or running.
        broken_file: Returns the configuration file where its mistakes are to be told.
    """
    now = settings()
    return Telling(
        catalog=catalog,
        clock=SystemClock(),
        settings=lambda: settings().notify,
        limits=lambda: settings().notices,
        active=active,
        parts=parts,
        definitions=lambda: settings().schedules.definitions(tuple(settings().servers)),
        broken_file=broken_file,
        notifiers=build_notifiers(now),
        redact=Redactor(now.secrets).redact,
    )
