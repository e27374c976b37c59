"""Requests to the daemon over its Unix socket; every way they can fail, in words."""

from __future__ import annotations

import errno
import grp
import json
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from octeth_backupd.cli.ctl.exit_codes import NO_PERMISSION, UNAVAILABLE
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.identifiers import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_API = "1"
_API_HEADER = "octeth-backupd-api"
_ANSWER_SECONDS = 30.0
_CHECKS_SECONDS = 600.0
_SILENCE_SECONDS = 60.0

Json = dict[str, Any]


class Connection:
    """The daemon, as far as it answers; connects with the first request."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._client = httpx.Client(
            # An empty TLS context: the usual one reads all authorities of the world, for a socket that has no TLS.
            transport=httpx.HTTPTransport(uds=os.fspath(socket), verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
            base_url="http://octeth-backupd",
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=5.0),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._client.close()

    def get(self, path: str, *, slow: bool = False, **parameters: str | int | None) -> Json:
        """Return the document at a path.

        Args:
            path: Below ``/v1``, ids quoted by ``quoted``.
            slow: It may take minutes.
            parameters: Query; None is left out.

        Raises:
            CommandFailedError: No daemon, no permission, or the daemon refused.
        """
        return self._ask("GET", path, seconds=_CHECKS_SECONDS if slow else _ANSWER_SECONDS, parameters=parameters)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, slow: bool = False) -> Json:
        """Ask for a change and return the answer; ``slow`` and errors as ``get``."""
        return self._ask("POST", path, seconds=_CHECKS_SECONDS if slow else _ANSWER_SECONDS, body=body or {})

    def events(self, run_id: str) -> Iterator[Json]:
        """Yield a run's events until the stream ends; errors as ``get``, also when the connection breaks."""
        path = f"/v1/runs/{quoted(run_id)}/events"
        timeout = httpx.Timeout(_ANSWER_SECONDS, read=_SILENCE_SECONDS)
        try:
            with self._client.stream("GET", path, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                self._check(response)
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        yield json.loads(line.removeprefix("data: "))
        except httpx.TransportError as exc:
            raise self._failure(exc) from exc

    def _ask(
        self,
        method: str,
        path: str,
        *,
        seconds: float,
        parameters: Mapping[str, str | int | None] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Json:
        query = {name: value for name, value in (parameters or {}).items() if value is not None}
        timeout = httpx.Timeout(seconds, connect=5.0)
        try:
            response = self._client.request(method, path, params=query, json=body, timeout=timeout)
        except httpx.TransportError as exc:
            raise self._failure(exc) from exc
        self._check(response)
        document: Json = response.json()
        return document

    def _check(self, response: httpx.Response) -> None:
        """Raise what the daemon refused, and when this is no daemon that we understand."""
        spoken = response.headers.get(_API_HEADER)
        if response.is_error:
            raise _refusal(response)
        if spoken is None:
            raise CommandFailedError(
                f"what answers at {self.socket} is not octeth-backupd",
                hint="Give the daemon's socket with --socket PATH.",
                code="unavailable",
                exit_code=UNAVAILABLE,
            )
        if spoken != _API:
            raise CommandFailedError(
                f"the daemon speaks version {spoken} of the interface, this octeth-backupctl version {_API}",
                hint="Use the octeth-backupctl that was installed with the daemon.",
                code="unavailable",
                exit_code=UNAVAILABLE,
            )

    def _failure(self, error: httpx.TransportError) -> CommandFailedError:
        cause = _system_error(error)
        if cause is not None and cause.errno in {errno.EACCES, errno.EPERM}:
            return self._forbidden()
        if isinstance(error, httpx.TimeoutException):
            message, hint = f"the daemon at {self.socket} does not answer", "Look at: journalctl -u octeth-backupd"
        elif isinstance(error, httpx.ConnectError):
            message = f"no daemon answers at {self.socket}" + (f" ({cause.strerror})" if cause else "")
            hint = (
                "Start it: systemctl enable --now octeth-backupd (or: octeth-backupd serve --config FILE). "
                "If it listens elsewhere, give --socket PATH or set OCTETH_BACKUPD_SOCKET."
            )
        else:
            message, hint = "the connection to the daemon broke", "Look at: journalctl -u octeth-backupd"
        return CommandFailedError(message, hint=hint, code="unavailable", exit_code=UNAVAILABLE)

    def _forbidden(self) -> CommandFailedError:
        group = _group_of(self.socket) or _group_of(self.socket.parent)
        hint = "Run it as root."
        if group not in {None, "root"}:
            hint = f"Run it as root, or add your user to the group {group} and log in again."
        return CommandFailedError(
            f"you may not connect to {self.socket}", hint=hint, code="permission_denied", exit_code=NO_PERMISSION
        )


def _refusal(response: httpx.Response) -> CommandFailedError:
    try:
        error = response.json()["error"]
        return CommandFailedError(error["message"], hint=error["hint"], code=error["code"])
    except (ValueError, KeyError, TypeError):
        return CommandFailedError(
            f"the answer was HTTP status {response.status_code}",
            hint="Is this the socket of octeth-backupd?",
            code="unavailable",
            exit_code=UNAVAILABLE,
        )


def _system_error(error: BaseException | None) -> OSError | None:
    """Return the operating system's error that a library's error was made from."""
    while error is not None:
        if isinstance(error, OSError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _group_of(path: Path) -> str | None:
    try:
        return grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return None
