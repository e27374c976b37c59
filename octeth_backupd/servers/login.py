"""Log in at the first address where that works, and say what was tried where none does."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from octeth_backupd.errors import ServerError, ServerUnreachableError
from octeth_backupd.servers.session import open_session
from octeth_backupd.servers.sql_errors import HostRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from octeth_backupd.domain.server import Address
    from octeth_backupd.servers.session import Session
    from octeth_backupd.servers.settings import ServerSettings


@contextmanager
def log_in(name: str, addresses: Sequence[Address], settings: ServerSettings) -> Iterator[Session]:
    """Log in at the first of these addresses that answers; out again at the end of the block.

    Only silence, or a server that lets nobody in from here, leads on to the next address. A refused password is final:
    trying it again may lock the account.

    Args:
        name: Of the server in the configuration, for messages.
        addresses: In the order to try them.
        settings: Who logs in, and how.

    Raises:
        ServerUnreachableError: None answers; the message names them all.
        LoginRefusedError: User or password were refused.
        ServerError: A server answers but takes no connection now.
    """
    failures: list[ServerError] = []
    with ExitStack() as stack:
        for address in addresses:
            try:
                session = stack.enter_context(open_session(address, settings))
            except (ServerUnreachableError, HostRefusedError) as error:
                failures.append(error)
            else:
                yield session
                return
    raise _summary(name, addresses, failures)


def _summary(name: str, addresses: Sequence[Address], failures: Sequence[ServerError]) -> ServerError:
    """Return one error for all addresses; a server that spoke says more than those that were silent."""
    if not failures:
        return ServerUnreachableError(
            f"no address is known for server {name}",
            hint=f"Publish its port, or set socket or address in [servers.{name}].",
        )
    spoke = next((error for error in failures if isinstance(error, HostRefusedError)), None)
    if spoke is not None or len(failures) == 1:
        return spoke or failures[0]
    origins = ", ".join(f"{address} ({address.origin})" for address in addresses)
    return ServerUnreachableError(
        f"server {name} answers at none of its addresses: {origins}; the last said: {failures[-1].message}",
        hint="Check that the server has finished starting and listens on TCP (bind_address, skip_networking), or set "
        f"socket or address in [servers.{name}].",
        retryable=True,
    )
