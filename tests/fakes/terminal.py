"""A screen in memory for commands of octeth-backupctl, and a connection that answers from a table."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd.cli.ctl.parser import build_parser
from octeth_backupd.cli.ctl.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from octeth_backupd.cli.ctl.failure import CommandFailedError

Json = dict[str, Any]


class FakeConnection:
    """See octeth_backupd.cli.ctl.connection.Connection.

    Answers from ``answers``: "GET /v1/status" → document, or an error to raise, or a list of documents to give in turn.
    """

    def __init__(self, answers: Mapping[str, Any], events: list[Json | BaseException] | None = None) -> None:
        self.socket = Path("/run/fake.sock")
        self.answers = dict(answers)
        self.stream = events or []
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def get(self, path: str, *, slow: bool = False, **parameters: str | int | None) -> Json:
        return self._answer(f"GET {path}", {name: value for name, value in parameters.items() if value is not None})

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Json:
        return self._answer(f"POST {path}", body or {})

    def events(self, run_id: str) -> Iterator[Json]:
        self.asked.append((f"EVENTS {run_id}", {}))
        for event in self.stream:
            if isinstance(event, BaseException):
                raise event
            yield event

    def _answer(self, question: str, arguments: Mapping[str, Any]) -> Json:
        self.asked.append((question, arguments))
        answer: Json | CommandFailedError | list[Json] = self.answers[question]
        if isinstance(answer, Exception):
            raise answer
        return answer.pop(0) if isinstance(answer, list) else answer


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
