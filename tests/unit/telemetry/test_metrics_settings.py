"""The [metrics] section."""

from typing import Any

import pytest
from pydantic import ValidationError

from octeth_backupd.telemetry.metrics_settings import MetricsSettings, is_loopback, split_address


def test_nothing_is_offered_unless_it_was_asked_for() -> None:
    settings = MetricsSettings()

    assert (settings.listen, settings.textfile) == ("", None)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:9187", "127.0.0.1", 9187), ("[::1]:80", "::1", 80), ("0.0.0.0:1", "0.0.0.0", 1)],
)
def test_an_address_is_host_and_port(text: str, host: str, port: int) -> None:
    assert split_address(text) == (host, port)


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "9187", ":9187", "localhost:9187", "127.0.0.1:0", "127.0.0.1:65536", "x:y"]
)
def test_what_is_no_address_with_a_port_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="IP address and a port"):
        MetricsSettings(listen=text)


@pytest.mark.parametrize("text", ["0.0.0.0:9187", "192.0.2.1:9187", "[::]:9187"])
def test_an_address_that_others_reach_is_refused_unless_it_is_allowed(text: str) -> None:
    with pytest.raises(ValidationError, match="allow_remote = true"):
        MetricsSettings(listen=text)

    assert MetricsSettings(listen=text, allow_remote=True).listen == text


@pytest.mark.parametrize("text", ["127.0.0.1:9187", "127.8.8.8:1", "[::1]:9187"])
def test_loopback_is_this_host_alone(text: str) -> None:
    assert is_loopback(text)
    assert MetricsSettings(listen=text).listen == text


def test_a_file_that_node_exporter_would_pass_over_is_refused() -> None:
    values: dict[str, Any] = {"textfile": "/var/lib/prometheus/node-exporter/octeth.txt"}

    with pytest.raises(ValidationError, match=r"\.prom"):
        MetricsSettings.model_validate(values)
