"""A server that was started for a rehearsal: waiting for its answer, logging in, waiting for its end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from octeth_backupd.errors import LoginRefusedError, ServerError, ServerUnreachableError, VerificationError
from octeth_backupd.pipeline.restore.login import Login
from octeth_backupd.servers.session import open_session
from octeth_backupd.servers.settings import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from octeth_backupd.domain.server import Address
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.restore.rehearsal_server import RehearsalServer
    from octeth_backupd.servers.session import Session

STOP_SECONDS = 120
HINT = "The present server was not touched. Look into the backup with octeth-backupctl restore --to DIRECTORY."
_POLL_SECONDS = 0.1


class Performance:
    """A server that was started for a rehearsal."""

    def __init__(self, context: RunContext, server: RehearsalServer, address: Address, told: Callable[[], str]) -> None:
        self._context = context
        self._server = server
        self._address = address
        self._told = told

    @contextmanager
    def entered(
        self, logins: Sequence[Login], *, query_timeout_seconds: float
    ) -> Iterator[tuple[Session, Login] | LoginRefusedError]:
        """Wait until the server answers, and yield a login with the account that worked, or why none did.

        Raises:
            VerificationError: The server ended.
            BackupdError: The reason of the cancellation.
        """
        refusal = self._wait_until_ready(logins)
        if isinstance(refusal, LoginRefusedError):
            yield refusal
            return
        with open_session(self._address, _settings(refusal), query_timeout_seconds=query_timeout_seconds) as session:
            yield session, refusal

    def interrupt_others(self, login: Login, connection_id: int) -> None:
        """End the statement of another connection."""
        with open_session(self._address, _settings(login)) as session:
            session.rows(f"KILL QUERY {connection_id}")

    def wait_until_ended(self) -> int:
        """Return its exit code once it has ended.

        Raises:
            VerificationError: It did not stop in time.
            BackupdError: The reason of the cancellation.
        """
        limit = self._context.clock.monotonic_seconds() + STOP_SECONDS
        while (exit_code := self._server.ended()) is None:
            if self._context.clock.monotonic_seconds() > limit:
                raise VerificationError(
                    f"the server in the rehearsal did not stop within {STOP_SECONDS} s{self._told()}", hint=HINT
                )
            self._pause()
        return exit_code

    def require_clean_end(self) -> None:
        """Wait for its end.

        Raises:
            VerificationError: It did not stop cleanly, or not in time.
        """
        exit_code = self.wait_until_ended()
        if exit_code != 0:
            raise VerificationError(
                f"the server in the rehearsal did not stop cleanly: exit code {exit_code}{self._told()}", hint=HINT
            )

    def terminate(self) -> None:
        """Ask it to stop without a login, and wait for its end."""
        self._server.terminate()
        self.wait_until_ended()

    def _wait_until_ready(self, logins: Sequence[Login]) -> Login | LoginRefusedError:
        while True:
            exit_code = self._server.ended()
            if exit_code is not None:
                raise VerificationError(
                    f"the server does not start on the restored data: exit code {exit_code}{self._told()}", hint=HINT
                )
            refused: LoginRefusedError | None = None
            for login in logins:
                try:
                    with open_session(self._address, _settings(login)) as session:
                        session.rows("SELECT 1")
                except LoginRefusedError as exc:
                    refused = exc
                except ServerUnreachableError:
                    break
                except ServerError as exc:
                    if exc.retryable:
                        break
                    # It answers, but not to this account: an expired password, for one.
                    refused = LoginRefusedError(exc.message, hint=exc.hint)
                else:
                    return login
            else:
                return refused or LoginRefusedError("no account is known to log in with")
            self._pause()

    def _pause(self) -> None:
        self._context.cancellation.wait(_POLL_SECONDS)
        self._context.cancellation.raise_if_cancelled()


def anybody() -> Login:
    """Return a login for a server that lets everybody in."""
    return Login(source="configured", user="root", password=SecretStr(""))


def _settings(login: Login) -> ServerSettings:
    # The address is never used; one must be there.
    return ServerSettings(address="localhost", user=login.user, password=login.password, tls="disabled")
