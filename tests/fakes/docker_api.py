"""A Docker engine that speaks its API on a Unix socket and holds containers in memory."""

from __future__ import annotations

import json
import re
import struct
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.unix_http import serving_http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.clock import FakeClock

Answer = tuple[int, Any]
_CONTAINER = re.compile(r"/containers/(?P<name>[^/]+)/(?P<action>\w+)")


class DockerApi:
    """The containers of an engine, by id, as ``docker inspect`` shows them.

    Attributes:
        stubborn: Ids of containers that only KILL ends.
        signals: What was sent, in order.
        logs: Id → (when, line).
        log_refusal: What the engine says instead of a log.
        start_refusal: What it says to a start.
        volumes: Name → what ``docker volume inspect`` shows.
    """

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.containers: dict[str, dict[str, Any]] = {}
        self.stubborn: set[str] = set()
        self.signals: list[str] = []
        self.logs: dict[str, list[tuple[datetime, str]]] = {}
        self.log_refusal = ""
        self.start_refusal = ""
        self.volumes: dict[str, dict[str, Any]] = {}

    def add(self, container_id: str, name: str, *, mounts: tuple[tuple[Path, bool], ...] = (), **state: Any) -> None:
        """Let there be a container that runs; mounts are (source, writable)."""
        self.containers[container_id] = {
            "Id": container_id,
            "Name": f"/{name}",
            "State": {
                "Running": True,
                "Status": "running",
                "StartedAt": self._time(),
                "FinishedAt": "0001-01-01T00:00:00Z",
            }
            | state,
            "HostConfig": {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}},
            "Config": {"Tty": False},
            "Mounts": [{"Source": str(source), "Destination": "/x", "RW": writable} for source, writable in mounts],
        }
        self.logs[container_id] = []

    def say(self, container_id: str, line: str) -> None:
        """Let a container write a line."""
        self.logs[container_id].append((self._clock.now(), line))

    def end(self, container_id: str, exit_code: int) -> None:
        """Let a container end."""
        state = self.containers[container_id]["State"]
        state |= {"Running": False, "Paused": False, "Restarting": False, "Status": "exited"}
        state |= {"ExitCode": exit_code, "FinishedAt": self._time()}

    def answer(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> Answer:
        """Answer one call."""
        if path == "/version":
            return 200, {"ApiVersion": "1.41"}
        if path == "/containers/json":
            return 200, [
                {"Id": each["Id"], "Names": [each["Name"]], "Mounts": each["Mounts"]}
                for each in self.containers.values()
                if each["State"]["Running"]
            ]
        if (volume := self.volumes.get(path.removeprefix("/volumes/"))) is not None:
            return 200, volume
        called = _CONTAINER.fullmatch(path)
        container = self._named(called["name"]) if called else None
        if called is None or container is None:
            return 404, {"message": f"No such container: {path}"}
        answer: Answer = getattr(self, f"_{called['action']}")(container, query, body)
        return answer

    def _named(self, name: str) -> dict[str, Any] | None:
        named = next((each for each in self.containers.values() if each["Name"] == f"/{name}"), None)
        return named or next((each for each in self.containers.values() if each["Id"].startswith(name)), None)

    def _json(self, container: dict[str, Any], _query: Any, _body: Any) -> Answer:
        return 200, container

    def _kill(self, container: dict[str, Any], query: dict[str, list[str]], _body: Any) -> Answer:
        signal = query["signal"][0]
        self.signals.append(signal)
        if not container["State"]["Running"]:
            return 409, {"message": "is not running"}
        if signal == "SIGKILL":
            self.end(container["Id"], 137)
        elif container["Id"] not in self.stubborn:
            self.end(container["Id"], 0)
        return 204, ""

    def _wait(self, container: dict[str, Any], _query: Any, _body: Any) -> Answer:
        return 200, {"StatusCode": container["State"].get("ExitCode", 0)}

    def _start(self, container: dict[str, Any], _query: Any, _body: Any) -> Answer:
        if self.start_refusal:
            return 500, {"message": self.start_refusal}
        container["State"] |= {"Running": True, "Status": "running", "StartedAt": self._time()}
        return 204, ""

    def _update(self, container: dict[str, Any], _query: Any, body: dict[str, Any]) -> Answer:
        policy = body["RestartPolicy"]
        if policy.get("MaximumRetryCount") and policy["Name"] != "on-failure":
            return 400, {"message": f"maximum retry count cannot be used with restart policy '{policy['Name']}'"}
        container["HostConfig"]["RestartPolicy"] = {"MaximumRetryCount": 0} | policy
        return 200, {}

    def _logs(self, container: dict[str, Any], query: dict[str, list[str]], _body: Any) -> Answer:
        if self.log_refusal:
            return 500, {"message": self.log_refusal}
        since = datetime.fromtimestamp(float(query["since"][0]), UTC)
        lines = [
            f"{line}\n".encode() for at, line in self.logs[container["Id"]] if at >= since - timedelta(microseconds=1)
        ]
        return 200, b"".join(struct.pack(">BxxxI", 1, len(line)) + line for line in lines)

    def _time(self) -> str:
        return self._clock.now().isoformat(timespec="microseconds").replace("+00:00", "123Z")


@contextmanager
def serving(api: DockerApi, directory: Path) -> Iterator[str]:
    """Serve an engine on a socket in a directory, and give its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = urlsplit(self.path)
            path = "/" + asked.path.split("/", 2)[2] if asked.path.startswith("/v1.") else asked.path
            code, answer = api.answer(path, parse_qs(asked.query), json.loads(sent or b"{}"))
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data) if code != 204 else 0))
            self.end_headers()
            if code != 204:
                self.wfile.write(data)

        do_POST = do_GET  # noqa: N815

    with serving_http(directory / "engine.sock", Handler) as host:
        yield host
