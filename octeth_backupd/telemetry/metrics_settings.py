"""The ``[metrics]`` section: where metrics are to be had, beside the control socket."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from octeth_backupd.domain.section import Section

_HIGHEST_PORT = 65535


def split_address(text: str) -> tuple[str, int]:
    """Return host and port of ``127.0.0.1:9187`` or ``[::1]:9187``.

    Raises:
        ValueError: It is not an IP address with a port.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
        number = int(port) if colon and port.isascii() and port.isdigit() else 0
    except ValueError:
        number = 0
    if not 0 < number <= _HIGHEST_PORT:
        raise ValueError('must be an IP address and a port. Write "127.0.0.1:9187" or "[::1]:9187".')
    return host, number


def is_loopback(text: str) -> bool:
    """Return whether only this host reaches an address with a port."""
    return ipaddress.ip_address(split_address(text)[0]).is_loopback


def _checked(text: str) -> str:
    if text:
        split_address(text)
    return text


class MetricsSettings(Section):
    """Metrics for Prometheus. They are always at `/metrics` of the control socket; these are further ways to them."""

    listen: Annotated[str, AfterValidator(_checked)] = Field(
        default="",
        description=(
            'IP address and port of an HTTP server for metrics alone, such as "127.0.0.1:9187"; every user of the host '
            "can read them there. Empty: none."
        ),
    )
    allow_remote: bool = Field(
        default=False,
        description="Let `listen` be an address that other hosts reach. There is neither TLS nor a password.",
    )
    textfile: Path | None = Field(
        default=None,
        description=(
            "File for node_exporter's textfile collector, written each minute and after each run; its name ends in "
            ".prom. Absent: none."
        ),
    )

    @model_validator(mode="after")
    def _stays_on_this_host(self) -> Self:
        if self.listen and not self.allow_remote and not is_loopback(self.listen):
            raise ValueError(
                "listen is an address that other hosts reach. Use 127.0.0.1 or [::1], or set allow_remote = true."
            )
        return self

    @model_validator(mode="after")
    def _is_collected(self) -> Self:
        if self.textfile is not None and self.textfile.suffix != ".prom":
            raise ValueError("textfile must end in .prom. node_exporter passes over every other file.")
        return self
