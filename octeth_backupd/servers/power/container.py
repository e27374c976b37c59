"""The power switch of a server in a Docker container."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.restore.journal import RestartPolicy
from octeth_backupd.errors import (
    DockerError,
    NotFoundError,
    ProgramTimeoutError,
    ServerError,
    ServerStillRunningError,
)
from octeth_backupd.process.docker_servers import read_log, set_restart_policy
from octeth_backupd.servers.container import require_named
from octeth_backupd.servers.power.base import LOG_LINES, POLL_SECONDS, PowerState
from octeth_backupd.servers.power.neighbours import containers_holding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.process.docker import Docker

_USUAL_STOP_SIGNAL = "SIGTERM"
_END_SECONDS = 60
_SIGNAL_AGAIN_SECONDS = 5
"""A first process that has no handler yet, such as an entrypoint's shell, loses a signal; a second one does no harm."""
_SWARM_LABEL = "com.docker.swarm.service.name"
_BEFORE_START = timedelta(seconds=1)
"""The engine notes a start only once the program runs and may have spoken."""


class ContainerPower:
    """See servers.power.base.Power.

    Args:
        docker: The engine.
        name: Of the container.
        container_id: Of the one container that is meant; empty: whichever bears the name.
        clock: For the time limit of ``stop``.
    """

    def __init__(self, docker: Docker, name: str, *, container_id: str, clock: Clock) -> None:
        self._docker = docker
        self._name = name
        self._container_id = container_id
        self._clock = clock

    def state(self) -> PowerState:
        """See Power.state.

        Raises:
            ServerError: Another container bears the name now, or the container has another name.
        """
        inspected = self._find()
        if inspected is None:
            return PowerState(exists=False)
        policy = (inspected.get("HostConfig") or {}).get("RestartPolicy") or {}
        running = _is_running(inspected)
        return PowerState(
            exists=True,
            container_id=str(inspected["Id"]),
            is_running=running,
            policy=RestartPolicy(
                name=str(policy.get("Name") or "no"), maximum_retries=int(policy.get("MaximumRetryCount") or 0)
            ),
            exit_code=None if running else int(inspected["State"].get("ExitCode") or 0),
        )

    def fence(self) -> None:
        """See Power.fence.

        Raises:
            ServerError: Something else than a restart policy would remove or replace it when it stops.
        """
        inspected = self._find()
        if inspected is None:
            return
        if (inspected.get("HostConfig") or {}).get("AutoRemove"):
            raise ServerError(
                f"container {self._name} removes itself when it is stopped",
                hint="Create it without --rm; its data directory stays on the host.",
            )
        service = ((inspected.get("Config") or {}).get("Labels") or {}).get(_SWARM_LABEL)
        if service:
            raise ServerError(
                f"container {self._name} belongs to the swarm service {service}, which replaces it when it stops",
                hint="Run the server as a container of its own, or restore with --to and put the files in place.",
            )
        set_restart_policy(self._docker, str(inspected["Id"]), name="no")

    def unfence(self, policy: RestartPolicy) -> None:
        """See Power.unfence."""
        set_restart_policy(
            self._docker, self._require_id(), name=policy.name or "no", maximum_retries=policy.maximum_retries
        )

    def stop(self, *, timeout_seconds: float, wait: Callable[[float], None]) -> None:
        """See Power.stop.

        The container's stop signal is sent by the engine's "kill" call, which returns at once; its "stop" call would
        send KILL after a while. A process that was started by a pending restart gets the signal too.

        Source:
            moby 20.10, ``daemon/kill.go``, ``killWithSignal``: the stop signal counts as a stop by hand, wakes a paused
            container and cancels a pending restart.
        """
        deadline = self._clock.monotonic_seconds() + timeout_seconds
        signalled, again_at = "", deadline
        while (inspected := self._find()) is not None and _is_running(inspected):
            incarnation = f"{inspected['State'].get('StartedAt')} {inspected['State'].get('Restarting')}"
            now = self._clock.monotonic_seconds()
            if incarnation != signalled or again_at <= now < deadline:
                signal = str((inspected.get("Config") or {}).get("StopSignal") or _USUAL_STOP_SIGNAL)
                self._docker.kill(str(inspected["Id"]), signal)
                signalled, again_at = incarnation, now + _SIGNAL_AGAIN_SECONDS
            elif now >= deadline:
                raise ServerStillRunningError(
                    f"container {self._name} still runs {timeout_seconds:g} s after it was asked to stop",
                    hint=f"It is not killed. See what it waits for: docker logs --tail 50 {self._name}",
                )
            else:
                wait(POLL_SECONDS)

    def end(self) -> None:
        """See Power.end.

        Raises:
            ServerStillRunningError: Not even that ended it.
        """
        inspected = self._find()
        if inspected is None or not _is_running(inspected):
            return
        container_id = str(inspected["Id"])
        self._docker.kill(container_id, "SIGKILL")
        try:
            self._docker.wait(container_id, _END_SECONDS)
        except NotFoundError:
            return
        except ProgramTimeoutError as exc:
            raise ServerStillRunningError(
                f"container {self._name} cannot even be killed",
                hint="Its process hangs in the kernel, most often on its storage: see dmesg.",
            ) from exc

    def start(self, _policy: RestartPolicy | None = None, /) -> None:
        """See Power.start."""
        inspected = self._find()
        if inspected is None:
            raise ServerError(f"container {self._name} does not exist any more", hint=self._absent_hint())
        if _is_running(inspected):
            return
        try:
            self._docker.start(str(inspected["Id"]))
        except DockerError as exc:
            if exc.retryable:
                raise
            raise ServerError(
                f"container {self._name} cannot be started: {exc.message}", hint=f"Try: docker start {self._name}"
            ) from exc

    def log_since(self, at: datetime) -> tuple[str, ...]:
        """See Power.log_since; for the engine's clock the present start is the moment, wherever ``at`` lies."""
        inspected = self._find()
        if inspected is None:
            return ()
        try:
            return read_log(
                self._docker,
                str(inspected["Id"]),
                since=_present_start(inspected.get("State") or {}) or at,
                last_lines=LOG_LINES,
            )
        except DockerError as exc:
            if exc.retryable:
                raise
            return ()  # a logging driver that cannot be read from

    def other_users(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """See Power.other_users."""
        inspected = self._find()
        return containers_holding(self._docker, paths, but="" if inspected is None else str(inspected["Id"]))

    def _find(self) -> dict[str, Any] | None:
        """Return what the engine says of the container, None when it does not exist.

        Raises:
            ServerError: Another one bears its name, or it bears another.
        """
        if not self._container_id:
            return self._named()
        try:
            inspected = self._docker.inspect_container(self._container_id)
        except NotFoundError:
            other = self._named()
        else:
            if str(inspected.get("Name") or "").strip("/") == self._name.strip("/"):
                return inspected
            other = inspected
        if other is None:
            return None
        raise ServerError(
            f"container {self._name} is not the one that this restore began with: that has the id "
            f"{self._container_id[:12]}, found was {str(other['Id'])[:12]} named {str(other.get('Name')).strip('/')}",
            hint="Give the container that it began with its name back (docker rename), and nothing else that name.",
        )

    def _named(self) -> dict[str, Any] | None:
        try:
            inspected = self._docker.inspect_container(self._name)
            require_named(inspected, self._name)
        except NotFoundError:
            return None
        return inspected

    def _require_id(self) -> str:
        inspected = self._find()
        if inspected is None:
            raise ServerError(f"container {self._name} does not exist any more", hint=self._absent_hint())
        return str(inspected["Id"])

    def _absent_hint(self) -> str:
        return f"Create {self._name} again with the mounts that it had; its data is where it was on the host."


def _is_running(inspected: dict[str, Any]) -> bool:
    state = inspected.get("State") or {}
    return any(bool(state.get(word)) for word in ("Running", "Paused", "Restarting"))


def _present_start(state: dict[str, Any]) -> datetime | None:
    """Return a moment before the first line of the present start and after the last line of the one before.

    Only while it runs is the end that the engine tells of the one before; of one that ended at once it may lie before
    its start.
    """
    started, finished = _time(state.get("StartedAt")), _time(state.get("FinishedAt"))
    if started is None:
        return None
    earliest = started - _BEFORE_START
    if state.get("Running") and finished is not None and earliest < finished <= started:
        return finished
    return earliest


def _time(text: object) -> datetime | None:
    """Return a time of the engine's; None for year 1, by which it says "never"."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.year > 1 else None
