"""The server's life: from start to stop."""

import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from octeth_backupd.control import server as server_module
from octeth_backupd.control.server import ControlServer
from octeth_backupd.control.settings import ControlSettings
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.errors import BackupdError, BusyError, ConfigurationError
from tests.fakes.services import FakeServices, make_run


@pytest.fixture
def path() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="ctl-"))
    yield directory / "control.sock"
    shutil.rmtree(directory)


def control_server(path: Path, services: FakeServices | None = None) -> ControlServer:
    return ControlServer(settings=ControlSettings(socket=path), services=services or FakeServices())


def client(path: Path) -> httpx.Client:
    return httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://x", timeout=20)


def test_requests_are_answered_as_soon_as_start_returns(path: Path) -> None:
    server = control_server(path)
    assert not server.is_alive()

    server.start()

    assert server.is_alive()
    with client(path) as http:
        assert http.get("/v1/").json()["product"] == "octeth-backupd"
    server.stop()


def test_stop_removes_the_socket_and_may_be_called_again(path: Path) -> None:
    server = control_server(path)
    server.start()

    server.stop()
    server.stop()

    assert not path.exists()
    assert not server.is_alive()


def test_a_second_daemon_is_refused_and_the_first_goes_on(path: Path) -> None:
    first, second = control_server(path), control_server(path)
    first.start()

    with pytest.raises(BusyError):
        second.start()

    assert not second.is_alive()
    with client(path) as http:
        assert http.get("/v1/status").status_code == 200
    first.stop()


def test_an_unknown_admin_group_is_refused_before_anything_listens(path: Path) -> None:
    settings = ControlSettings(socket=path, admin_group="no-such-group-here")

    with pytest.raises(ConfigurationError):
        ControlServer(settings=settings, services=FakeServices()).start()

    assert not path.exists()


def test_stop_ends_open_event_streams_within_seconds(path: Path) -> None:
    services = FakeServices(runs=[make_run(status=RunStatus.RUNNING, finished_at=None)])
    server = control_server(path, services)
    server.start()

    with client(path) as http, http.stream("GET", "/v1/runs/run-1/events") as response:
        lines = response.iter_lines()
        assert next(lines) == "event: run"
        begun = time.monotonic()
        server.stop()
        took = time.monotonic() - begun
        rest = list(lines)

    assert took < 4
    assert not any("run_finished" in line for line in rest)
    assert services.subscribers == []


def test_status_is_answered_while_checks_hang(path: Path) -> None:
    services = FakeServices()
    services.doctor_may_answer.clear()
    server = control_server(path, services)
    server.start()
    answers: list[int] = []

    def ask_doctor() -> None:
        with client(path) as http:
            answers.append(http.get("/v1/doctor").status_code)

    threads = [threading.Thread(target=ask_doctor) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert services.doctor_asked.wait(10)
    with client(path) as http:
        assert http.get("/v1/status").status_code == 200
    assert answers == []

    services.doctor_may_answer.set()
    for thread in threads:
        thread.join(20)
    assert answers == [200] * 6
    server.stop()


def test_a_client_that_leaves_its_stream_is_forgotten(path: Path) -> None:
    services = FakeServices(runs=[make_run(status=RunStatus.RUNNING, finished_at=None)])
    server = control_server(path, services)
    server.start()

    with client(path) as http, http.stream("GET", "/v1/runs/run-1/events") as response:
        lines = response.iter_lines()
        next(lines)
        assert len(services.subscribers) == 1
    with client(path) as http:
        for _ in range(100):
            http.get("/v1/")
            if not services.subscribers:
                break
            time.sleep(0.05)

    assert services.subscribers == []
    server.stop()


def test_a_server_that_does_not_come_up_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: object, sockets: list[socket.socket] | None = None) -> None:
        raise RuntimeError("no loop for you")

    monkeypatch.setattr(server_module._Uvicorn, "startup", fail)

    with pytest.raises(BackupdError, match="did not start"):
        control_server(path).start()

    assert not path.exists()
