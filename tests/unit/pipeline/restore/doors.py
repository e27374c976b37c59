"""Servers whose door is a dictionary: password → what a login gets to see."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

from octeth_backupd.errors import LoginRefusedError, ServerUnreachableError
from octeth_backupd.pipeline.restore.login import Login
from tests.unit.servers.builders import ScriptedSession

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from octeth_backupd.domain.server import Address
    from octeth_backupd.errors import BackupdError
    from octeth_backupd.servers.session import Session
    from octeth_backupd.servers.settings import ServerSettings

CONFIGURED = Login(source="configured", user="backup", password=SecretStr("new"))
OLD = Login(source="old", user="backup", password=SecretStr("old"))


class Door:
    """Stands in for ``servers.login.log_in``.

    Attributes:
        silent: So many first tries meet nobody.
        accepts: Password → the session behind it; any other is refused.
        error: Raised instead of an answer.
        tried: Passwords, in order.
    """

    def __init__(self, accepts: Mapping[str, ScriptedSession], *, silent: int = 0) -> None:
        self.accepts = dict(accepts)
        self.silent = silent
        self.error: BackupdError | None = None
        self.tried: list[str] = []

    @contextmanager
    def log_in(self, name: str, addresses: Sequence[Address], settings: ServerSettings) -> Iterator[Session]:
        if self.silent > 0:
            self.silent -= 1
            raise ServerUnreachableError("nobody answers", retryable=True)
        if self.error is not None:
            raise self.error
        password = settings.password.get_secret_value()
        self.tried.append(password)
        if password not in self.accepts:
            raise LoginRefusedError(f"{settings.user} was refused")
        yield cast("Session", self.accepts[password])


def session(**answers: Any) -> ScriptedSession:
    """Return a session that answers nothing but this."""
    return ScriptedSession(answers)
