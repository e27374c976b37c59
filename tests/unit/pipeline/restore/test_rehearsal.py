"""The course of a rehearsal, with servers that answer by script."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import SecretStr

from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.errors import LoginRefusedError, VerificationError
from octeth_backupd.pipeline.restore import rehearsal as rehearsal_module
from octeth_backupd.pipeline.restore.login import Login
from octeth_backupd.pipeline.restore.rehearsal import RehearsalSubject, rehearse
from octeth_backupd.pipeline.restore.settings import RestoreSettings
from tests.fakes.runs import RecordedContext
from tests.unit.pipeline.restore.rehearsed import container, mount
from tests.unit.servers.builders import ScriptedSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.pipeline.parts import Parts

LOGIN = Login(source="old", user="root", password=SecretStr("swordfish"))
ROOT = [{"Grants": "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`"}]
FEW = [{"Grants": "GRANT RELOAD ON *.* TO `root`@`localhost`"}]
DATABASE: dict[str, list[dict[str, Any]] | int] = {
    "SHOW GRANTS": ROOT,
    "SCHEMATA": [{"NAME": "oempro"}, {"NAME": "other"}],
    "information_schema.TABLES": [{"NAME": "a", "ENGINE": "InnoDB", "SIZE": 5}],
    "CONNECTION_ID": [{"id": 7}],
    "VERSION()": [{"version": "9.7.4"}],
    "gtid_executed": [{"gtid": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47:1"}],
}


class ScriptedStage:
    """Starts servers that answer by script, and remembers how they were started and ended."""

    def __init__(self, answers: list[dict[str, list[dict[str, Any]] | int] | LoginRefusedError]) -> None:
        self.answers = answers
        self.limit_seconds = 10
        self.overrides = ()
        self.log: tuple[str, ...] = ()
        self.started: list[bool] = []
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.is_cleared = False
        self.makes: list[Path] = []

    @contextmanager
    def server(self, *, skip_grants: bool) -> Iterator[ScriptedStage]:
        self.started.append(skip_grants)
        for path in self.makes:
            path.mkdir(exist_ok=True) if path.suffix == "" else path.write_text("made")
        yield self

    @contextmanager
    def entered(self, logins: object, *, query_timeout_seconds: float) -> Iterator[object]:
        answer = self.answers.pop(0)
        if isinstance(answer, LoginRefusedError):
            yield answer
            return
        session = ScriptedSession(answer)
        yield session, LOGIN
        self.asked += session.asked

    def terminate(self) -> None:
        self.ended.append("terminated")

    def require_clean_end(self) -> None:
        self.ended.append("clean")

    def error_log(self) -> tuple[str, ...]:
        return self.log

    def clear(self) -> None:
        self.is_cleared = True


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "new"
    directory.mkdir()
    (directory / "ibdata1").write_text("")
    (directory / "server-key.pem").write_text("carried over")
    return directory


def _rehearse(monkeypatch: pytest.MonkeyPatch, data: Path, stage: ScriptedStage, **changes: Any) -> Any:
    monkeypatch.setattr(rehearsal_module, "Stage", lambda *_: stage)
    parts = cast("Parts", SimpleNamespace(restore=RestoreSettings()))
    subject = RehearsalSubject(
        **{
            "vendor": Vendor.MYSQL,
            "version": Version(major=9, minor=7, patch=4),
            "data_directory": data,
            "server_paths": {"data": PurePosixPath("/var/lib/mysql")},
            "log_bin": True,
            "owner": Owner(user_id=999, group_id=999),
            "databases": ("oempro",),
            "logins": (LOGIN,),
            "scratch": data.parent / "scratch",
            **changes,
        }
    )
    return rehearse(RecordedContext().context, parts, subject)


def test_one_start_is_enough_where_the_login_works(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    stage = ScriptedStage([DATABASE])

    found = _rehearse(monkeypatch, data, stage)

    assert (stage.started, stage.ended, stage.is_cleared) == ([False], ["clean"], True)
    assert (found.expected.login, found.version_text, found.checked_tables) == ("old", "9.7.4", 1)
    assert found.expected.tables == {"oempro": 1}
    assert found.expected.largest == ("`oempro`.`a`",)
    assert found.expected.gtid == "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47:1"
    assert stage.asked[-1] == "SHUTDOWN"


def test_all_schemas_are_looked_at_where_none_is_configured(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    found = _rehearse(monkeypatch, data, ScriptedStage([DATABASE]), databases=())

    assert found.expected.tables == {"oempro": 1, "other": 1}


def test_mariadb_has_no_gtid_to_expect(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    found = _rehearse(monkeypatch, data, ScriptedStage([DATABASE]), vendor=Vendor.MARIADB)

    assert found.expected.gtid == ""


@pytest.mark.parametrize(
    ("first", "login"),
    [
        (LoginRefusedError("denied"), ""),
        (DATABASE | {"SHOW GRANTS": FEW}, "old"),
        (DATABASE | {"SHOW REPLICA STATUS": 1227}, "old"),
    ],
)
def test_second_start_without_accounts_follows_where_the_login_does_not_suffice(
    monkeypatch: pytest.MonkeyPatch, data: Path, first: Any, login: str
) -> None:
    stage = ScriptedStage([first, DATABASE])

    found = _rehearse(monkeypatch, data, stage)

    assert stage.started == [False, True]
    assert stage.ended == ["terminated", "clean"]
    assert found.expected.login == login
    assert found.checked_tables == 1
    assert found.notes


def test_damage_in_the_log_is_an_error_although_every_table_was_read(
    monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    stage = ScriptedStage([DATABASE])
    stage.log = ("2026-11-22 [ERROR] [InnoDB] Database page corruption on disk",)

    with pytest.raises(VerificationError, match="page corruption"):
        _rehearse(monkeypatch, data, stage)
    assert stage.is_cleared


def test_missing_database_is_said_and_all_missing_is_an_error(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    found = _rehearse(monkeypatch, data, ScriptedStage([DATABASE]), databases=("oempro", "crm"))
    assert found.notes == ("database crm is not in the backup",)

    with pytest.raises(VerificationError, match="none of the configured databases"):
        _rehearse(monkeypatch, data, ScriptedStage([DATABASE]), databases=("crm",))


def test_only_what_the_server_made_and_makes_again_is_removed(
    monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path
) -> None:
    stage = ScriptedStage([DATABASE])
    stage.makes = [data / name for name in ("auto.cnf", "ca.pem", "server-key.pem", "binlog.000002", "mounted", "kept")]
    beneath = mount(tmp_path / "elsewhere", "/var/lib/mysql/mounted")

    _rehearse(monkeypatch, data, stage, container=container(beneath))

    assert {path.name for path in data.iterdir()} == {"ibdata1", "server-key.pem", "binlog.000002", "kept"}
