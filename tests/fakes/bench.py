"""Everything a run needs, real but for the server and its engine, in a temporary directory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.compression.base import CompressionSettings
from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.retention.settings import RetentionSettings
from octeth_backupd.engines.registry import ENGINES
from octeth_backupd.engines.settings import EnginesSettings
from octeth_backupd.pipeline.context import RunContext
from octeth_backupd.pipeline.parts import Parts
from octeth_backupd.pipeline.restore.journals import Journals
from octeth_backupd.pipeline.restore.settings import RestoreSettings
from octeth_backupd.pipeline.settings import BackupSettings
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.docker import Docker
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage
from octeth_backupd.telemetry.bus import EventBus
from tests.fakes.clock import FakeClock
from tests.fakes.engine import FakeEngine
from tests.fakes.installation import INSTALLATION
from tests.fakes.runs import a_run
from tests.fakes.server import PASSWORD, FakeServer
from tests.fakes.storage import is_state

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.events import Event
    from octeth_backupd.storage.base import Storage


class Bench:
    """A server ``oempro``, its engine, real storage, a real catalog, a bus that is listened to."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.engine = FakeEngine()
        monkeypatch.setitem(ENGINES, "xtrabackup", lambda _settings: self.engine)
        data_directory = directory / "mysql"
        data_directory.mkdir()
        self.server = FakeServer(data_directory)
        self.backups = directory / "backups"
        self.catalog = Catalog.open(directory / "catalog.sqlite", clock=self.clock)
        self.catalog.installations.set_own(INSTALLATION)
        self.storage: Storage = LocalStorage(BackupDirectory(self.backups, fstab=directory / "no-fstab"))
        self.backup_settings: dict[str, Any] = {"max_disk_usage_percent": 100, "min_free": 0, "space_margin": 0}
        self.compression = CompressionSettings(threads=1)
        self.events: list[Event] = []
        self.bus = EventBus()
        self.bus.subscribe(self.events.append)
        self.cancellation = Cancellation()
        self.run = a_run()

    def parts(self, **changes: Any) -> Parts:
        """Return the parts of a configuration with these changes."""
        parts = Parts(
            catalog=self.catalog,
            backup=BackupSettings.model_validate(self.backup_settings),
            compression=self.compression,
            engines=EnginesSettings(),
            docker=Docker("unix:///nonexistent.sock"),
            servers={"oempro": self.server},
            storages=(self.storage,),
            workspace_directory=self.workspaces,
            backup_directory=self.backups,
            runtime_directory=self.directory / "runtime",
            restore=RestoreSettings(),
            journals=Journals(self.directory / "restores"),
            retention=RetentionSettings().policy(
                {self.storage.name: self.storage.is_remote}, timezone="UTC", schedules={}
            ),
            secrets=(PASSWORD,),
        )
        return replace(parts, **changes)

    def context(self, run: Run | None = None) -> RunContext:
        """Return the context of a run that is in the catalog."""
        self.run = run or a_run(tiers=frozenset({Tier.DAILY}))
        self.catalog.add_run(self.run)
        return self.context_of_same_run()

    def context_of_same_run(self) -> RunContext:
        """Return the context of the last run once more."""
        return RunContext(
            run=self.run,
            installation_id=INSTALLATION,
            bus=self.bus,
            clock=self.clock,
            cancellation=self.cancellation,
        )

    @property
    def workspaces(self) -> Path:
        """Return where runs have their workspaces."""
        return self.backups / ".workspace"

    def stored(self) -> list[str]:
        """Return every file beneath the backup directory, hidden and half-done ones too; state files apart."""
        files = (str(path.relative_to(self.backups)) for path in self.backups.rglob("*") if path.is_file())
        return sorted(key for key in files if not is_state(key))

    def close(self) -> None:
        """Close what is open."""
        self.catalog.close()
