"""Logging in at the server that was chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.domain.server import Placement
from octeth_backupd.errors import InvalidRequestError, LoginRefusedError, ServerUnreachableError
from octeth_backupd.servers.sql_errors import PrivilegeMissingError
from octeth_backupd.servers.survey import Survey
from octeth_backupd.setup import login
from octeth_backupd.setup.login import log_in
from octeth_backupd.setup.order import SetupOrder
from octeth_backupd.setup.prompt import NobodyPrompt
from octeth_backupd.setup.questions import ServerChoice
from tests.unit.setup.build import Host, ScriptedPrompt
from tests.unit.setup.servers import MemoryServer

CHOICE = ServerChoice(name="one", placement=Placement.CONTAINER, target="db")


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryServer, "accounts", {"root": "right", "backup": "right too"})
    monkeypatch.setattr(login, "Server", MemoryServer)


def _order(**flags: Any) -> SetupOrder:
    return SetupOrder(config=Path("/etc/c"), **flags)


def test_password_of_a_file_logs_in_as_the_account_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("right too\n")
    host = Host(directory=tmp_path)

    found = log_in(_order(user="backup", password_file=str(tmp_path / "p")), host.machine(), CHOICE)

    assert (found.user, found.password, found.creates_user) == ("backup", "right too", False)
    assert found.facts.version_text == "8.0.36"


def test_administrator_logs_in_and_the_account_is_named_for_later(tmp_path: Path) -> None:
    host = Host(directory=tmp_path, stdin="right\n")

    found = log_in(_order(create_user=True, admin_password_file="-"), host.machine(), CHOICE)

    assert (found.user, found.password, found.creates_user) == ("octeth-backup", "", True)
    assert found.server.settings.user == "root"


def test_wrong_password_of_a_file_ends_it_at_once(tmp_path: Path) -> None:
    host = Host(directory=tmp_path, stdin="wrong\n", prompt=ScriptedPrompt())

    with pytest.raises(LoginRefusedError, match="refused user 'root'"):
        log_in(_order(password_file="-"), host.machine(), CHOICE)

    assert host.said == []


def test_whoever_is_there_is_told_and_asked_again(tmp_path: Path) -> None:
    prompt = ScriptedPrompt(answers={"--password-file": ["wrong", "right"]})
    host = Host(directory=tmp_path, prompt=prompt)

    found = log_in(_order(), host.machine(), CHOICE)

    assert (found.user, found.password) == ("root", "right")
    assert host.said == ["the server refused user 'root'"]


def test_after_a_refusal_the_password_is_asked_and_not_the_account(tmp_path: Path) -> None:
    prompt = ScriptedPrompt(answers={"--user": ["backup"], "--password-file": ["wrong", "right too"]})

    found = log_in(_order(), Host(directory=tmp_path, prompt=prompt).machine(), CHOICE)

    assert (found.user, found.password) == ("backup", "right too")
    assert [question for question in prompt.asked if question.startswith("Account that")] == ["Account that backs up"]
    assert prompt.asked[-1].startswith("Password of backup again (not shown")


def test_an_empty_password_after_a_refusal_goes_back_to_the_account(tmp_path: Path) -> None:
    prompt = ScriptedPrompt(answers={"--user": ["bakup", "backup"], "--password-file": ["right too", "", "right too"]})

    found = log_in(_order(), Host(directory=tmp_path, prompt=prompt).machine(), CHOICE)

    assert found.user == "backup"


def test_a_unit_that_does_not_answer_is_named_with_the_command_that_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ServerUnreachableError("no server answers at 127.0.0.1:3306: refused", hint="Check that the server runs.")
    monkeypatch.setattr(MemoryServer, "survey", lambda _: Survey(error=error, error_stage="login"))
    choice = ServerChoice(name="one", placement=Placement.SYSTEMD, target="mysql.service")

    with pytest.raises(ServerUnreachableError) as caught:
        log_in(_order(), Host(directory=tmp_path).machine(), choice)

    assert caught.value.hint == "If it does not run: systemctl start mysql.service. Check that the server runs."


def test_third_wrong_password_is_the_last(tmp_path: Path) -> None:
    prompt = ScriptedPrompt(answers={"--password-file": ["a", "b", "c", "right"]})
    host = Host(directory=tmp_path, prompt=prompt)

    with pytest.raises(LoginRefusedError):
        log_in(_order(), host.machine(), CHOICE)

    assert prompt.answers["--password-file"] == ["right"]


def test_account_is_made_when_somebody_says_so(tmp_path: Path) -> None:
    prompt = ScriptedPrompt(answers={"--admin-password-file": ["right"]}, yes={"Create an account"})

    assert log_in(_order(), Host(directory=tmp_path, prompt=prompt).machine(), CHOICE).creates_user


def test_nobody_and_no_file_is_a_login_without_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryServer, "accounts", {"root": ""})

    found = log_in(_order(), Host(directory=tmp_path, prompt=NobodyPrompt()).machine(), CHOICE)

    assert (found.user, found.password) == ("root", "")


def test_place_that_cannot_be_is_refused(tmp_path: Path) -> None:
    choice = ServerChoice(name="one", placement=Placement.ADDRESS, target="db:99999")

    with pytest.raises(InvalidRequestError, match="no place of a server"):
        log_in(_order(), Host(directory=tmp_path).machine(), choice)


def test_account_that_a_flag_says_is_not_asked(tmp_path: Path) -> None:
    own = ScriptedPrompt(answers={"--password-file": ["right"]})
    admin = ScriptedPrompt(answers={"--admin-password-file": ["right"]})

    log_in(_order(user="root"), Host(directory=tmp_path, prompt=own).machine(), CHOICE)
    log_in(_order(create_user=True, admin_user="root"), Host(directory=tmp_path, prompt=admin).machine(), CHOICE)

    assert own.asked == admin.asked == ["Password of root (not shown)"]


def test_account_of_a_flag_is_asked_after_its_refusal_when_another_is_wanted(tmp_path: Path) -> None:
    prompt = ScriptedPrompt(
        answers={"--user": ["backup"], "--password-file": ["wrong", "", "right too"]},
    )

    found = log_in(_order(user="root"), Host(directory=tmp_path, prompt=prompt).machine(), CHOICE)

    assert found.user == "backup"


def test_administrator_who_may_not_create_accounts_is_told_why_and_another_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryServer, "limited", frozenset({"backup"}))
    prompt = ScriptedPrompt(answers={"--admin-user": ["root"], "--admin-password-file": ["right too", "right"]})
    host = Host(directory=tmp_path, prompt=prompt)

    found = log_in(_order(create_user=True, admin_user="backup"), host.machine(), CHOICE)

    assert found.server.settings.user == "root"
    assert host.said == ["backup may not create the account; it lacks: CREATE USER, SELECT ON mysql.user, GRANT OPTION"]


def test_administrator_of_a_flag_who_may_not_create_accounts_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryServer, "limited", frozenset({"root"}))
    host = Host(directory=tmp_path, stdin="right\n")

    with pytest.raises(PrivilegeMissingError, match="it lacks: CREATE USER") as caught:
        log_in(_order(create_user=True, admin_password_file="-"), host.machine(), CHOICE)

    assert "--admin-user" in caught.value.hint
