"""A survey with a time limit: a server that hangs must not keep a restore from being planned."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, ServerUnreachableError
from octeth_backupd.servers.survey import Survey

if TYPE_CHECKING:
    from octeth_backupd.servers.server import Server

SURVEY_SECONDS = 45.0


def survey_within(server: Server, seconds: float = SURVEY_SECONDS) -> Survey:
    """Return what can be found out about a server in this time.

    A server that takes connections and does not answer (a stopped process, a full disk, a lock on everything) ends
    the survey with an error; the questions already asked end by their own limits, in a thread of their own.
    """
    found: list[Survey] = []
    raised: list[BaseException] = []

    def survey() -> None:
        try:
            found.append(server.survey())
        except BaseException as error:  # noqa: BLE001 - handed on to the thread that waits
            raised.append(error)

    thread = threading.Thread(target=survey, name=f"survey-{server.name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    return found[0] if found else _silent(server, seconds)


def _silent(server: Server, seconds: float) -> Survey:
    error = ServerUnreachableError(
        f"server {server.name} has not answered within {seconds:g} s",
        hint="See what it waits for: its log, a full disk, a stopped process.",
        retryable=True,
    )
    try:
        return Survey(location=server.locate(), error=error, error_stage="login")
    except BackupdError as unreachable:
        return Survey(error=unreachable, error_stage="docker")
