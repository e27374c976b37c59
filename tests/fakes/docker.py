"""A Docker engine in memory, as far as sidecars need one."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import BackupdError, NotFoundError, ProgramTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class FakeDocker:
    """One server container and the sidecars made beside it.

    Args:
        lines: What a sidecar prints once it is started.
        exit_code: How it then ends; None: it runs until it is killed.
        dies_on: Signals that end it.
    """

    def __init__(
        self, *, lines: tuple[str, ...] = (), exit_code: int | None = 0, dies_on: frozenset[str] = frozenset()
    ) -> None:
        self.images = {"mariadb:10.11"}
        self.server_runs = True
        self.server_stopped = False
        self.lines = lines
        self.planned_exit_code = exit_code
        self.dies_on = dies_on | {"SIGKILL"}
        self.specs: dict[str, dict[str, Any]] = {}
        self.signals: list[str] = []
        self.removed: list[str] = []
        self.vanished = False
        self.connection_lost = False
        self.start_error: BackupdError | None = None
        self.listed: list[dict[str, Any]] = []
        self._output: queue.Queue[str | None] = queue.Queue()
        self._exit_code: int | None = None

    def create_sidecar(self, **spec: Any) -> str:
        if spec["image"] not in self.images or not self.server_runs:
            raise NotFoundError("no such thing")
        self.specs["sidecar"] = spec
        return "sidecar"

    def start(self, container_id: str) -> None:
        if self.start_error is not None:
            raise self.start_error
        for line in self.lines:
            self._output.put(line)
        if self.planned_exit_code is not None:
            self._end(self.planned_exit_code)
        if self.vanished or self.connection_lost:
            self._output.put(None)

    def attach_lines(self, container_id: str) -> Iterator[str]:
        return iter(self._output.get, None)

    def wait(self, container_id: str, timeout: int) -> int:
        if self.vanished:
            raise NotFoundError("no such container")
        if self._exit_code is None:
            raise ProgramTimeoutError("still runs")
        return self._exit_code

    def kill(self, container_id: str, signal: str) -> None:
        self.signals.append(signal)
        if signal in self.dies_on:
            self._end(130 if signal == "SIGINT" else 137)

    def remove(self, container_id: str, *, force: bool = True) -> None:
        self.removed.append(container_id)

    def inspect_container(self, name_or_id: str) -> dict[str, Any]:
        if not self.server_runs:
            raise NotFoundError("no such container")
        return {"State": {"Running": not self.server_stopped}}

    def image_exists(self, name: str) -> bool:
        return name in self.images

    def list_labelled(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        return [
            container
            for container in self.listed
            if all(container["Labels"].get(name) == value for name, value in labels.items())
        ]

    def _end(self, exit_code: int) -> None:
        if self._exit_code is None:
            self._exit_code = exit_code
            self._output.put(None)
