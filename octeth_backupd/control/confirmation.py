"""The confirmation that data is to be replaced: judged here, whoever asks, and not only by the command line."""

from __future__ import annotations

from octeth_backupd.errors import InvalidRequestError


def check_confirmation(confirm: str, *, server: str, what: str = "") -> None:
    """Accept a confirmation that is the server's name, letter by letter.

    Args:
        confirm: What the client sent; empty: nothing.
        server: Name of the server whose data would be replaced.
        what: What would be deleted instead.

    Raises:
        InvalidRequestError: It is anything else.
    """
    if confirm == server:
        return
    happens = f"{what} would be deleted" if what else f"the data of {server} would be replaced"
    if not confirm:
        message = f"{happens}, and that was not confirmed"
    else:
        message = f"{happens}, and what was confirmed is {confirm[:80]!r}"
    raise InvalidRequestError(message, hint=f"Confirm it with the server's name: {server}. Nothing was touched.")
