"""What the control interface reads from the catalog, and of runs that go on; nothing here changes anything."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from octeth_backupd.daemon.coordinator import chosen_server
from octeth_backupd.daemon.subscription import subscribed
from octeth_backupd.pipeline.sync.sync import REPORT as SYNC_REPORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.control.services import Subscription
    from octeth_backupd.daemon.run_recorder import RunRecorder
    from octeth_backupd.domain.backup import Backup, Run, StepRecord
    from octeth_backupd.domain.events import StepProgress
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.telemetry.bus import EventBus


class ReadingServices:
    """The part of control.services.Services that looks things up.

    Args:
        parts: Returns the parts of the configuration in force.
    """

    def __init__(self, *, catalog: Catalog, bus: EventBus, recorder: RunRecorder, parts: Callable[[], Parts]) -> None:
        self._catalog = catalog
        self._bus = bus
        self._recorder = recorder
        self._parts = parts

    def sync_report(self) -> Mapping[str, Any] | None:
        """See Services.sync_report."""
        text = self._catalog.meta(SYNC_REPORT)
        report: Mapping[str, Any] | None = None if text is None else json.loads(text)
        return report

    def ours(self) -> frozenset[str]:
        """See Services.ours."""
        return self._catalog.installations.ours()

    def find_backup(self, part: str, server: str | None) -> Backup:
        """See Services.find_backup."""
        return self._catalog.find_backup(part, server=server)

    def backups_json(self, *, server: str | None, limit: int | None, after: str | None) -> bytes:
        """See Services.backups_json."""
        return self._catalog.backups_json(server=self._known(server), limit=limit, after=after)

    def find_run(self, part: str) -> Run:
        """See Services.find_run."""
        return self._catalog.find_run(part)

    def runs(self, *, server: str | None, limit: int, before: str | None) -> list[Run]:
        """See Services.runs."""
        return self._catalog.runs(server=self._known(server), limit=limit, before=before)

    def steps(self, run_id: str) -> list[StepRecord]:
        """See Services.steps."""
        return self._catalog.steps(run_id)

    def progress(self, run_id: str) -> StepProgress | None:
        """See Services.progress."""
        return self._recorder.progress(run_id)

    @contextmanager
    def subscribe(self, run_id: str) -> Iterator[Subscription]:
        """See Services.subscribe."""
        with subscribed(self._bus, run_id) as subscription:
            yield subscription

    def _server_names(self) -> tuple[str, ...]:
        return tuple(self._parts().servers)

    def _known(self, server: str | None) -> str | None:
        return None if server is None else chosen_server(server, self._server_names())
