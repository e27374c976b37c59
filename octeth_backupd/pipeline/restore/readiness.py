"""Wait until a server that was started takes logins, and log in with the password that its data knows."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from octeth_backupd.domain.masking import mask_text
from octeth_backupd.domain.restore.gate import corruption_lines
from octeth_backupd.errors import LoginRefusedError, RestoreError, ServerError, ServerUnreachableError
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.servers.login import log_in
from octeth_backupd.servers.power.base import POLL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.pipeline.restore.login import Login
    from octeth_backupd.servers.power.base import Power
    from octeth_backupd.servers.server import Server
    from octeth_backupd.servers.session import Session

_QUOTED_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """How a server received a login.

    Attributes:
        session: Open for as long as the block lasts; None when every login was refused.
        login: Source of the login that worked; empty when none did.
        refusal: The server's words when every login was refused; a server that refuses is up.
    """

    session: Session | None
    login: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A server that takes connections; see Entrance for the attributes."""

    login: str = ""
    refusal: str = ""


@contextmanager
def enter(server: Server, logins: Sequence[Login]) -> Iterator[Entrance]:
    """Find a server anew and log in with the first login that it accepts; each is tried once.

    Raises:
        ServerUnreachableError: It does not exist or answers nowhere.
        ServerError: It answers but takes no connection now.
        DockerError: The Docker engine cannot be asked.
    """
    addresses = server.locate().addresses
    refusal = "there is no login to try"
    with ExitStack() as stack:
        for login in logins:
            settings = server.settings.model_copy(update={"user": login.user, "password": login.password})
            try:
                session = stack.enter_context(log_in(server.name, addresses, settings))
            except LoginRefusedError as error:
                refusal = error.message
            else:
                yield Entrance(session=session, login=login.source)
                return
        yield Entrance(session=None, refusal=refusal)


def wait_until_ready(
    server: Server,
    power: Power,
    logins: Sequence[Login],
    *,
    timeout_seconds: float,
    wait: Callable[[float], None],
    clock: Clock | None = None,
) -> Ready:
    """Return once a started server takes logins, or refuses them.

    Its address is looked up at each try: a container gets another one with each start.

    Args:
        server: The one that was started.
        power: Its switch.
        logins: To try, best first; each is tried once, because tries may lock the account.
        timeout_seconds: How long to wait at most.
        wait: Sleeps between two looks; may raise to end the waiting.
        clock: For the limit; the real one when None.

    Raises:
        RestoreError: It ended, or was not ready in time; the message has the end of its log.
        DockerError: The Docker engine cannot be asked any more (``retryable``).
        ServerError: systemd cannot be asked, or another container bears the name.
    """
    clock = clock or SystemClock()
    began_at, deadline = clock.now(), clock.monotonic_seconds() + timeout_seconds
    while True:
        state = power.state()
        try:
            with enter(server, logins) as entrance:
                return Ready(login=entrance.login, refusal=entrance.refusal)
        except ServerError as error:
            if not isinstance(error, ServerUnreachableError) and not error.retryable:
                raise
            last_said = error.message
        if not state.is_running:
            ended = "has ended" if state.exit_code is None else f"has ended with exit code {state.exit_code}"
            _fail(f"server {server.name} {ended} on the restored data", power, began_at)
        if clock.monotonic_seconds() >= deadline:
            _fail(
                f"server {server.name} is not ready {timeout_seconds:g} s after its start: {last_said}", power, began_at
            )
        wait(POLL_SECONDS)


def _fail(what: str, power: Power, since: datetime) -> NoReturn:
    lines = power.log_since(since)
    telling = corruption_lines(lines) or [line for line in lines if "[ERROR]" in line] or lines
    quoted = "; ".join(mask_text(line.strip()) for line in telling[-_QUOTED_LINES:])
    raise RestoreError(
        f"{what}; its log says: {quoted or 'nothing'}", hint="Look at the whole of the server's error log."
    )
