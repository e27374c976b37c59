"""What the live part of a restore asks of the server that it stops and starts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, LoginRefusedError, RestoreError, ServerStillRunningError
from octeth_backupd.pipeline.restore.readiness import wait_until_ready
from octeth_backupd.process.file_locks import is_locked
from octeth_backupd.servers.flushing import flush_dirty_pages, restore_dirty_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.login import Login
    from octeth_backupd.servers.power.base import Power
    from octeth_backupd.servers.server import Server

_LOOK_SECONDS = 0.5
_SYSTEM_TABLESPACE = "ibdata1"
"""InnoDB of both vendors keeps it locked as long as the server lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveServer:
    """A server and its power switch, with the limits of the configuration."""

    context: RunContext
    parts: Parts
    server: Server
    power: Power
    logins: Sequence[Login]

    def wait_until_ready(self, *, seconds: float | None = None) -> None:
        """See readiness.wait_until_ready; ``start_timeout_seconds`` unless told."""
        wait_until_ready(
            self.server,
            self.power,
            self.logins,
            timeout_seconds=self.parts.restore.start_timeout_seconds if seconds is None else seconds,
            wait=time.sleep,
        )

    def flush(self) -> None:
        """Let the server write its dirty pages while it still serves, so that it stops quickly; may fail quietly."""
        if not self.parts.restore.flush_seconds:
            return
        try:
            with self.server.connect(self.server.locate()) as session:
                flush_dirty_pages(session, seconds=self.parts.restore.flush_seconds, clock=self.context.clock)
        except BackupdError as exc:
            self.context.warn(f"dirty pages could not be flushed before the stop, which may take longer: {exc.message}")

    def stop(self) -> None:
        """Ask it to stop and wait until it has.

        Raises:
            ServerStillRunningError: It did not in time.
        """
        self.power.stop(timeout_seconds=self.parts.restore.stop_timeout_seconds, wait=time.sleep)

    def require_stopped(self, data: Path) -> None:
        """Pass when it does not run, and no other server has its files open.

        Args:
            data: Its data directory.

        Raises:
            ServerStillRunningError: It does, or one has.
        """
        if self.power.state().is_running:
            raise ServerStillRunningError(
                f"server {self.server.name} runs although it was stopped",
                hint="Something else started it; find out what, and stop it.",
            )
        system_tablespace = data / _SYSTEM_TABLESPACE
        if is_locked(system_tablespace):
            raise ServerStillRunningError(
                f"server {self.server.name} is stopped, but another process holds {system_tablespace}",
                hint=f"Another server runs on this directory; find it and stop it: fuser -v {system_tablespace}",
            )

    def refuse_other_users(self, paths: Iterable[Path]) -> None:
        """Pass when nobody else uses its directories.

        Raises:
            RestoreError: Another container does.
        """
        others = self.power.other_users(paths)
        if others:
            raise RestoreError(
                f"other running containers mount the server's directories: {', '.join(others)}",
                hint="Stop them; two servers on one data directory destroy it.",
            )

    def start_unless_running(self) -> None:
        """Start a server that did not answer before either; one that was asked to stop and has not is left alone."""
        deadline = time.monotonic() + self.parts.restore.stop_timeout_seconds
        while self.power.state().is_running and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        self.power.start()

    def bring_back(self, *, dirty_pages_allowed: str) -> None:
        """See to it that the server answers: one that was asked to stop may do so at any moment, then it is started.

        Args:
            dirty_pages_allowed: What ``flush`` has changed, to be put back where it was not stopped; empty: nothing.

        Raises:
            BackupdError: It neither answers nor stops within ``start_timeout_seconds``.
        """
        deadline = time.monotonic() + self.parts.restore.start_timeout_seconds
        while True:
            if not self.power.state().is_running:
                self.power.start()
                self.wait_until_ready()
                return
            try:
                self.wait_until_ready(seconds=_LOOK_SECONDS)
            except BackupdError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_SECONDS)
                continue
            if dirty_pages_allowed:
                with self.server.connect(self.server.locate()) as session:
                    restore_dirty_pages(session, dirty_pages_allowed)
            return

    def record_identity(self) -> str:
        """Tell the catalog that the data it has now is this server's; return why that could not be done, or nothing."""
        survey = self.server.survey()
        for login in self.logins:
            if not isinstance(survey.error, LoginRefusedError):
                break
            survey = self.server.as_login(login.user, login.password).survey()
        if survey.facts is None:
            error = survey.error.message if survey.error else "unknown"
            return f"the server's new identity could not be recorded: {error}"
        self.parts.catalog.record_server(self.server.name, survey.facts.identity, self.context.clock.now())
        return ""
