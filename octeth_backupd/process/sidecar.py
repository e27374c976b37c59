"""Running programs in a throwaway container beside the server's: its files, its network, and few rights.

MariaDB's engine reads the paths that the server itself names, so that it must see the server's files under the
server's own paths; and the server's image holds the engine of exactly the server's version.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import (
    BackupdError,
    DockerError,
    NotFoundError,
    ProgramError,
    ProgramTimeoutError,
    ServerUnreachableError,
)
from octeth_backupd.process.command import Completed
from octeth_backupd.process.mark import INSTALLATION_LABEL, RUN_LABEL
from octeth_backupd.process.output import LineSink

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from pathlib import Path
    from typing import Literal

    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.command import Command, StopPolicy
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.process.mark import RunMark
    from octeth_backupd.process.redaction import Redactor

_LOW_CPU_SHARES = 256  # of 1024 for an ordinary container
_HEARTBEAT_SECONDS = 30.0
_ENGINE_SILENCE_LIMIT_SECONDS = 300.0
_EXIT_CODE_TIMEOUT_SECONDS = 30
_SIGNAL_OFFSET = 128
_LAST_SIGNAL = 64
_NOT_EXECUTED = frozenset({126, 127})
_INIT_FAILURE = "[FATAL tini"


class SidecarRunner:
    """See process.command.Runner.

    Every ``run`` makes a container and removes it, however it ends. Paths in ``binds`` appear under the same path;
    those that do not exist at the time are left out.

    Args:
        container_id: The server's, whose files and network the sidecar shares; empty: it has neither, and sees nothing
            but ``binds``.
    """

    name = "sidecar"

    def __init__(
        self,
        *,
        docker: Docker,
        image: str,
        container_id: str,
        binds: Mapping[Path, Literal["rw", "ro"]],
        mark: RunMark,
        redactor: Redactor,
    ) -> None:
        self._docker = docker
        self._image = image
        self._container_id = container_id
        self._binds = dict(binds)
        self._mark = mark
        self._redactor = redactor

    def run(
        self,
        command: Command,
        *,
        on_line: Callable[[str], None],
        cancellation: Cancellation,
        timeout_seconds: float = 0,
    ) -> Completed:
        """See Runner.run.

        Raises:
            ServerUnreachableError: The server's container is gone or stopped.
            DockerError: The Docker engine is gone, or refused.
        """
        cancellation.raise_if_cancelled()
        sidecar_id = self._create(command)
        try:
            watch = _Watch(self._docker, sidecar_id, command.program, LineSink(self._redactor, on_line=on_line))
            watch.attach()
            self._start(sidecar_id)
            with cancellation.on_cancel(watch.wake):
                ended_by_itself = watch.wait(timeout_seconds)
            if not ended_by_itself:
                watch.end(command.stop)
            exit_code = watch.exit_code()
        except BaseException as error:
            self._remove_quietly(sidecar_id)
            if cancellation.reason is not None:
                raise cancellation.reason from error
            raise
        self._docker.remove(sidecar_id, force=True)
        cancellation.raise_if_cancelled()
        if watch.sink.failure is not None:
            raise watch.sink.failure
        if not ended_by_itself:
            raise ProgramTimeoutError(
                f"{command.program} ran longer than {timeout_seconds:g} s and was ended",
                hint="Raise the time limit in the configuration, or set it to 0 for none.",
            )
        self._check_executed(command, exit_code, watch.sink.tail)
        return Completed(program=command.program, exit_code=exit_code, output=watch.sink.tail)

    def _create(self, command: Command) -> str:
        spec = sidecar_spec(command, image=self._image, container_id=self._container_id, mark=self._mark)
        mounts = [
            {"Type": "bind", "Source": str(path), "Target": str(path), "ReadOnly": access == "ro"}
            for path, access in self._binds.items()
            if path.exists()
        ]
        try:
            return self._docker.create_sidecar(**spec, mounts=mounts)
        except (NotFoundError, DockerError) as error:
            if not self._docker.image_exists(self._image):
                raise ProgramError(
                    f"{command.program} cannot run: the image {self._image} is not on this machine",
                    hint=f"Fetch it (docker pull {self._image}), or correct [backup] sidecar_image.",
                ) from error
            if not self._server_runs():
                raise self._server_gone() from error
            raise

    def _start(self, sidecar_id: str) -> None:
        try:
            self._docker.start(sidecar_id)
        except BackupdError as error:
            if self._server_runs():
                raise
            raise self._server_gone() from error

    def _server_runs(self) -> bool:
        if not self._container_id:
            return True  # none is needed
        try:
            return bool(self._docker.inspect_container(self._container_id)["State"]["Running"])
        except NotFoundError:
            return False

    def _server_gone(self) -> ServerUnreachableError:
        return ServerUnreachableError(
            f"the server's container {self._container_id[:12]} is gone or has stopped",
            hint="Start it; after it was recreated, the next run finds the new one by its name.",
            retryable=True,
        )

    def _check_executed(self, command: Command, exit_code: int, tail: tuple[str, ...]) -> None:
        if exit_code in _NOT_EXECUTED and any(_INIT_FAILURE in line for line in tail):
            raise ProgramError(
                f"{command.program} is not in the image {self._image}",
                hint="Set [backup] sidecar_image to an image that holds it in the server's version.",
            )

    def _remove_quietly(self, sidecar_id: str) -> None:
        """Remove a container while an error is on its way; what stays is found by its labels later."""
        try:
            self._docker.remove(sidecar_id, force=True)
        except BackupdError:
            return


class _Watch:
    """Follows one container: its lines, its end, a reason to end it."""

    def __init__(self, docker: Docker, sidecar_id: str, program: str, sink: LineSink) -> None:
        self._docker = docker
        self._sidecar_id = sidecar_id
        self._program = program
        self._woken = threading.Event()
        self._stream_ended = threading.Event()
        self._attention = threading.Event()
        self.sink = sink
        sink.on_failure = self.wake

    def attach(self) -> None:
        """Begin to read; called before the start, so that no line is missed."""
        lines = self._docker.attach_lines(self._sidecar_id)
        threading.Thread(target=self._read, args=(lines,), name="sidecar-output", daemon=True).start()

    def wake(self) -> None:
        """Make ``wait`` return False."""
        self._woken.set()
        self._attention.set()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the container's own end; return False when woken or when the time is over.

        Raises:
            DockerError: The Docker engine has not answered for five minutes.
        """
        limit = time.monotonic() + timeout_seconds if timeout_seconds else None
        heard_at = time.monotonic()
        while True:
            left = _HEARTBEAT_SECONDS if limit is None else min(_HEARTBEAT_SECONDS, limit - time.monotonic())
            if self._attention.wait(max(0.0, left)):
                return not self._woken.is_set()
            if limit is not None and time.monotonic() >= limit:
                return False
            try:
                state = self._docker.inspect_container(self._sidecar_id)["State"]
            except NotFoundError:
                return True
            except DockerError:
                if time.monotonic() - heard_at > _ENGINE_SILENCE_LIMIT_SECONDS:
                    raise
                continue
            heard_at = time.monotonic()
            if not state["Running"]:
                return True

    def end(self, policy: StopPolicy) -> None:
        """End the program by its stop policy; the removal of the container ends whatever outlives that."""
        for number in policy.signals:
            self._docker.kill(self._sidecar_id, number.name)
            if self._stream_ended.wait(policy.grace_seconds):
                return
        self._docker.kill(self._sidecar_id, "SIGKILL")

    def exit_code(self) -> int:
        """Return the exit code, negative for a signal.

        Raises:
            ProgramError: The container vanished.
            DockerError: The connection to the engine broke, so that nobody knows what the program printed.
        """
        try:
            code = self._docker.wait(self._sidecar_id, _EXIT_CODE_TIMEOUT_SECONDS)
        except NotFoundError as error:
            raise ProgramError(
                f"the sidecar container of {self._program} vanished while it ran",
                hint="Somebody removed it, perhaps an upgrade script; run the backup again.",
                retryable=True,
            ) from error
        except ProgramTimeoutError as error:
            raise DockerError(
                f"the output of {self._program} was lost while it ran: the connection to the Docker engine broke",
                hint="Look for a restart of the Docker engine (journalctl -u docker); run the backup again.",
                retryable=True,
            ) from error
        if not self._stream_ended.wait(_EXIT_CODE_TIMEOUT_SECONDS):
            raise DockerError(f"the output of {self._program} did not end with its container", retryable=True)
        if _SIGNAL_OFFSET < code <= _SIGNAL_OFFSET + _LAST_SIGNAL:
            return _SIGNAL_OFFSET - code
        return code

    def _read(self, lines: Iterator[str]) -> None:
        try:
            for line in lines:
                self.sink.take(line)
        except BackupdError as error:
            self.sink.fail(error)
        finally:
            self._stream_ended.set()
            self._attention.set()


