"""Servers for setup that exist in memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Self

from octeth_backupd.domain.server import Address, Location, Placement, ServerPaths
from octeth_backupd.errors import LoginRefusedError, ServerError
from octeth_backupd.servers.survey import Survey
from tests.fakes.server_facts import make_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import SecretStr

    from octeth_backupd.servers.settings import ServerSettings


class MemorySession:
    """Knows accounts and nothing else."""

    def __init__(self, accounts: dict[str, str]) -> None:
        self._accounts = accounts

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        if "mysql.user" in sql:
            return [{"NUMBER": int(str(args[0]) in self._accounts)}]
        if sql.startswith("SHOW CREATE USER"):
            return [{"CREATE USER": f"CREATE USER '{args[0]}'@'%' IDENTIFIED BY '{self._accounts[str(args[0])]}'"}]
        if sql.startswith(("CREATE USER", "ALTER USER", "DROP USER")):
            values = args or sql.split("'")[1::2]  # name, host, secret
            if sql.startswith("DROP USER"):
                self._accounts.pop(str(values[0]))
            else:
                self._accounts[str(values[0])] = str(values[2])
        return []


class MemoryServer:
    """Stands in the place of ``servers.server.Server``; accounts are of the class, as if there were one server."""

    accounts: ClassVar[dict[str, str]] = {}
    refuses_new: ClassVar[bool] = False
    grants: ClassVar[tuple[str, ...]] = ("GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION",)
    limited: ClassVar[frozenset[str]] = frozenset()
    data_directory: ClassVar[Path] = Path("/opt/mysql/data")

    def __init__(self, *, name: str, settings: ServerSettings, docker: object, clock: object) -> None:
        self.name = name
        self.settings = settings
        self._more = (docker, clock)

    def as_login(self, user: str, password: SecretStr) -> Self:
        docker, clock = self._more
        settings = self.settings.model_copy(update={"user": user, "password": password})
        return type(self)(name=self.name, settings=settings, docker=docker, clock=clock)

    def locate(self) -> Location:
        return Location(placement=Placement.CONTAINER, addresses=(Address(host="127.0.0.1"),))

    @contextmanager
    def connect(self, _location: Location) -> Iterator[MemorySession]:
        if self.refuses_new and self.settings.user != "root":
            raise ServerError("the new account is not let in")
        self._require_login()
        yield MemorySession(self.accounts)

    def survey(self) -> Survey:
        try:
            self._require_login()
        except LoginRefusedError as error:
            return Survey(error=error, error_stage="login")
        grants = ("GRANT USAGE ON *.* TO `a`@`%`",) if self.settings.user in self.limited else self.grants
        facts = replace(make_facts("8.0.36"), schemas=("oempro", "other"), grants=grants)
        paths = ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": self.data_directory})
        return Survey(location=self.locate(), facts=facts, paths=paths)

    def _require_login(self) -> None:
        if self.accounts.get(self.settings.user) != self.settings.password.get_secret_value():
            raise LoginRefusedError(f"the server refused user {self.settings.user!r}", hint="Check it.")
