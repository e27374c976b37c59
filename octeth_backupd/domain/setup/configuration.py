"""The configuration file that setup writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.toml_text import toml_text

_LAST_PORT = 65535
USUAL_DIRECTORY = PurePosixPath("/var/backups/octeth")
_HEAD = (
    "octeth-backupd: written by octeth-backupd setup. What is not here has its default: octeth-backupd.toml(5).",
    "octeth-backupd check-config lists mistakes; systemctl reload octeth-backupd takes up a change.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAnswers:
    """What one server's table says.

    Attributes:
        target: Container, unit, path of the socket, or host and port.
        password_file: None for an account without a password.
        databases: That tests of a backup look at; empty: all.
    """

    name: str
    placement: Placement
    target: str
    user: str
    password_file: PurePosixPath | None = None
    databases: tuple[str, ...] = ()

    def table(self) -> dict[str, Any]:
        """Return its keys."""
        keys = _place(self.placement, self.target)
        keys["user"] = self.user
        if self.password_file is not None:
            keys["password_file"] = str(self.password_file)
        if self.databases:
            keys["databases"] = list(self.databases)
        return keys


def new_configuration(server: ServerAnswers, *, directory: PurePosixPath, sidecar_image: str = "") -> str:
    """Return the text of a configuration for one server.

    Args:
        server: Which.
        directory: Where backups go.
        sidecar_image: That holds the engine; empty: the server's own image, or the host.
    """
    tables: dict[str, Any] = {
        "servers": {server.name: server.table()},
        "local": {"directory": str(directory)},
    }
    if sidecar_image:
        tables["backup"] = {"sidecar_image": sidecar_image}
    return toml_text(tables, head=_HEAD)


def with_server(text: str, server: ServerAnswers) -> str:
    """Return a configuration with one more server at its end; all else stays, byte by byte."""
    return f"{text.rstrip()}\n\n{toml_text({'servers': {server.name: server.table()}})}"


def _place(placement: Placement, target: str) -> dict[str, Any]:
    match placement:
        case Placement.CONTAINER:
            return {"container": target}
        case Placement.SYSTEMD:
            return {"systemd_unit": target}
        case Placement.ADDRESS:
            if target.startswith("/"):
                return {"socket": target}
            host, port = split_address(target)
            return {"address": host, "port": port} if port is not None else {"address": host}


def address_problem(text: str) -> str:
    """Return what is wrong with the path of a socket, or host and port; empty when nothing is."""
    if text.startswith("/"):
        return ""
    host, port = split_address(text)
    if not host or any(character.isspace() or character == "/" for character in host):
        return f"{text!r} is neither the absolute path of a socket nor host:port"
    return "" if port is None or 1 <= port <= _LAST_PORT else f"{port} is no port: from 1 to {_LAST_PORT}"


def split_address(text: str) -> tuple[str, int | None]:
    """Return host and port of ``host``, ``host:port``, ``[v6]:port`` or a bare IPv6 address."""
    host, colon, port = text.rpartition(":")
    if colon and port.isascii() and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return text.strip("[]"), None
