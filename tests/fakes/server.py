"""A server that says what it is told to, for tests of what is made of its answers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

from octeth_backupd.domain.server import (
    Address,
    Location,
    LsnPosition,
    Placement,
    ServerPaths,
    Tablespace,
    TablespaceKind,
    Vendor,
)
from octeth_backupd.process.docker import Docker
from octeth_backupd.servers.identity import IdentityEvidence
from octeth_backupd.servers.server import Server
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.survey import DataOwner, Survey
from tests.fakes.clock import FakeClock
from tests.fakes.engine import PAGE_BYTES, SERVER_UUID
from tests.fakes.server_facts import make_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from octeth_backupd.domain.server import ServerFacts
    from octeth_backupd.errors import BackupdError
    from octeth_backupd.servers.session import Session

PASSWORD = "canary-password"
TABLESPACES = (
    Tablespace(space_id=0, name="innodb_system", size_bytes=PAGE_BYTES, kind=TablespaceKind.SYSTEM, path="ibdata1"),
    Tablespace(space_id=5, name="shop/orders", size_bytes=PAGE_BYTES, path="shop/orders.ibd"),
    Tablespace(space_id=4294967279, name="undo_001", size_bytes=PAGE_BYTES, kind=TablespaceKind.UNDO, path="undo_001"),
)
AFTER: dict[str, list[dict[str, Any]]] = {
    "ROW_ESTIMATE": [{"TABLES": 3, "ROW_ESTIMATE": 1200}],
    "information_schema.FILES": [
        {"FILE_ID": t.space_id, "FILE_NAME": f"./{t.path}", "TABLESPACE_NAME": t.name, "BYTES": t.size_bytes}
        for t in TABLESPACES
    ],
    "INNODB_TABLESPACES": [
        {"SPACE": t.space_id, "NAME": t.name, "SPACE_TYPE": kind, "FILE_SIZE": t.size_bytes, "STATE": "normal"}
        for t, kind in zip(TABLESPACES[1:], ("Single", "Undo"), strict=True)
    ],
    "SHOW GLOBAL STATUS": [
        {"Variable_name": "Innodb_redo_log_current_lsn", "Value": "1300"},
        {"Variable_name": "Innodb_redo_log_checkpoint_lsn", "Value": "900"},
    ],
    "information_schema.TABLES": [],
}


class FakeSession:
    """Answers a statement by a word that is in it."""

    address = Address(host="127.0.0.1")

    def __init__(self, answers: dict[str, list[dict[str, Any]]]) -> None:
        self._answers = answers

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        return next(rows for word, rows in self._answers.items() if word in sql)

    def value(self, sql: str) -> Any:
        rows = self.rows(sql)
        return next(iter(rows[0].values())) if rows else None


class FakeServer(Server):
    """A MySQL server on this host whose answers are attributes."""

    def __init__(self, data_directory: Path, *, name: str = "oempro") -> None:
        super().__init__(
            name=name,
            settings=ServerSettings(address="127.0.0.1", user="backup", password=SecretStr(PASSWORD)),
            docker=Docker("unix:///nonexistent.sock"),
            clock=FakeClock(),
        )
        self.surveyed = Survey(
            location=Location(placement=Placement.ADDRESS, addresses=(Address(host="127.0.0.1"),)),
            facts=mysql_facts(),
            paths=ServerPaths(server={"data": PurePosixPath(data_directory)}, host={"data": data_directory}),
            owner=DataOwner(user_id=999, group_id=999, mode=0o40750),
        )
        self.connect_error: BackupdError | None = None
        self.survey_error: BackupdError | None = None
        self.answers: dict[str, list[dict[str, Any]]] = dict(AFTER)

    def locate(self) -> Location:
        assert self.surveyed.location is not None
        return self.surveyed.location

    @contextmanager
    def connect(self, location: Location) -> Iterator[Session]:
        if self.connect_error is not None:
            raise self.connect_error
        yield cast("Session", FakeSession(self.answers))

    def survey(self) -> Survey:
        if self.survey_error is not None:
            raise self.survey_error
        return self.surveyed

    def check_identity(self, survey: Survey) -> IdentityEvidence:
        return IdentityEvidence(reasons=("auto.cnf holds its uuid",))

    def change_facts(self, **changes: Any) -> None:
        """Let it say something else in SQL from now on."""
        assert self.surveyed.facts is not None
        self.surveyed = replace(self.surveyed, facts=replace(self.surveyed.facts, **changes))


def mysql_facts() -> ServerFacts:
    """Return the facts of the server that FakeEngine backs up."""
    facts = make_facts(
        "9.7.4", variables={"log_bin": "ON", "innodb_data_file_path": "ibdata1:12M:autoextend"}, vendor=Vendor.MYSQL
    )
    return replace(
        facts,
        identity=replace(facts.identity, server_uuid=SERVER_UUID),
        grants=("GRANT ALL PRIVILEGES ON *.* TO `backup`@`%`",),
        tablespaces=TABLESPACES,
        lsn=LsnPosition(current_lsn=1000, checkpoint_lsn=800, taken_at=FakeClock().now()),
        redo_capacity_bytes=1 << 30,
        schemas=("shop",),
    )
