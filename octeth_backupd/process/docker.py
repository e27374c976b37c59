"""The door to the Docker engine: every call is bounded in time and fails with an error of ours."""

from __future__ import annotations

import contextlib
import struct
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import LogConfig
from pydantic import Field

from octeth_backupd.domain.section import Section
from octeth_backupd.errors import DockerError, NotFoundError, ProgramTimeoutError
from octeth_backupd.process.docker_errors import connection_error, refused_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_Result = TypeVar("_Result")

_CALL_TIMEOUT_SECONDS = 15
_LOG_LIMIT = {"max-size": "10m", "max-file": "1"}
_CONFLICT = 409
_FRAME = struct.Struct(">4xI")
"""Head of a piece of output: which stream, three zeros, how many bytes follow."""


class DockerSettings(Section):
    """The Docker engine."""

    host: str = Field(
        default="unix:///var/run/docker.sock", description="Address of the Docker engine, as in DOCKER_HOST."
    )


class Docker:
    """The Docker engine of this machine; may be used from several threads.

    Nothing is connected before the first call, and a connection that failed is made anew by the next one: the engine
    may be restarted at any time.

    Args:
        host: As in ``DOCKER_HOST``.
        timeout_seconds: For each call that does not say its own.
    """

    def __init__(self, host: str, *, timeout_seconds: int = _CALL_TIMEOUT_SECONDS) -> None:
        self._host = host
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._connection: docker.DockerClient | None = None

    def ping(self) -> None:
        """Ask the engine whether it is there.

        Raises:
            DockerError: It is not; the hint says why and what to do.
        """
        self.call("answer a ping", lambda client: client.ping())

    def inspect_container(self, name_or_id: str) -> dict[str, Any]:
        """Return what ``docker inspect`` says of a container now.

        Raises:
            NotFoundError: There is no such container.
            DockerError: The engine cannot be reached or refused.
        """
        inspected: dict[str, Any] = self.call(
            f"inspect container {name_or_id}", lambda client: client.api.inspect_container(name_or_id)
        )
        return inspected

    def container_names(self) -> tuple[str, ...]:
        """Return the names of the running containers."""
        listed = self.call("list containers", lambda client: client.api.containers())
        return tuple(sorted(name.lstrip("/") for entry in listed for name in entry.get("Names") or ()))

    def exec_output(self, container_id: str, argv: Sequence[str], timeout_seconds: float) -> tuple[int, str]:
        """Run a program in a running container, as root, and return its exit code with what it wrote.

        A program that is not there gives exit code 126 or 127 and the engine's words as output. The engine cannot end
        a program: one that hangs goes on in the container.

        Raises:
            NotFoundError: There is no such container.
            DockerError: The engine cannot be reached or refused, as it does for a stopped or paused container.
            ProgramTimeoutError: The program neither said anything nor ended for this long.
        """
        action = f"run {argv[0]} in container {container_id}"

        def run(client: docker.DockerClient) -> tuple[int, str]:
            exec_id = client.api.exec_create(container_id, list(argv), user="root")["Id"]
            try:
                output = _start_exec(client, exec_id, timeout_seconds, action)
            except (requests.ReadTimeout, requests.ConnectionError) as error:
                if "timed out" not in str(error).lower():
                    raise
                raise ProgramTimeoutError(f"{action}: no answer after {timeout_seconds:g} s", retryable=True) from error
            exit_code = client.api.exec_inspect(exec_id)["ExitCode"]
            return int(exit_code if exit_code is not None else -1), output

        result: tuple[int, str] = self.call(action, run)
        return result

    def create_sidecar(self, **spec: Any) -> str:
        """Create, but do not start, a container and return its id.

        Args:
            spec: Keyword arguments of the SDK's ``containers.create``, ``image`` among them. Unless ``log_config``
                is given, the engine keeps its output in one small file, whatever the engine's own default is: nothing
                is sent elsewhere, and no disk fills.

        Raises:
            NotFoundError: The image is not on this machine.
            DockerError: The engine cannot be reached or refused.
        """
        spec.setdefault("log_config", LogConfig(type=LogConfig.types.JSON, config=_LOG_LIMIT))
        image = spec.pop("image")
        created = self.call(
            f"create a container of image {image}", lambda client: client.containers.create(image, **spec)
        )
        return str(created.id)

    def start(self, container_id: str) -> None:
        """Start a container; fine when it runs already."""
        self.call(f"start container {container_id}", lambda client: client.api.start(container_id))

    def attach_lines(self, container_id: str) -> Iterator[str]:
        """Attach to a container that was created but not started, and return its lines, from both streams.

        The call itself attaches, so that nothing is missed; the iterator ends with the container, or when the engine
        goes away: ``wait`` tells which. Once started, a container is refused: the SDK would lose its first lines, and
        wait forever for one that has ended.

        Raises:
            NotFoundError: There is no such container.
            DockerError: The engine cannot be reached or refused; while iterating: the connection broke.
        """
        status = self.inspect_container(container_id)["State"]["Status"]
        if status != "created":
            raise DockerError(f"container {container_id} was started before anybody listened to it ({status})")
        stream = self.call(
            f"attach to container {container_id}",
            lambda client: client.api.attach(container_id, stream=True, demux=True),
        )
        return _lines(stream)

    def wait(self, container_id: str, timeout: int) -> int:
        """Return a container's exit code once it has ended.

        Args:
            container_id: Of a container that was started.
            timeout: Seconds to wait at most.

        Raises:
            ProgramTimeoutError: It still runs.
            NotFoundError: It was removed.
            DockerError: The engine cannot be reached or refused.
        """

        def wait(client: docker.DockerClient) -> int:
            try:
                return int(client.api.wait(container_id, timeout=timeout)["StatusCode"])
            except (requests.ReadTimeout, requests.ConnectionError) as error:
                if "timed out" not in str(error).lower():
                    raise
                raise ProgramTimeoutError(
                    f"container {container_id} still runs after {timeout} s", retryable=True
                ) from error

        exit_code: int = self.call(f"wait for container {container_id}", wait)
        return exit_code

    def kill(self, container_id: str, signal: str) -> None:
        """Send a signal to a container's first process; fine when it has ended or is gone."""
        with contextlib.suppress(NotFoundError):
            self.call(
                f"signal container {container_id}",
                lambda client: client.api.kill(container_id, signal),
                fine=(_CONFLICT,),
            )

    def remove(self, container_id: str, *, force: bool = True) -> None:
        """Remove a container with its anonymous volumes; fine when it is gone or going."""
        with contextlib.suppress(NotFoundError):
            self.call(
                f"remove container {container_id}",
                lambda client: client.api.remove_container(container_id, force=force, v=True),
                fine=(_CONFLICT,) if force else (),
            )

    def list_labelled(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the containers, running or not, that carry all these labels; an empty value stands for any.

        Each has at least ``Id``, ``Names``, ``Labels``, ``State`` and ``Image``.
        """
        wanted = [f"{name}={value}" if value else name for name, value in labels.items()]
        listed: list[dict[str, Any]] = self.call(
            "list containers", lambda client: client.api.containers(all=True, filters={"label": wanted})
        )
        return listed

    def image_digest(self, image_id: str) -> str:
        """Return ``sha256:…`` of an image as its registry knows it; its id when it was never in a registry.

        Empty when the image is gone (a container goes on without it).
        """
        try:
            image = self._inspect_image(image_id)
        except NotFoundError:
            return ""
        for reference in image.get("RepoDigests") or ():
            return str(reference).rpartition("@")[2]
        return str(image["Id"])

    def image_exists(self, name: str) -> bool:
        """Return whether an image is on this machine."""
        try:
            self._inspect_image(name)
        except NotFoundError:
            return False
        return True

    def close(self) -> None:
        """Close the connection; the next call makes a new one."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _inspect_image(self, name_or_id: str) -> dict[str, Any]:
        image: dict[str, Any] = self.call(
            f"inspect image {name_or_id}", lambda client: client.images.get(name_or_id).attrs
        )
        return image

    def call(self, action: str, call: Callable[[docker.DockerClient], _Result], *, fine: tuple[int, ...] = ()) -> Any:
        """Make one call and translate what it raises.

        Args:
            action: What is asked of the engine, for its refusal: "start container x".
            call: Asks it.
            fine: HTTP codes that mean that nothing was left to do; the answer is then None.

        Raises:
            NotFoundError: There is no such container or image.
            DockerError: The engine cannot be reached or refused.
        """
        try:
            return call(self._client())
        except (NotFound, ImageNotFound) as error:
            raise NotFoundError(f"{error.explanation or error}".strip().rstrip(".").lower()) from error
        except APIError as error:
            if error.status_code in fine:
                return None
            raise refused_error(str(error.explanation or error), action) from error
        except (DockerException, requests.RequestException, OSError) as error:
            self.close()
            raise connection_error(error, self._host) from error

    def _client(self) -> docker.DockerClient:
        """Return the connection, made when there is none: the SDK connects in its constructor."""
        with self._lock:
            if self._connection is None:
                self._connection = docker.DockerClient(base_url=self._host, timeout=self._timeout_seconds)
            return self._connection


def _start_exec(client: docker.DockerClient, exec_id: str, timeout_seconds: float, action: str) -> str:
    """Run an exec instance to its end and return its output.

    Not by the SDK's own method: that asks for an upgraded connection and reads past what came with the headers.

    Source:
        Docker Engine API 1.41, "Start an exec instance", and "Attach to a container", section "Stream format".
    """
    url = f"{client.api.base_url}/v{client.api.api_version}/exec/{exec_id}/start"
    with client.api.post(url, json={"Detach": False, "Tty": False}, timeout=timeout_seconds) as response:
        if not response.ok:
            raise refused_error(response.text, action)
        body = response.content
    payloads = []
    while len(body) >= _FRAME.size:
        (length,) = _FRAME.unpack_from(body)
        payloads.append(body[_FRAME.size : _FRAME.size + length])
        body = body[_FRAME.size + length :]
    return b"".join(payloads).decode(errors="replace")


def _lines(chunks: Iterable[tuple[bytes | None, bytes | None]]) -> Iterator[str]:
    """Yield whole lines of two interleaved streams; a last line without an end counts too."""
    rests = [b"", b""]
    try:
        for pair in chunks:
            for number, chunk in enumerate(pair):
                *complete, rests[number] = (rests[number] + (chunk or b"")).split(b"\n")
                for line in complete:
                    yield line.decode(errors="replace").rstrip("\r")
    except (OSError, requests.RequestException) as error:
        raise DockerError("the connection to the container's output broke", retryable=True) from error
    for rest in rests:
        if rest:
            yield rest.decode(errors="replace").rstrip("\r")
