"""A login that may work on the restored server: its own accounts come back with the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydantic import SecretStr

    from octeth_backupd.servers.settings import ServerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """An account with the password that is to be tried.

    Attributes:
        source: ``configured``: the password of the configuration; ``old``: the one as of the backup's time.
    """

    source: Literal["configured", "old"]
    user: str
    password: SecretStr = field(repr=False)


def logins_for(settings: ServerSettings, old_password: SecretStr | None) -> tuple[Login, ...]:
    """Return the passwords of a server's configured account that may work, best first."""
    logins = [Login(source="configured", user=settings.user, password=settings.password)]
    if old_password is not None:
        logins.append(Login(source="old", user=settings.user, password=old_password))
    return tuple(logins)
