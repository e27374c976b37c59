"""Every way a request can fail, in words. Real sockets, a server of a few lines."""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from octeth_backupd.cli.ctl.connection import Connection
from octeth_backupd.cli.ctl.failure import CommandFailedError


@pytest.fixture
def path() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="ctl-"))
    yield directory / "control.sock"
    shutil.rmtree(directory)


@contextmanager
def answering(path: Path, *answers: bytes) -> Iterator[Connection]:
    """Give one answer for each connection, whatever is asked."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with Connection(path) as client:
            yield client
        thread.join(10)


def http(body: str, *, status: str = "200 OK", api: str | None = "1") -> bytes:
    header = f"octeth-backupd-api: {api}\r\n" if api else ""
    return f"HTTP/1.1 {status}\r\n{header}connection: close\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def test_a_document_is_returned(path: Path) -> None:
    with answering(path, http('{"a": 1}')) as connection:
        assert connection.get("/v1/status") == {"a": 1}


def test_only_what_is_slow_is_waited_for_longer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octeth_backupd.cli.ctl.connection._ANSWER_SECONDS", 0.01)

    with answering(path, http('{"a": 1}')) as connection:
        assert connection.post("/v1/restores/plan", {}, slow=True) == {"a": 1}
        with pytest.raises(CommandFailedError, match="does not answer"):
            connection.post("/v1/backups")


def test_a_refusal_comes_with_message_hint_and_code(path: Path) -> None:
    body = '{"schema_version":1,"error":{"code":"busy","message":"held","hint":"Wait."}}'

    with answering(path, http(body, status="409 Conflict")) as connection, pytest.raises(CommandFailedError) as caught:
        connection.post("/v1/backups")

    assert (caught.value.message, caught.value.hint, caught.value.exit_code) == ("held", "Wait.", 75)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (http("{}", api=None), "is not octeth-backupd"),
        (http("nonsense", status="500 Oops", api=None), "HTTP status 500"),
        (http("[]", status="404 Not Found"), "HTTP status 404"),
        (http("{}", api="2"), "speaks version 2"),
        (b"", "broke"),
        (b"garbage\r\n\r\n", "broke"),
    ],
)
def test_what_is_no_daemon_of_ours_is_told_as_such(path: Path, answer: bytes, told: str) -> None:
    with answering(path, answer) as connection, pytest.raises(CommandFailedError, match=told) as caught:
        connection.get("/v1/")

    assert caught.value.exit_code == 69


def test_a_socket_that_nobody_listens_at_is_no_daemon(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    with Connection(path) as connection, pytest.raises(CommandFailedError, match="Connection refused") as caught:
        connection.get("/v1/")

    assert caught.value.exit_code == 69
    assert "systemctl enable --now" in caught.value.hint


def test_a_socket_that_may_not_be_opened_names_the_group(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> httpx.Response:
        raise httpx.ConnectError("[Errno 13] Permission denied") from PermissionError(13, "Permission denied")

    monkeypatch.setattr("octeth_backupd.cli.ctl.connection._group_of", lambda _: "octeth-backup")
    with Connection(path) as connection:
        monkeypatch.setattr(connection._client, "request", refuse)

        with pytest.raises(CommandFailedError, match="you may not connect") as caught:
            connection.get("/v1/")

    assert caught.value.exit_code == 77
    assert "group octeth-backup" in caught.value.hint


def test_a_daemon_that_does_not_answer_is_told_as_such(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> httpx.Response:
        raise httpx.ReadTimeout("timed out")

    with Connection(path) as connection:
        monkeypatch.setattr(connection._client, "request", hang)

        with pytest.raises(CommandFailedError, match="does not answer") as caught:
            connection.get("/v1/")

    assert caught.value.exit_code == 69


def test_events_are_read_from_the_stream_comments_left_out(path: Path) -> None:
    body = (
        'event: run\ndata: {"type":"run"}\n\n: still running\n\nevent: run_finished\ndata: {"type":"run_finished"}\n\n'
    )

    with answering(path, http(body)) as connection:
        assert [event["type"] for event in connection.events("run-1")] == ["run", "run_finished"]


def test_a_refused_stream_is_an_error_like_any_other(path: Path) -> None:
    body = '{"schema_version":1,"error":{"code":"not_found","message":"no run x","hint":""}}'

    with (
        answering(path, http(body, status="404 Not Found")) as connection,
        pytest.raises(CommandFailedError, match="no run x") as caught,
    ):
        list(connection.events("x"))

    assert caught.value.exit_code == 4
