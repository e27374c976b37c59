"""What a good configuration amounts to, in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from octeth_backupd.domain.server import Placement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from octeth_backupd.servers.settings import ServerSettings
    from octeth_backupd.settings.settings import Settings

WORKSPACE = ".workspace"


def summary_lines(settings: Settings, *, now: datetime) -> Iterator[str]:
    """Yield lines on servers, schedules with their next times, notifiers and directories.

    Args:
        settings: A loaded configuration.
        now: From when the next times are counted, aware.
    """
    yield "Servers"
    for name, server in settings.servers.items():
        yield f"  {name}: {_whereabouts(server)}, as {server.user}"
    yield f"Schedules (time zone {settings.schedules.timezone})"
    yield from _schedule_lines(settings, now)
    yield "Notifiers"
    for name, notifier in settings.notify.items():
        yield f"  {name}: {notifier.kind}"
    if not settings.notify:
        yield "  none: nobody is told of anything, failed backups included; see docs/how-to/notifications.md"
    yield "Directories"
    workspace = settings.backup.workspace_directory or settings.local.directory / WORKSPACE
    yield f"  backups   {settings.local.directory}"
    for name, bucket in settings.buckets.items():
        yield f"  {name:<9} s3://{bucket.bucket}/{bucket.prefix}"
    yield f"  workspace {workspace}"
    yield f"  state     {settings.daemon.state_directory}"
    yield f"Control socket {settings.control.socket}"


def _whereabouts(server: ServerSettings) -> str:
    match server.placement:
        case Placement.CONTAINER:
            return f"container {server.container}"
        case Placement.SYSTEMD:
            return f"systemd unit {server.systemd_unit}"
        case Placement.ADDRESS:
            return f"socket {server.socket}" if server.socket else f"address {server.address}:{server.port or 3306}"


def _schedule_lines(settings: Settings, now: datetime) -> Iterator[str]:
    zone = ZoneInfo(settings.schedules.timezone)
    definitions = settings.schedules.definitions(list(settings.servers)[:1])  # the same for every server
    for definition in definitions:
        rule = definition.rule
        next_time = rule.next_after(now).astimezone(zone)
        yield f"  {definition.name:<8} {rule.explain()}; next {next_time:%A %Y-%m-%d %H:%M}"
    if not definitions:
        yield "  none: backups are made on demand only"