def sidecar_spec(command: Command, *, image: str, container_id: str, mark: RunMark) -> dict[str, Any]:
    """Return how a sidecar is created, without its mounts, in the words of the Docker SDK.

    ``init``: as PID 1 of its container a program would not even notice INT and TERM; a small init hands them on.
    DAC_READ_SEARCH: reading files of another owner is all that a backup needs beyond nothing. The label option is for
    hosts with SELinux, which otherwise keeps one container from another's files.
    """
    spec: dict[str, Any] = {
        "image": image,
        "name": _container_name(command, mark),
        "entrypoint": [command.program],
        "command": list(command.arguments),
        "environment": {
            "LC_ALL": "C",
            "TZ": "UTC",
            "HOME": "/nonexistent",
            **command.environment,
            **mark.environment(),
        },
        "labels": mark.labels(),
        "network_mode": f"container:{container_id}" if container_id else "none",
        "user": "0:0",
        "cap_drop": ["ALL"],
        "cap_add": ["DAC_READ_SEARCH"],
        "security_opt": ["no-new-privileges", "label=disable"],
        "init": True,
        "restart_policy": {"Name": "no"},
        "healthcheck": {"test": ["NONE"]},
    }
    if container_id:
        spec["volumes_from"] = [f"{container_id}:ro"]
    if command.working_directory is not None:
        spec["working_dir"] = str(command.working_directory)
    if command.low_priority:
        spec["cpu_shares"] = _LOW_CPU_SHARES
    if command.open_files_limit:
        spec["ulimits"] = [
            {"name": "nofile", "soft": command.open_files_limit, "hard": command.open_files_limit},
        ]
    return spec


def end_sidecars(docker: Docker, installation_id: str, *, keep: Container[str] = frozenset()) -> tuple[str, ...]:
    """End and remove this installation's sidecars, but those of the runs in ``keep``.

    ``keep`` is asked after the sidecars were listed, so that it may be what runs at that moment.

    Returns:
        Their names.

    Raises:
        DockerError: The Docker engine cannot be reached or refused.
    """
    ended = []
    for container in docker.list_labelled({INSTALLATION_LABEL: installation_id}):
        if (container.get("Labels") or {}).get(RUN_LABEL) in keep:
            continue
        docker.remove(container["Id"], force=True)
        ended.append(_name_of(container))
    return tuple(ended)


def _name_of(container: Mapping[str, Any]) -> str:
    names = container.get("Names") or [container["Id"][:12]]
    return str(names[0]).lstrip("/")


def _container_name(command: Command, mark: RunMark) -> str:
    words = ("octeth-backupd", mark.run_id, PurePath(command.program).name, secrets.token_hex(3))
    return re.sub(r"[^A-Za-z0-9_.-]", "_", "-".join(words))
