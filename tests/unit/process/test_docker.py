import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.errors import DockerError, NotFoundError, ProgramTimeoutError
from octeth_backupd.process.docker import Docker, _lines
from tests.fakes.unix_http import serving_http

Answers = dict[str, tuple[int, Any]]


def test_missing_socket_is_said_at_the_first_call(tmp_path: Path) -> None:
    engine = Docker(f"unix://{tmp_path}/docker.sock")

    with pytest.raises(DockerError, match="does not exist"):
        engine.ping()


def test_socket_that_nobody_listens_on_is_an_engine_that_is_down(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(tmp_path / "docker.sock"))

    with pytest.raises(DockerError, match="is down"):
        Docker(f"unix://{tmp_path}/docker.sock").ping()


def test_engine_that_never_answers_is_given_up_on(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "docker.sock"))
        mute.listen()

        with pytest.raises(DockerError, match="does not answer in time"):
            Docker(f"unix://{tmp_path}/docker.sock", timeout_seconds=1).ping()


def test_engine_that_comes_back_is_found_again(tmp_path: Path) -> None:
    engine = Docker(f"unix://{tmp_path}/docker.sock")
    with pytest.raises(DockerError):
        engine.ping()

    with _engine(tmp_path, {"/_ping": (200, "OK")}):
        engine.ping()
        engine.close()


def test_unknown_container_is_not_found(tmp_path: Path) -> None:
    answers: Answers = {"/containers/nope/json": (404, {"message": "No such container: nope"})}

    with _engine(tmp_path, answers) as host, pytest.raises(NotFoundError, match="no such container: nope"):
        _closing(Docker(host), lambda engine: engine.inspect_container("nope"))


def test_refusal_is_told_with_the_engines_words(tmp_path: Path) -> None:
    answers: Answers = {"/containers/a1/exec": (409, {"message": "Container a1 is paused"})}

    with _engine(tmp_path, answers) as host, pytest.raises(DockerError, match=r"refused to run stat.*is paused"):
        _closing(Docker(host), lambda engine: engine.exec_output("a1", ["stat"], 1))


def test_signal_to_a_container_that_has_ended_is_fine(tmp_path: Path) -> None:
    asked: list[str] = []
    answers: Answers = {"/containers/a1/kill": (409, lambda: asked.append("kill"))}

    with _engine(tmp_path, answers) as host:
        _closing(Docker(host), lambda engine: engine.kill("a1", "INT"))

    assert asked == ["kill"]


def test_removing_a_container_that_is_gone_is_fine(tmp_path: Path) -> None:
    asked: list[str] = []
    answers: Answers = {"/containers/a1": (404, lambda: asked.append("remove"))}

    with _engine(tmp_path, answers) as host:
        _closing(Docker(host), lambda engine: engine.remove("a1"))

    assert asked == ["remove"]


def test_digest_is_the_registrys_where_the_image_has_one(tmp_path: Path) -> None:
    pulled = {"Id": "sha256:own", "RepoDigests": ["mysql@sha256:registry"]}
    made_here = {"Id": "sha256:own", "RepoDigests": []}

    with _engine(tmp_path, {"/images/pulled/json": (200, pulled), "/images/made/json": (200, made_here)}) as host:
        engine = Docker(host)

        assert engine.image_digest("pulled") == "sha256:registry"
        assert engine.image_digest("made") == "sha256:own"
        assert engine.image_digest("gone") == ""
        assert not engine.image_exists("gone")
        engine.close()


def test_container_that_goes_on_is_a_timeout_and_not_an_engine_error(tmp_path: Path) -> None:
    released = threading.Event()

    with _engine(tmp_path, {"/containers/a1/wait": (200, released.wait)}) as host:
        engine = Docker(host)
        with pytest.raises(ProgramTimeoutError, match="still runs after 1 s"):
            engine.wait("a1", 1)
        released.set()
        engine.close()


def test_lines_of_two_streams_are_whole_and_complete() -> None:
    chunks = [(b"one\ntw", None), (None, b"err\r\n"), (b"o\n", b"last")]

    assert list(_lines(chunks)) == ["one", "err", "two", "last"]


def test_lines_of_a_broken_connection_are_not_taken_for_all() -> None:
    def chunks() -> Iterator[tuple[bytes | None, bytes | None]]:
        yield b"one\n", None
        raise ConnectionResetError

    lines = _lines(chunks())
    assert next(lines) == "one"
    with pytest.raises(DockerError, match="broke"):
        next(lines)


def _closing(engine: Docker, call: Callable[[Docker], object]) -> None:
    try:
        call(engine)
    finally:
        engine.close()


@contextmanager
def _engine(directory: Path, answers: Answers) -> Iterator[str]:
    """Serve these answers, by the path after the version, on a Unix socket; everything else does not exist."""

    class Handler(BaseHTTPRequestHandler):
        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            path = self.path.partition("?")[0]
            if path.startswith("/v1."):
                path = "/" + path.split("/", 2)[2]
            code, body = ({"/version": (200, {"ApiVersion": "1.41"})} | answers).get(path, (404, {"message": "no"}))
            if callable(body):
                body = body() or {"message": "as scripted"}
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            try:
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except BrokenPipeError:
                pass

        do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815

    with serving_http(directory / "docker.sock", Handler) as host:
        yield host
