"""Metrics on a port."""

import http.client
import socket
import urllib.request
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from octeth_backupd.domain.figures import Figures
from octeth_backupd.errors import CatalogError
from octeth_backupd.telemetry import metrics_listener
from octeth_backupd.telemetry.metrics_listener import MetricsListener
from tests.fakes.figures import make_full_figures


@pytest.fixture
def port() -> Iterator[int]:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    yield number


def test_a_scrape_is_answered_and_after_the_stop_it_is_not(port: int) -> None:
    listener = MetricsListener(f"127.0.0.1:{port}", make_full_figures)

    assert listener.attempt() == ""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"octeth_backupd_build_info" in answer.read()
    listener.stop()
    listener.stop()

    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics")


def test_a_port_that_is_taken_is_logged_once_tried_again_and_hurts_nothing(port: int) -> None:
    listener = MetricsListener(f"127.0.0.1:{port}", make_full_figures)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()

        with capture_logs() as logs:
            problems = {listener.attempt(), listener.attempt()}

    assert problems == {f"no metrics at 127.0.0.1:{port}: address already in use"}
    assert [(line["event"], line["log_level"]) for line in logs] == [("metrics.not_listening", "warning")]
    assert listener.attempt() == ""
    listener.stop()


def test_without_an_address_nothing_listens() -> None:
    listener = MetricsListener("", make_full_figures)

    assert listener.attempt() == ""
    listener.stop()


@pytest.fixture
def asked(port: int) -> Iterator[http.client.HTTPConnection]:
    """A connection to a listener with figures."""
    listener = MetricsListener(f"127.0.0.1:{port}", make_full_figures)
    listener.attempt()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    yield connection
    connection.close()
    listener.stop()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("HEAD", "/metrics", 200), ("GET", "/v1/status", 404), ("POST", "/metrics", 405)],
)
def test_metrics_are_all_there_is(asked: http.client.HTTPConnection, method: str, path: str, status: int) -> None:
    asked.request(method, path)

    assert asked.getresponse().status == status


def test_figures_that_cannot_be_taken_fail_the_scrape_and_not_the_next_one(port: int) -> None:
    states: list[Exception | Figures] = [CatalogError("the catalog is locked"), make_full_figures()]

    def take() -> Figures:
        state = states.pop(0)
        if isinstance(state, Exception):
            raise state
        return state

    listener = MetricsListener(f"127.0.0.1:{port}", take)
    listener.attempt()
    answers = []
    for _ in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        answers.append((answer.status, answer.read()[:21]))
        connection.close()
    listener.stop()

    assert answers[0] == (503, b"the catalog is locked")
    assert answers[1][0] == 200


def test_a_client_that_says_nothing_does_not_keep_others_waiting_for_ever(
    port: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(metrics_listener._Handler, "timeout", 0.1)
    listener = MetricsListener(f"127.0.0.1:{port}", make_full_figures)
    listener.attempt()

    with (
        socket.create_connection(("127.0.0.1", port)),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer,
    ):
        assert answer.status == 200
    listener.stop()

    assert "Traceback" not in "".join(capfd.readouterr())


def test_it_listens_on_ipv6_too() -> None:
    listener = MetricsListener("[::1]:0", make_full_figures)

    with pytest.raises(ValueError, match="IP address and a port"):
        listener.attempt()
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        port = probe.getsockname()[1]
    listener = MetricsListener(f"[::1]:{port}", make_full_figures)

    assert listener.attempt() == ""
    with urllib.request.urlopen(f"http://[::1]:{port}/metrics", timeout=10) as answer:
        assert answer.status == 200
    listener.stop()
