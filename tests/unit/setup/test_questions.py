"""Questions about the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.domain.server import Address, Placement
from octeth_backupd.domain.setup.candidates import Candidate
from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.servers.greeting import Greeting
from octeth_backupd.setup.order import SetupOrder
from octeth_backupd.setup.prompt import NobodyPrompt
from octeth_backupd.setup.questions import TARGET_FLAGS, choose_databases, choose_directory, choose_server
from tests.unit.setup.build import ScriptedPrompt

ONE = Candidate(placement=Placement.CONTAINER, target="oempro_mysql", version_text="8.0.36")
TWO = Candidate(placement=Placement.SYSTEMD, target="mysql.service")


GREETING = Greeting(version_text="8.0.36")


def _greet(address: Address) -> Greeting | None:
    """Say what the one server there is says."""
    if address.host == "." * 3:
        raise UnicodeError
    return GREETING if address.host == "db2" else None


def _order(**flags: Any) -> SetupOrder:
    return SetupOrder(config=Path("/etc/c"), **flags)


def test_only_server_is_taken_under_its_proposed_name_when_nobody_is_there() -> None:
    choice = choose_server(_order(), NobodyPrompt(), [ONE], taken=())

    assert (choice.name, choice.placement, choice.target) == ("oempro", Placement.CONTAINER, "oempro_mysql")


@pytest.mark.parametrize("candidates", [[], [ONE, TWO]])
def test_nobody_cannot_choose_and_is_told_the_flags(candidates: list[Candidate]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        choose_server(_order(), NobodyPrompt(), candidates, taken=())

    assert TARGET_FLAGS in caught.value.hint
    assert all(candidate.flag in caught.value.message for candidate in candidates)


def test_flags_win_over_what_was_found() -> None:
    order = _order(target=(Placement.ADDRESS, "db:3307"), server="main")

    choice = choose_server(order, NobodyPrompt(), [ONE, TWO], taken=())

    assert (choice.name, choice.target) == ("main", "db:3307")


def test_one_of_several_or_another_address_can_be_chosen() -> None:
    second = ScriptedPrompt(answers={TARGET_FLAGS: ["1"]})
    other = ScriptedPrompt(answers={TARGET_FLAGS: ["2"], "--address": ["db2"]})

    assert choose_server(_order(), second, [ONE, TWO], taken=()).target == "mysql.service"
    assert choose_server(_order(), other, [ONE, TWO], taken=(), greet=_greet).target == "db2"


def test_address_that_cannot_be_or_does_not_answer_is_asked_again_at_once() -> None:
    typed = ["nohost:99999", "no host", "...", "db3:3307", "/run/none.sock", "db2:3307"]
    prompt = ScriptedPrompt(answers={TARGET_FLAGS: ["0"], "--address": typed})

    assert choose_server(_order(server="x"), prompt, [], taken=(), greet=_greet).target == "db2:3307"

    assert [question.split(". Path")[0] for question in prompt.asked[2:]] == [
        "99999 is no port: from 1 to 65535",
        "'no host' is neither the absolute path of a socket nor host:port",
        "'...' is no name of a host",
        "No server answers at db3:3307",
        "No server answers at /run/none.sock",
    ]


def test_address_of_a_flag_that_cannot_be_is_refused_before_any_question() -> None:
    prompt = ScriptedPrompt()

    with pytest.raises(InvalidRequestError, match="99999 is no port"):
        choose_server(_order(target=(Placement.ADDRESS, "db:99999")), prompt, [], taken=())

    assert prompt.asked == []


def test_name_that_is_taken_or_none_is_asked_again() -> None:
    prompt = ScriptedPrompt(answers={"--server": ["Big Name", "old", "new"]})

    assert choose_server(_order(), prompt, [ONE], taken=("old",)).name == "new"


@pytest.mark.parametrize("name", ["Big", "a/b", "old"])
def test_impossible_name_of_a_flag_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError):
        choose_server(_order(server=name), NobodyPrompt(), [ONE], taken=("old",))


def test_databases_of_a_flag_must_be_there() -> None:
    said: list[str] = []

    assert choose_databases(_order(databases=("a",)), NobodyPrompt(), ("a", "b"), said.append) == ("a",)
    with pytest.raises(InvalidRequestError, match="no database x"):
        choose_databases(_order(databases=("x",)), NobodyPrompt(), ("a",), said.append)


def test_databases_are_proposed_and_asked_again_after_a_mistake() -> None:
    said: list[str] = []
    prompt = ScriptedPrompt(answers={"--databases": ["x", "b"]})

    assert choose_databases(_order(), NobodyPrompt(), ("a", "b"), said.append) == ("a", "b")
    assert choose_databases(_order(), prompt, ("a", "b"), said.append) == ("b",)
    assert "no database x" in said[0]


def test_all_databases_is_a_word_and_the_proposal_where_there_are_none_or_many() -> None:
    said: list[str] = []
    prompt = ScriptedPrompt(answers={"--databases": ["all"]})

    assert choose_databases(_order(), prompt, ("oempro", "b"), said.append) == ()
    assert choose_databases(_order(databases=("all",)), NobodyPrompt(), ("a",), said.append) == ()
    assert choose_databases(_order(), NobodyPrompt(), (), said.append) == ()
    assert prompt.asked == ["Databases that tests of a backup read, with commas between them (all: every one)"]


def test_database_that_is_called_all_is_one_database() -> None:
    said: list[str] = []

    assert choose_databases(_order(databases=("all",)), NobodyPrompt(), ("all", "b"), said.append) == ("all",)


def test_directory_is_the_usual_one_the_flags_or_an_absolute_answer() -> None:
    prompt = ScriptedPrompt(answers={"--directory": ["relative", "/mnt/b"]})

    assert choose_directory(_order(), NobodyPrompt()) == Path("/var/backups/octeth")
    assert choose_directory(_order(directory=Path("/b")), prompt) == Path("/b")
    assert choose_directory(_order(), prompt) == Path("/mnt/b")


def test_why_a_directory_is_asked_again_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    prompt = ScriptedPrompt(answers={"--directory": ["relative", str(tmp_path / "file" / "x"), str(tmp_path)]})

    assert choose_directory(_order(), prompt) == tmp_path

    assert prompt.asked[1:] == [
        "relative is no absolute path. Directory for backups",
        f"{tmp_path / 'file'} is no directory. Directory for backups",
    ]


def test_a_file_as_directory_of_a_flag_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InvalidRequestError, match="file is no directory"):
        choose_directory(_order(directory=tmp_path / "file"), ScriptedPrompt())


def test_a_name_that_is_too_long_is_told_its_limit() -> None:
    with pytest.raises(InvalidRequestError, match="300 characters is too long: at most 63"):
        choose_server(_order(server="a" * 300), NobodyPrompt(), [ONE], taken=())
