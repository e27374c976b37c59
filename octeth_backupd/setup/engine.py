"""The engine for a server: is there one that fits, and getting one."""

from __future__ import annotations

import shlex
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from octeth_backupd.assembly import build_parts
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import ProgramError
from octeth_backupd.pipeline.inspection import inspect_server
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.process.signals import deferred_requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.engines.selection import EnginePlacement
    from octeth_backupd.pipeline.inspection import Inspection
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.process.host import HostRunner
    from octeth_backupd.servers.server import Server
    from octeth_backupd.settings.settings import Settings

SETUP_MARK = "setup"
# Package managers and percona-release keep things in the home directory of root.
_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStanding:
    """Whether an engine is there that fits the server.

    Attributes:
        words: What there is, or what is wrong.
    """

    fits: bool
    words: str


@contextmanager
def trial_parts(settings: Settings, clock: Clock) -> Iterator[Parts]:
    """Yield what runs are made of, over a catalog that is thrown away: the daemon may be running."""
    with TemporaryDirectory(prefix="octeth-backupd-setup-") as directory:
        catalog = Catalog.open(Path(directory) / "catalog.sqlite", clock=clock)
        try:
            parts = build_parts(settings, catalog)
            try:
                yield parts
            finally:
                parts.docker.close()
        finally:
            catalog.close()


def look_at_engine(server: Server, settings: Settings, clock: Clock) -> EngineStanding:
    """Return whether an engine that fits a server can be run as a configuration says.

    Args:
        server: With the login to ask it by.
        settings: The configuration that is tried.
        clock: For the catalog that is thrown away.
    """
    with trial_parts(settings, clock) as parts:
        tried = replace(parts, servers={server.name: server})
        programs = Programs(tried, installation_id=SETUP_MARK, run_id=SETUP_MARK)
        inspection = inspect_server(server, tried, programs=programs, binds={}, cancellation=Cancellation())
        return standing_of(inspection)


def standing_of(inspection: Inspection) -> EngineStanding:
    """Return what an inspection says of the engine."""
    subject, placement = inspection.subject, inspection.placement
    error = subject.engine_error or subject.placement_error or subject.engine_version_error
    if error is not None:
        return EngineStanding(fits=False, words=error.message)
    facts = inspection.survey.facts
    if inspection.engine is None or placement is None or inspection.engine_version is None or facts is None:
        return EngineStanding(fits=False, words="it cannot be said yet which engine fits")
    fit = inspection.engine.check_fit(inspection.engine_version, facts)
    where = f"in a sidecar of image {_image(inspection, placement)}" if placement.kind == "sidecar" else "on this host"
    return EngineStanding(
        fits=fit.status is not CheckStatus.FAILED, words=f"{inspection.engine.name} {where}: {fit.summary}"
    )


def _image(inspection: Inspection, placement: EnginePlacement) -> str:
    """Return the image as people know it: the server's own is called by its id."""
    location = inspection.survey.location
    container = location.container if location is not None else None
    return container.image if container is not None and placement.image == container.image_id else placement.image


def run_commands(commands: Sequence[Sequence[str]], host_runner: HostRunner, say: Callable[[str], None]) -> None:
    """Run commands in turn, showing each and what it says.

    Raises:
        ProgramError: One is not there, or failed; those after it were not run.
    """
    for vector in commands:
        say(f"$ {shlex.join(vector)}")
        _run(vector, host_runner, lambda line: say(f"  {line}"))


def install(commands: Sequence[Sequence[str]], host_runner: HostRunner, say: Callable[[str], None]) -> None:
    """Run a package manager's commands likewise, each to its end: what cuts off dpkg or rpm leaves packages half there.

    Ctrl-C, or the loss of the terminal, is heeded when the command that runs has ended.

    Raises:
        ProgramError: See ``run_commands``.
    """

    def show(line: str) -> None:
        with suppress(OSError):  # a terminal that is gone is no reason to end it, either
            say(f"  {line}")

    say("(Ctrl-C ends setup after the command that runs, not in the midst of it.)")
    for vector in commands:
        say(f"$ {shlex.join(vector)}")
        with deferred_requests():
            _run(vector, host_runner, show)


def _run(vector: Sequence[str], host_runner: HostRunner, on_line: Callable[[str], None]) -> None:
    program, *arguments = vector
    command = Command(program=program, arguments=tuple(arguments), environment=_ENVIRONMENT, low_priority=False)
    ended = host_runner.run(command, on_line=on_line, cancellation=Cancellation())
    if ended.exit_code != 0:
        raise ProgramError(
            f"{shlex.join(vector)} ended with {ended.exit_code}",
            hint="Nothing was configured. Install the engine by hand, then run setup again.",
        )
