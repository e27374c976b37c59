"""A screen in memory for commands of octeth-backupctl, and a connection without a socket."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.parser import build_parser
from octeth_backupd.cli.ctl.screen import Screen
from tests.fakes.api_client import ask, events_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

    from tests.fakes.services import FakeServices

Json = dict[str, Any]


class FakeConnection:
    """See octeth_backupd.cli.ctl.connection.Connection; asks the control interface over services without a socket.

    Args:
        services: What answers.
        events: Given instead of the real stream; an exception among them is raised there.
    """

    def __init__(self, services: FakeServices, events: list[Json | BaseException] | None = None) -> None:
        self.socket = Path("/run/fake.sock")
        self.services = services
        self.scripted = events

    def get(self, path: str, *, slow: bool = False, **parameters: str | int | None) -> Json:
        query = {name: value for name, value in parameters.items() if value is not None}
        return _document(ask(self.services, "GET", path, params=query))

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, slow: bool = False) -> Json:
        return _document(ask(self.services, "POST", path, json=body or {}))

    def events(self, run_id: str) -> Iterator[Json]:
        if self.scripted is None:
            response = ask(self.services, "GET", f"/v1/runs/{run_id}/events")
            if response.is_error:
                _document(response)
            yield from events_of(response)
            return
        for event in self.scripted:
            if isinstance(event, BaseException):
                raise event
            yield event


def _document(response: httpx.Response) -> Json:
    document: Json = response.json()
    if response.is_error:
        error = document["error"]
        raise CommandFailedError(error["message"], hint=error["hint"], code=error["code"])
    return document


class MemoryScreen(Screen):
    """A screen whose text can be read."""

    def __init__(self, *, as_json: bool = False, colour: bool = False, is_live: bool = False) -> None:
        self.out_text = io.StringIO()
        self.err_text = io.StringIO()
        super().__init__(out=self.out_text, err=self.err_text, as_json=as_json, colour=colour, is_live=is_live)

    @property
    def shown(self) -> str:
        """What is on standard output."""
        return self.out_text.getvalue()

    @property
    def said(self) -> str:
        """What is on standard error."""
        return self.err_text.getvalue()


def run_command(connection: FakeConnection, *argv: str, **screen_options: bool) -> tuple[int, MemoryScreen]:
    """Run one command line against a connection; return exit code and screen."""
    arguments = build_parser().parse_args(argv)
    screen = MemoryScreen(as_json=arguments.json, **screen_options)
    code: int = arguments.command.run(arguments, connection, screen)
    return code, screen
