"""One start of a server on staged data: in its container or on this host, until it answers, and down again."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.overrides import (
    ERROR_LOG_NAME,
    SOCKET_NAME,
    Override,
    RehearsalPlace,
    overrides,
    rehearsal_command,
)
from octeth_backupd.domain.server import Address
from octeth_backupd.errors import (
    BackupdError,
    ProgramTimeoutError,
    ServerUnreachableError,
    VerificationError,
)
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore.rehearsal_host import (
    has_systemd,
    host_server,
    name_space_command,
    scratch_inside,
    scratch_root,
    unit_command,
    unit_name,
)
from octeth_backupd.pipeline.restore.rehearsal_performance import HINT, STOP_SECONDS, Performance
from octeth_backupd.pipeline.restore.rehearsal_server import (
    Binding,
    container_bindings,
    container_server,
    container_spec,
)
from octeth_backupd.process.files import translated_os_errors
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.rehearsal import RehearsalSubject
    from octeth_backupd.pipeline.restore.rehearsal_server import RehearsalServer

CONTAINER_SCRATCH = PurePosixPath("/octeth-backupd-rehearsal")
_LOG_TAIL_BYTES = 256 * 1024
_TOLD_LINES = 5


class Stage:
    """Where a rehearsal takes place: directories, options, limits. Starts a server as often as it is needed.

    Args:
        context: The run.
        parts: The configuration's object graph.
        subject: What is rehearsed.
    """

    def __init__(self, context: RunContext, parts: Parts, subject: RehearsalSubject) -> None:
        self._context = context
        self._parts = parts
        self._subject = subject
        self._mark = RunMark(context.installation_id, context.run.run_id)
        self._redactor = Redactor(parts.secrets)
        self._directory = subject.scratch / "server"
        self._expired = threading.Event()
        data = subject.server_paths["data"]
        if subject.container is not None:
            self._root = CONTAINER_SCRATCH
            inside = CONTAINER_SCRATCH
        else:
            sources = (subject.data_directory, subject.scratch, *filter(None, [subject.binlog_directory]))
            self._root = scratch_root(sources, subject.server_paths.values())
            inside = scratch_inside(self._root)
        self.place = RehearsalPlace(data=data, scratch=inside)
        self.overrides: tuple[Override, ...] = overrides(
            subject.vendor, subject.version, self.place, log_bin=subject.log_bin
        )
        self.limit_seconds = parts.restore.rehearsal_timeout_seconds
        if subject.deep:
            self.limit_seconds += parts.restore.check_table_seconds

    @contextmanager
    def server(self, *, skip_grants: bool) -> Iterator[Performance]:
        """Start a server, and have it ended at the end of the block; over the limit, or cancelled, it is ended at once.

        Raises:
            VerificationError: It ended.
            ProgramTimeoutError: It took too long.
            DockerError: The engine cannot be reached or refused.
            BackupdError: The reason of the cancellation.
        """
        self._context.cancellation.raise_if_cancelled()
        self._make_directory()
        argv = rehearsal_command(self._subject.command, self._subject.vendor, self.overrides, skip_grants=skip_grants)
        try:
            with self._launched(argv) as server, self._bounded(server):
                yield Performance(self._context, server, self.address, lambda: self._told(server))
        except BackupdError as exc:
            self._context.cancellation.raise_if_cancelled()
            if self._expired.is_set():
                raise ProgramTimeoutError(
                    f"the rehearsal took longer than {self.limit_seconds} s and was ended",
                    hint="Raise [restore] rehearsal_timeout_seconds, or restore with --no-rehearsal.",
                ) from exc
            if isinstance(exc, ServerUnreachableError):
                raise VerificationError(f"{exc.message}{self._log_words()}", hint=HINT) from exc
            raise

    @property
    def address(self) -> Address:
        """Return where the server of this stage listens."""
        return Address(unix_socket=str(self._directory / SOCKET_NAME), origin="rehearsal")

    def error_log(self) -> tuple[str, ...]:
        """Return the last lines of the server's error log, redacted; empty when there is none."""
        path = self._directory / ERROR_LOG_NAME
        try:
            # The server could have made it a link to anything.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _LOG_TAIL_BYTES))
                text = file.read(_LOG_TAIL_BYTES).decode(errors="replace")
        except OSError:
            return ()
        return tuple(self._redactor.redact(line) for line in text.splitlines())

    def clear(self) -> None:
        """Remove what the server left in its scratch directory."""
        with translated_os_errors(self._directory):
            if self._directory.exists():
                shutil.rmtree(self._directory)

    def _make_directory(self) -> None:
        self.clear()
        with translated_os_errors(self._directory):
            self._directory.mkdir(mode=0o700, parents=True)
            self._directory.chmod(0o700)
            os.chown(self._directory, self._subject.owner.user_id, self._subject.owner.group_id)

    def _bindings(self) -> tuple[Binding, ...]:
        """Return what the server sees; scratch first: the others may lie over the place it comes from."""
        subject = self._subject
        own = [Binding(source=self._directory, target=self.place.scratch)]
        if subject.binlog_directory is not None:
            own.append(Binding(source=subject.binlog_directory, target=subject.server_paths["binlog"]))
        return (*own, Binding(source=subject.data_directory, target=self.place.data))

    @contextmanager
    def _launched(self, argv: tuple[str, ...]) -> Iterator[RehearsalServer]:
        context, subject = self._context, self._subject
        publish = context.output_of(PurePosixPath(argv[0]).name)

        def on_line(line: str) -> None:
            publish(self._redactor.redact(line))

        if subject.container is not None:
            spec = container_spec(
                argv,
                container=subject.container,
                bindings=container_bindings(subject.container, self._bindings()),
                owner=subject.owner,
                mark=self._mark,
            )
            with container_server(self._parts.docker, spec, on_line=on_line) as server:
                yield server
            return
        runner = Programs(self._parts, installation_id=context.installation_id, run_id=context.run.run_id).host
        unit = unit_name(self._mark) if has_systemd() else ""
        if unit:
            command = unit_command(
                argv,
                unit=unit,
                bindings=self._bindings(),
                root=self._root,
                owner=subject.owner,
                mark=self._mark,
                limit_seconds=self.limit_seconds + STOP_SECONDS,
            )
        else:
            command = name_space_command(argv, bindings=self._bindings(), root=self._root, owner=subject.owner)
        with host_server(runner, command, unit=unit, on_line=on_line) as server:
            yield server

    @contextmanager
    def _bounded(self, server: RehearsalServer) -> Iterator[None]:
        def kill() -> None:
            try:
                server.kill()
            except BackupdError:
                return  # the end of the block, or recovery, removes it

        def expire() -> None:
            self._expired.set()
            kill()

        timer = threading.Timer(self.limit_seconds, expire)
        timer.daemon = True
        with self._context.cancellation.on_cancel(kill):
            timer.start()
            try:
                yield
            finally:
                timer.cancel()

    def _told(self, server: RehearsalServer) -> str:
        return self._log_words() or _words(tuple(map(self._redactor.redact, server.last_words())))

    def _log_words(self) -> str:
        return _words(self.error_log())


def _words(lines: Sequence[str]) -> str:
    """Return the most telling lines of a log as the end of a message."""
    errors = [line for line in lines if "[ERROR]" in line or "mysqld: " in line or "mariadbd: " in line]
    chosen = (errors or list(lines))[-_TOLD_LINES:]
    return f": {' | '.join(line.strip() for line in chosen)}" if chosen else ""
