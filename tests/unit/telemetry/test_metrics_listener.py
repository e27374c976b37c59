"""Metrics on a port."""

import socket
import urllib.request
from collections.abc import Iterator

import pytest

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


def test_a_port_that_is_taken_is_tried_again_and_hurts_nothing(port: int) -> None:
    listener = MetricsListener(f"127.0.0.1:{port}", make_full_figures)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()

        problem = listener.attempt()

    assert problem == f"no metrics at 127.0.0.1:{port}: address already in use"
    assert listener.attempt() == ""
    listener.stop()


def test_without_an_address_nothing_listens() -> None:
    listener = MetricsListener("", make_full_figures)

    assert listener.attempt() == ""
    listener.stop()
