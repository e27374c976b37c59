"""The whole configuration: every section in one frozen value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from octeth_backupd.compression.base import CompressionSettings
from octeth_backupd.control.settings import ControlSettings
from octeth_backupd.daemon.settings import DaemonSettings
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.retention.settings import RetentionSettings
from octeth_backupd.domain.section import Section
from octeth_backupd.engines.settings import EnginesSettings
from octeth_backupd.notifiers.settings import NotifierSettings
from octeth_backupd.pipeline.hooks.settings import HooksSettings
from octeth_backupd.pipeline.restore.settings import RestoreSettings
from octeth_backupd.pipeline.settings import BackupSettings
from octeth_backupd.process.docker import DockerSettings
from octeth_backupd.scheduling.settings import SchedulesSettings
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.storage.local import LocalSettings
from octeth_backupd.storage.s3_settings import S3Settings
from octeth_backupd.telemetry.metrics_settings import MetricsSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.retention.policy import RetentionPolicy

# Part of paths, object keys and file names, so nothing that a shell, a URL or a file system takes for more than a name.
ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
StorageName = ServerName
NotifierName = ServerName


class Settings(Section):
    """The configuration of one installation.

    It reads nothing by itself: ``settings.load.load`` brings file, environment and credentials together.
    """

    servers: Annotated[dict[ServerName, ServerSettings], Field(min_length=1)] = Field(
        description="The MySQL and MariaDB servers, one table each. The name becomes part of paths and never changes.",
    )
    backup: BackupSettings = Field(default_factory=BackupSettings, description="How a backup is made and checked.")
    engines: EnginesSettings = Field(default_factory=EnginesSettings, description="The programs that make backups.")
    docker: DockerSettings = Field(default_factory=DockerSettings, description="The Docker engine.")
    compression: CompressionSettings = Field(
        default_factory=CompressionSettings, description="How archives are compressed."
    )
    local: LocalSettings = Field(default_factory=LocalSettings, description="Backups on local disk.")
    s3: S3Settings | None = Field(
        default=None,
        description="A bucket that copies of every backup go to: AWS S3, or what speaks S3. Absent: local only.",
    )
    storages: dict[StorageName, S3Settings] = Field(
        default={},
        description="Further buckets, one table each, with the keys of [s3]. The name never changes.",
    )
    schedules: SchedulesSettings = Field(default_factory=SchedulesSettings, description="When backups are made.")
    restore: RestoreSettings = Field(default_factory=RestoreSettings, description="How a restore goes.")
    retention: RetentionSettings = Field(default_factory=RetentionSettings, description="How long backups are kept.")
    notify: dict[NotifierName, NotifierSettings] = Field(
        default={},
        description="Who is told, one table for each notifier.",
    )
    notices: NoticesSettings = Field(
        default_factory=NoticesSettings, description="From when on something is a problem that people are told of."
    )
    hooks: HooksSettings = Field(
        default_factory=HooksSettings,
        description="Programs that run before and after backups and restores, each with its arguments; no shell. "
        "They and the directories above them belong to root, and nobody else may write them.",
    )
    metrics: MetricsSettings = Field(
        default_factory=MetricsSettings,
        description="Metrics for Prometheus, which are at /metrics of the control socket in any case.",
    )
    daemon: DaemonSettings = Field(default_factory=DaemonSettings, description="The process itself.")
    control: ControlSettings = Field(
        default_factory=ControlSettings, description="The socket that octeth-backupctl talks to."
    )

    @property
    def buckets(self) -> dict[str, S3Settings]:
        """Return every storage in a bucket by its name."""
        return ({"s3": self.s3} if self.s3 is not None else {}) | self.storages

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must never be shown."""
        passwords = [secret for server in self.servers.values() if (secret := server.password.get_secret_value())]
        of_buckets = (secret for bucket in self.buckets.values() for secret in bucket.secrets)
        return (*passwords, *of_buckets, *(secret for one in self.notify.values() for secret in one.secrets))

    def retention_policy(self, storages: Mapping[str, bool]) -> RetentionPolicy:
        """Return what is kept in these storage backends: name, and whether it is remote."""
        return self.retention.policy(storages, timezone=self.schedules.timezone, schedules=self.schedules.rules)
